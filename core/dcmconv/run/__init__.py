"""The run: from INPUT arguments to published pictures, a journal and a summary.

Imports nothing: workers come through here, and load only what they use.
"""
