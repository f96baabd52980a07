"""A table of digests behaves like a dict, whichever part of it is on disk."""

from __future__ import annotations

import random
import sqlite3

import pytest

from dcmconv.errors import OutputError
from dcmconv.run.journal import digests
from dcmconv.run.journal.digests import DigestTable


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(digests, "MOST_IN_MEMORY", 10)


def filled(count, seed=1):
    """Return a table and the dict that it should be; a third of the keys is set twice."""
    chance, table, wanted = random.Random(seed), DigestTable(), {}
    for _ in range(count):
        key = chance.choice(list(wanted)) if wanted and chance.random() < 0.3 else 0
        key, value = key or chance.getrandbits(64), chance.getrandbits(64)
        table.set(key, value)
        wanted[key] = value
    return table, wanted


@pytest.mark.parametrize("count", [0, 5, 11, 200])
def test_the_last_value_of_each_key_is_found(small, count):
    table, wanted = filled(count)
    assert all(table.get(key) == value for key, value in wanted.items())
    assert table.get(12345) is None
    assert len(table) == len(wanted)
    assert list(table.values()) == sorted(wanted.values())


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_every_64_bit_number_survives_the_disk(small, number):
    table, _ = filled(50)
    table.set(number, number)
    for key in range(100, 120):
        table.set(key, 0)
    assert table.get(number) == number


def test_entries_in_memory_are_limited(small):
    table, _ = filled(200)
    assert len(table._in_memory) <= digests.MOST_IN_MEMORY


def test_a_table_that_is_all_on_disk_is_not_empty(small):
    table = DigestTable()
    assert not table
    table.update((number, number) for number in range(11))  # the eleventh moves all to disk
    assert len(table._in_memory) == 0
    assert table


def test_small_tables_open_no_database():
    table, _ = filled(100)
    assert table._on_disk is None


def test_without_disk_space_everything_stays_in_memory(small, monkeypatch):
    def full():
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(digests, "_open_database", full)
    table, wanted = filled(50)
    assert {key: table.get(key) for key in wanted} == wanted


def test_entries_on_disk_survive_a_full_disk(small, monkeypatch):
    table, wanted = filled(50)
    table._on_disk.execute("PRAGMA max_page_count = 1")
    for key in range(1, 20000):
        table.set(key, key)
        wanted[key] = key
    assert all(table.get(key) == value for key, value in wanted.items())
    assert len(table) == len(wanted)


def test_a_failing_lookup_names_tmpdir(small, monkeypatch):
    table = DigestTable()
    table.update((number, number) for number in range(100))

    class Full:
        def execute(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(table, "_on_disk", Full())
    with pytest.raises(OutputError, match="disk is full") as caught:
        table.get(1_000_000)
    assert "TMPDIR" in caught.value.hint
    with pytest.raises(OutputError, match="disk is full"):
        list(table.values())
