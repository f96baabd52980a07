"""The contract: what a frame, a picture, a curve, a component and an outcome are."""
