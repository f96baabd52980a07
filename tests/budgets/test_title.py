"""What a title adds to the calls of one picture, and that letters are drawn once per process."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest
from support.work_counter import calls_per_round

from dcmconv.plugin import Picture
from dcmconv_builtins.steps.title import Title

ROWS, COLUMNS = 512, 512
ROOT = "1.3.6.1.4.1.14519.5.2.1.7009.2403.33424065713197213685034332"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        # Another UID on each picture: two images of each letter are blended.
        pytest.param("UID:{SOPInstanceUID}", 640, id="another-text-on-each-picture"),
        pytest.param("{Modality} of {PatientName}", 290, id="the-same-text-on-all"),
    ],
)
def test_a_title_of_known_letters_draws_none(text, most):
    title = Title(text=text)
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    numbers = count(100)

    def draw(pictures: int) -> None:
        for number in islice(numbers, pictures):
            uid = f"{ROOT}.{number * 7919 % 99991}"
            attributes = {"SOPInstanceUID": uid, "Modality": "CT", "PatientName": "王^小东"}
            title.apply(Picture(pixels=pixels, attributes=attributes))

    draw(1000)  # until every pair of digits has been measured
    work = calls_per_round(draw)
    assert work.of("Font.render", "Font.getlength", "Font.getsize") == 0, work.table()
    assert work.total <= most, work.table()
