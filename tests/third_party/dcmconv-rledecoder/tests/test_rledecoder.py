"""One sample tests the whole contract."""

import numpy as np
from dcmconv_rledecoder.decoder import NumpyRle

from dcmconv.plugin import FrameDescription
from dcmconv.testing import DecoderConformance, EncodedSample

HEADER = np.array([2, 64, 68] + [0] * 13, "<u4").tobytes()


class TestNumpyRle(DecoderConformance):
    component = NumpyRle()
    samples = (
        EncodedSample(
            transfer_syntax="1.2.840.10008.1.2.5",
            # High bytes: one run of four; low bytes: four literals.
            stream=HEADER + bytes([253, 1, 128, 128]) + bytes([3, 10, 20, 30, 40, 0]),
            description=FrameDescription(rows=2, columns=2),
            values=np.array([[266, 276], [286, 296]]),
        ),
    )
