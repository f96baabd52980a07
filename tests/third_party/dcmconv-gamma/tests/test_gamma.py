"""The contract of its kind, in two lines."""

from dcmconv_gamma.normalizer import Gamma

from dcmconv.testing import NormalizerConformance


class TestGamma(NormalizerConformance):
    component = Gamma()
