"""From Pixel Data to stored values: fragments, frames, cells (PS3.3 C.7.6.3, PS3.5 8)."""
