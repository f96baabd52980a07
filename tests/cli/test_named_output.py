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


def test_an_unknown_suffix_is_rejected_before_any_work(tmp_path):
    done = dcmconv("run", CT, "-o", str(tmp_path / "ct.tiff"))

    assert done.returncode == 2
    assert "no installed writer makes .tiff files" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_final_slash_makes_a_folder_of_that_name(tmp_path):
    done = dcmconv("run", CT, "-o", f"{tmp_path}/ct.tiff/", "-w", "png")

    assert done.returncode == 0
    assert (tmp_path / "ct.tiff" / "CT_small.png").is_file()
