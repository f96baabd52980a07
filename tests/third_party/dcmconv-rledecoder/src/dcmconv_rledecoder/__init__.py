"""A decoder of RLE Lossless, for dcmconv."""

from dcmconv.hooks import hookimpl


@hookimpl
def dcmconv_decoders():
    """Offer numpy-rle."""
    return {"numpy-rle": "dcmconv_rledecoder.decoder:NumpyRle"}
