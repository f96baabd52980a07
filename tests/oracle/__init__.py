"""The oracle: dcmconv against a second renderer, other tools, and itself."""
