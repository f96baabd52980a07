"""Components that are careless with words: names of options, flags, attributes, fingerprints."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dcmconv.plugin import Colormap, Frame, Instance, Opt, Reader, Writer

RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
COUNTER = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Hiding(Colormap):
    """Has an option where a method belongs."""

    fingerprint: Annotated[str, Opt("Whatever")] = ""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Shouting(Colormap):
    """Names a flag that nobody can type."""

    gain: Annotated[float, Opt("Gain", flag="-Gain")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Changing(Colormap):
    """Is another one whenever it is asked."""

    def table(self):
        return RAMP.copy()

    def fingerprint(self):
        return str(next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class Namesake(Writer):
    """Has an option that is a key of its output."""

    suffix = ".raw"
    aspect: Annotated[str, Opt("Whatever")] = ""

    def encode(self, picture):
        return picture.pixels.tobytes()


@dataclass(frozen=True, kw_only=True)
class Forgetting(Reader):
    """Lists one of the two attributes that it has."""

    @classmethod
    def sniff(cls, head, name):
        return 50

    @classmethod
    def attribute_names(cls):
        return ["Stain"]

    def open(self, source):
        values = np.zeros((2, 2), np.uint8)
        return Instance(
            frame_count=1,
            read_frame=lambda index: Frame(stored_values=values, bits_stored=8, frame_count=1),
            attributes={"Stain": "blue", "Lens": 4, "0009,1001": "x"},
        )
