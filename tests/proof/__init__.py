"""The promises of README.md put to the proof: short forms as tests, the long form by ``long.py``."""
