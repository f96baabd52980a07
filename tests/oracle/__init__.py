"""The oracle: dcmconv compared with a second renderer, with other tools, and with itself."""
