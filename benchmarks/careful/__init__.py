"""Careful scripts: what an expert would write for a task without dcmconv, a function each."""
