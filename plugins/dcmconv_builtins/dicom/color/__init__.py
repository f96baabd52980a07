"""Palettes, photometric interpretations, ICC profiles and blending (PS3.3 C.7.6.3, C.7.6.23)."""
