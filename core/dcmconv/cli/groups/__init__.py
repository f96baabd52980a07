"""The commands that have commands of their own: ``chain``, ``journal`` and ``plugins``."""
