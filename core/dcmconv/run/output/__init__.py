"""The output folder: names, atomic publishing, the state folder, the tag table."""
