"""Two lines test the whole contract."""

from dcmconv_pgm.writer import Pgm

from dcmconv.testing import WriterConformance


class TestPgm(WriterConformance):
    component = Pgm()
