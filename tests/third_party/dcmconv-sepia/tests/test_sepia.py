"""The contract of its kind, in two lines."""

from dcmconv_sepia.colormap import Sepia

from dcmconv.testing import ColormapConformance


class TestSepia(ColormapConformance):
    component = Sepia()
