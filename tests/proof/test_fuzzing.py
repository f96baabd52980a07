"""Randomly corrupted files: the run ends normally, and accounts for every one."""

from __future__ import annotations

import random

from proof.fuzz_parsing import TARGETS, parse
from proof.fuzzing import fuzz
from proof.mutants import mutants


def test_three_hundred_corrupted_files_are_accounted_for(tmp_path):
    found, _ = fuzz(tmp_path, count=300, seed=20)
    assert sum(found.values()) == 300
    assert found["converted"] > 30
    assert found["failed truncated"] > 30


def test_mutants_are_the_same_for_the_same_seed():
    assert list(mutants(20, 1)) == list(mutants(20, 1))
    assert list(mutants(20, 1)) != list(mutants(20, 2))


def test_our_parsing_raises_only_explained_errors():
    chance = random.Random(4)
    originals = [content for _, content in mutants(60, 4)]
    for number, content in enumerate(originals):
        parse(bytes([0]) + content)
        for target in range(1, len(TARGETS)):
            start = chance.randrange(max(len(content), 1))
            parse(bytes([target, number % 256]) + content[start : start + 300])
