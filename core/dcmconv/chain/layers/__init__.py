"""One chain over another: what merges, and what replaces."""
