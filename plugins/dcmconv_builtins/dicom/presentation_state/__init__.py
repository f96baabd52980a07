"""Softcopy presentation states: saved ways of showing an image (PS3.3 A.33, PS3.4 N)."""
