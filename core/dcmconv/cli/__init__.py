"""The command line: the only place that prints, colors, or decides the exit code."""
