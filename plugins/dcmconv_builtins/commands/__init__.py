"""Commands: what ``dcmconv`` can do besides converting."""
