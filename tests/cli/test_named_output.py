"""``-o picture.jpg`` chooses the writer as well as the file."""

from pydicom.data import get_testdata_file
from support.program import dcmconv

CT = get_testdata_file("CT_small.dcm")


def test_output_suffix_chooses_the_writer(tmp_path):
    picture = tmp_path / "ct.jpg"

    done = dcmconv("run", CT, "-o", str(picture))

    assert done.returncode == 0
    assert picture.read_bytes()[:2] == b"\xff\xd8"


def test_explicit_writer_wins_over_the_suffix(tmp_path):
    picture = tmp_path / "ct.jpg"

    done = dcmconv("run", CT, "-o", str(picture), "-w", "png")

    assert done.returncode == 2
    assert not picture.exists()
