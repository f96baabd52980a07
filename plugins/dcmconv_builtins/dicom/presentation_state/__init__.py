"""Softcopy presentation states: how somebody wanted an image to be shown (PS3.3 A.33, PS3.4 N)."""
