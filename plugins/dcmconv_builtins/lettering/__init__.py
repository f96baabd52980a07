"""Fonts, and text as coverage: for whatever writes on a picture."""
