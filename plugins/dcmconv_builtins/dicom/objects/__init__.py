"""Objects that need more than decoding: segmentations, slides, ultrasound regions, overlays."""
