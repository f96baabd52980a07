"""Hostile and damaged input: recipes, and the expected outcome of each."""
