"""Two lines test the whole contract."""

from dcmconv_sepia.colormap import Sepia

from dcmconv.testing import ColormapConformance


class TestSepia(ColormapConformance):
    component = Sepia()
