"""Two lines test the whole contract."""

from dcmconv_gamma.normalizer import Gamma

from dcmconv.testing import NormalizerConformance


class TestGamma(NormalizerConformance):
    component = Gamma()
