"""Rules whose ``when`` names attributes inside sequences."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.dicom_files import monochrome, save

from dcmconv._entry import main


def view(meaning: str) -> Dataset:
    item = Dataset()
    item.CodeMeaning = meaning
    return item


@pytest.fixture
def scans(tmp_path):
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    save(monochrome(pixels), tmp_path / "in" / "plain.dcm")
    views = [view("Oblique"), view("Lateral")]
    save(monochrome(pixels, ViewCodeSequence=views), tmp_path / "in" / "viewed.dcm")
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("condition", "converted"),
    [
        ("ViewCodeSequence/CodeMeaning: Oblique", ["viewed.png"]),
        ("ViewCodeSequence/CodeMeaning: Lateral", []),
        ('"ViewCodeSequence[1].CodeMeaning": "Lat*"', ["viewed.png"]),
        ('"0054,0220[1].0008,0104": /^lat/i', ["viewed.png"]),
        ('"ViewCodeSequence[2].CodeMeaning": "*"', []),
        ('"ViewCodeSequence[1].CodeMeaning": "!=Lateral"', ["plain.png"]),
    ],
)
def test_a_rule_looks_into_sequences(scans, tmp_path, condition, converted):
    rules = f"version: 1\nrules:\n  - when: {{{condition}}}\n  - when: {{}}\n    skip: true\n"
    (tmp_path / "rules.yaml").write_text(rules, "utf-8")
    out = tmp_path / "out"
    main(["run", str(scans), "--chain", str(tmp_path / "rules.yaml"), "-o", str(out)])
    assert sorted(path.name for path in out.glob("*.png")) == converted
