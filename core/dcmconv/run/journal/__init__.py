"""The journal: one line for each finished input, and what later runs read from it."""
