"""Steps: the geometry of a picture, and what is drawn on it."""
