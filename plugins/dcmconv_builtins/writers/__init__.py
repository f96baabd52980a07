"""Writers: from a Picture to the bytes of a file."""
