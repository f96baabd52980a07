"""What the DICOM standard defines about pixels, as pure functions: arrays in, new arrays out."""
