"""Colormaps: tables of 256 colors."""
