"""Components that each break one promise; the conformance kit must name it.

They stand in a module of their own, because a component is found by its name in another process.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dcmconv.plugin import (
    Colormap,
    CurveLike,
    Frame,
    InputError,
    InputFile,
    Instance,
    Linear,
    Normalizer,
    Opt,
    Picture,
    Reader,
    Step,
    Writer,
)

RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
COUNTER = itertools.count()


@dataclass(kw_only=True)
class Thawed(Colormap):
    """Can be changed."""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True)
class Positional(Colormap):
    """Takes its option by position."""

    gain: Annotated[float, Opt("Gain")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Wordless(Colormap):
    gain: Annotated[float, Opt("")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Undeclared(Colormap):
    """Has an option that says nothing."""

    gain: float = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Reserved(Colormap):
    """Takes a word of the chain."""

    use: Annotated[str, Opt("Whatever")] = ""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Short(Colormap):
    """One row too few."""

    def table(self):
        return RAMP[:255]


@dataclass(frozen=True, kw_only=True)
class Shared(Colormap):
    """Hands out its only copy."""

    def table(self):
        return SHARED


SHARED = RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Local(Colormap):
    """Depends on the process."""

    def table(self):
        return np.full((256, 3), os.getpid() % 251, np.uint8)


@dataclass(frozen=True, kw_only=True)
class Endless(Normalizer):
    """Divides by zero."""

    def curve(self, frame: Frame) -> CurveLike:
        return lambda modality_values: modality_values * np.nan


@dataclass(frozen=True, kw_only=True)
class Looking(Normalizer):
    """Looks at the other values that happen to be asked for."""

    def curve(self, frame: Frame) -> CurveLike:
        return lambda modality_values: modality_values - np.nan_to_num(modality_values).max()


@dataclass(frozen=True, kw_only=True)
class Writing(Normalizer):
    """Writes into what it is given."""

    def curve(self, frame: Frame) -> CurveLike:
        def curve(modality_values):
            modality_values -= 1
            return modality_values

        return curve


@dataclass(frozen=True, kw_only=True)
class Curt(Normalizer):
    """Refuses without advice."""

    def curve(self, frame: Frame) -> CurveLike:
        if frame.padding:
            raise InputError("No.")
        return Linear(black=0, white=1)


@dataclass(frozen=True, kw_only=True)
class Fickle(Normalizer):
    """Gives another curve each time."""

    def curve(self, frame: Frame) -> CurveLike:
        return Linear(black=0, white=1 + next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class Forgetful(Step):
    """Makes a picture of its own and drops the rest."""

    def apply(self, picture: Picture) -> Picture:
        return Picture(pixels=picture.pixels, bits=picture.bits)


@dataclass(frozen=True, kw_only=True)
class Widening(Step):
    """Changes the type."""

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(pixels=picture.pixels.astype(np.uint32))


@dataclass(frozen=True, kw_only=True)
class Random(Step):
    """Never draws the same twice."""

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(
            pixels=picture.pixels + picture.pixels.dtype.type(next(COUNTER) % 7 + 1)
        )


def _png(pixels, **keywords):
    from PIL import Image, PngImagePlugin

    said = PngImagePlugin.PngInfo()
    for name, value in keywords.items():
        said.add_text(name, str(value))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=said)
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class Gossip(Writer):
    """Tells who it is."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels, Patient=picture.attributes["PatientName"])


@dataclass(frozen=True, kw_only=True)
class Stamped(Writer):
    """Counts its files."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels, Number=next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class Turned(Writer):
    """Mixes rows and columns up."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(np.ascontiguousarray(np.swapaxes(picture.pixels, 0, 1)))


@dataclass(frozen=True, kw_only=True)
class Dim(Writer):
    """Loses the last bit."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels & 254)


@dataclass(frozen=True, kw_only=True)
class Choosy(Writer):
    """Refuses gray pictures of one pixel."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        if picture.rows == 1:
            raise InputError("Too small.", hint="Enlarge it.")
        return _png(picture.pixels)


@dataclass(frozen=True, kw_only=True)
class Greedy(Reader):
    """Claims everything, and reads two frames of four values each."""

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        return 100

    def open(self, source: InputFile) -> Instance:
        with source.open() as stream:
            values = np.frombuffer(stream.read(8), np.uint8).reshape(2, 2, 2)
        made = [Frame(stored_values=v, bits_stored=8, frame_count=2) for v in values]
        return Instance(frame_count=2, read_frame=lambda index: made[index])


@dataclass(frozen=True, kw_only=True)
class Jumpy(Greedy):
    """Looks at bytes that are not there."""

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        return 100 if head[0] == 1 else 0


@dataclass(frozen=True, kw_only=True)
class Streaming(Greedy):
    """Can read forward only."""

    def open(self, source: InputFile) -> Instance:
        instance = super().open(source)
        frames = itertools.cycle([instance.read_frame(0), instance.read_frame(1)] * 3 + [None])
        return dataclasses.replace(instance, read_frame=lambda index: next(frames))
