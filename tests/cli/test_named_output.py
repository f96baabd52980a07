"""``-o picture.jpg`` names the writer as well as the file."""

from pydicom.data import get_testdata_file
from support.program import dcmconv

CT = get_testdata_file("CT_small.dcm")


def test_the_suffix_of_the_output_names_the_writer(tmp_path):
    picture = tmp_path / "ct.jpg"

    done = dcmconv("run", CT, "-o", str(picture))

    assert done.returncode == 0
    assert picture.read_bytes()[:2] == b"\xff\xd8"


def test_a_writer_that_is_named_goes_before_the_suffix(tmp_path):
    picture = tmp_path / "ct.jpg"

    done = dcmconv("run", CT, "-o", str(picture), "-w", "png")

    assert done.returncode == 2
    assert not picture.exists()
