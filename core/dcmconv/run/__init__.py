"""The run: from INPUT arguments to published pictures, a journal and a summary.

Imports nothing: every worker imports this package and should load only what it uses.
"""
