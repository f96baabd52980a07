"""A writer of PGM files, for dcmconv."""

from dcmconv.hooks import hookimpl


@hookimpl
def dcmconv_writers():
    """Offer pgm."""
    return {"pgm": "dcmconv_pgm.writer:Pgm"}
