"""The short form of ``proof.tolerant``: what pydicom reads is read equally; the rest has a note."""

from __future__ import annotations

from proof.tolerant import compare, mutants


def test_300_mutated_headers_give_no_picture_without_a_note():
    found = compare(300, seed=1)
    assert sum(found.values()) == 300
    assert found["read equally by both"] > 20
    assert found["read with a note"] > 20


def test_mutated_headers_are_the_same_for_the_same_seed():
    assert list(mutants(20, 1)) == list(mutants(20, 1))
    assert list(mutants(20, 1)) != list(mutants(20, 2))
