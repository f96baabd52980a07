"""A reader of NumPy files, for dcmconv."""

from dcmconv.hooks import hookimpl


@hookimpl
def dcmconv_readers():
    """Offer npy."""
    return {"npy": "dcmconv_npyread.reader:NpyReader"}
