"""Segmentations, whole slides, ultrasound regions and overlays."""
