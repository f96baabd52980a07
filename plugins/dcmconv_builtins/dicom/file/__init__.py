"""A DICOM file: its encoding, its elements, and where its pixels are (PS3.5, PS3.10)."""
