"""Commands: what ``dcmconv`` can do beside converting."""
