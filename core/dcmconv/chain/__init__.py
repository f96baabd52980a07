"""Chains: from flags, YAML or Python to one checked plan."""
