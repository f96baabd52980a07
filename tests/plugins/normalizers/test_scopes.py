"""``minmax`` and ``percentile`` of more than the frame keep the contract of every normalizer."""

from __future__ import annotations

from dcmconv.testing import NormalizerConformance
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.normalizers.percentile import Percentile


class TestMinMaxOfTheSeries(NormalizerConformance):
    component = MinMax(scope="series")


class TestPercentileOfTheRun(NormalizerConformance):
    component = Percentile(low=2.5, high=97.5, scope="run")
