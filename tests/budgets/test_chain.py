"""What ``dcmconv.Chain`` and ``dcmconv.convert`` add to reading, decoding and rendering."""

from __future__ import annotations

import pytest
from pydicom.data import get_testdata_file
from support.work_counter import Work, calls_per_round

import dcmconv
from dcmconv.api.inputs import input_file
from dcmconv.render import Converter

CT = get_testdata_file("CT_small.dcm")

CHAINS = {
    "a-window": {"normalize": "window:center=40,width=400"},
    "a-preset": {"chain": "preset:ml-16bit"},
}


@pytest.fixture(params=CHAINS.values(), ids=CHAINS.keys())
def keywords(request) -> dict[str, str]:
    return request.param


def calls(once) -> Work:
    def work(rounds: int) -> None:
        for _ in range(rounds):
            once()

    return calls_per_round(work)


@pytest.fixture
def bare(keywords) -> float:
    """Return the calls of the engine for one picture."""
    converter = Converter(dcmconv.Chain(**keywords).plan)

    def once() -> None:
        with converter.open(input_file(CT)) as opened:
            list(opened.finished_pictures())

    return calls(once).total


def test_a_chain_adds_at_most_its_budget_of_calls(keywords, bare):
    chain = dcmconv.Chain(**keywords)
    work = calls(lambda: chain(CT))

    assert work.total - bare <= 28, work.table()


def test_convert_adds_at_most_its_budget_of_calls(keywords, bare):
    work = calls(lambda: dcmconv.convert(CT, **keywords))

    assert work.total - bare <= 75, work.table()
