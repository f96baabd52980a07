"""Readers: from the bytes of one input to Frames."""
