"""The contract of a reader, with one sample of each shape."""

import io

import numpy as np
from dcmconv_npyread.reader import NpyReader

from dcmconv.testing import ReaderConformance


def npy(values: np.ndarray) -> bytes:
    """Return the bytes of a NumPy file."""
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


class TestNpyReader(ReaderConformance):
    component = NpyReader()
    samples = (
        npy(np.arange(12, dtype=np.int16).reshape(3, 4)),
        npy(np.linspace(0, 1, 24).reshape(2, 3, 4)),
    )
