"""Normalizers: from modality values to display values, each by naming a tone curve."""
