"""The output folder: names, atomic publishing, the ``.dcmconv`` folder, the tag table."""
