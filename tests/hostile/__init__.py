"""Hostile and damaged input: recipes, and what becomes of each."""
