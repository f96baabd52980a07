"""What several tests share: the corpus of real files, and builders of small ones."""
