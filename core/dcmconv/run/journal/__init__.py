"""The journal: one line for each input, and what a later run reads from it."""
