"""Standardized uptake values of PET (PS3.3 C.8.9)."""
