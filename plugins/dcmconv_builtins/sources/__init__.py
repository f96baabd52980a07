"""Sources: where inputs come from."""
