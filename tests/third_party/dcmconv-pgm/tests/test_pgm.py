"""The contract of its kind, in two lines."""

from dcmconv_pgm.writer import Pgm

from dcmconv.testing import WriterConformance


class TestPgm(WriterConformance):
    component = Pgm()
