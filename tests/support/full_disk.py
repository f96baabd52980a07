"""A writer for a full disk: it lets this process write no file beyond 100 bytes.

The limit of the system is real; only the error's number is that of a quota instead of a full disk.
"""
