"""The legend: what the numbers of a label picture mean."""

from __future__ import annotations

import json

import numpy as np

from dcmconv.plugin import LabelName, Picture
from dcmconv_builtins.writers.legend import Legend

PIXELS = np.array([[0, 0, 2], [2, 2, 9]], np.uint8)
LIVER = LabelName(2, "Leber", (221, 130, 101), "Liver", "Organ", "SCT:10200004", "SCT:91723000")


def legend(*labels, pixels=PIXELS):
    return json.loads(Legend().encode(Picture(pixels=pixels, domain="label", labels=labels)))


def test_each_label_is_described():
    assert legend(LIVER)["labels"][0] == {
        "number": 2,
        "name": "Leber",
        "color": "#dd8265",
        "pixels": 3,
        "type": "Liver",
        "type_code": "SCT:10200004",
        "category": "Organ",
        "category_code": "SCT:91723000",
    }


def test_unnamed_numbers_are_listed_except_the_background():
    entries = legend(LIVER)["labels"]
    assert [(entry["number"], entry["name"]) for entry in entries] == [(2, "Leber"), (9, "")]


def test_labels_not_in_the_picture_have_no_pixels():
    entries = legend(LIVER, LabelName(5, "Kidney"))["labels"]
    assert [(entry["number"], entry["pixels"]) for entry in entries] == [(2, 3), (5, 0), (9, 1)]


def test_a_named_background_is_listed():
    assert legend(LabelName(0, "Air"))["labels"][0]["name"] == "Air"


def test_names_keep_non_ascii_letters():
    content = Legend().encode(Picture(pixels=PIXELS, domain="label", labels=(LabelName(2, "肝"),)))
    assert "肝" in content.decode()
    assert content.endswith(b"}\n")


def test_the_size_of_the_picture_is_given():
    assert (legend()["columns"], legend()["rows"]) == (3, 2)
