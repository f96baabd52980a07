"""Proof of the promises in README.md: short versions as tests, the long version in ``long.py``."""
