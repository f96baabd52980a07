"""Fonts and text layout, for everything that writes on a picture."""
