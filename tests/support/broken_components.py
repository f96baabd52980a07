"""Components that each break one rule; the conformance kit must find out which.

They are in a module, because another process imports a component by its name.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from dcmconv.plugin import (
    Colormap,
    CurveLike,
    DecodedFrame,
    Decoder,
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
class NotFrozen(Colormap):
    """Not frozen."""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True)
class Positional(Colormap):
    """Its option is not keyword-only."""

    gain: Annotated[float, Opt("Gain")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class Undocumented(Colormap):
    gain: Annotated[float, Opt("")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class WithoutOpt(Colormap):
    """Its option has no Opt."""

    gain: float = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class UsesReservedWord(Colormap):
    """Its option has the name of a chain key."""

    use: Annotated[str, Opt("Whatever")] = ""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class TooFewRows(Colormap):
    """One row too few."""

    def table(self):
        return RAMP[:255]


@dataclass(frozen=True, kw_only=True)
class SharedTable(Colormap):
    """Returns the same writable array every time."""

    def table(self):
        return SHARED


SHARED = RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class ProcessDependent(Colormap):
    """Depends on the process."""

    def table(self):
        return np.full((256, 3), os.getpid() % 251, np.uint8)


@dataclass(frozen=True, kw_only=True)
class NotFinite(Normalizer):
    """Divides by zero."""

    def curve(self, frame: Frame) -> CurveLike:
        return lambda modality_values: modality_values * np.nan


@dataclass(frozen=True, kw_only=True)
class NotPointwise(Normalizer):
    """Its curve depends on the other values in the array."""

    def curve(self, frame: Frame) -> CurveLike:
        return lambda modality_values: modality_values - np.nan_to_num(modality_values).max()


@dataclass(frozen=True, kw_only=True)
class ModifiesInput(Normalizer):
    """Its curve modifies its input."""

    def curve(self, frame: Frame) -> CurveLike:
        def curve(modality_values):
            modality_values -= 1
            return modality_values

        return curve


@dataclass(frozen=True, kw_only=True)
class WithoutHint(Normalizer):
    """Raises an error without a hint."""

    def curve(self, frame: Frame) -> CurveLike:
        if frame.padding:
            raise InputError("No.")
        return Linear(black=0, white=1)


@dataclass(frozen=True, kw_only=True)
class UnequalCurves(Normalizer):
    """Returns a different curve each time."""

    def curve(self, frame: Frame) -> CurveLike:
        return Linear(black=0, white=1 + next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class DropsAttributes(Step):
    """Returns a new picture without the attributes."""

    def apply(self, picture: Picture) -> Picture:
        return Picture(pixels=picture.pixels, bits=picture.bits)


@dataclass(frozen=True, kw_only=True)
class ChangesDtype(Step):
    """Changes the dtype."""

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(pixels=picture.pixels.astype(np.uint32))


@dataclass(frozen=True, kw_only=True)
class NotRepeatable(Step):
    """Returns different pixels each time."""

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(
            pixels=picture.pixels + picture.pixels.dtype.type(next(COUNTER) % 7 + 1)
        )


def _png(pixels, **keywords):
    from PIL import Image, PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    for name, value in keywords.items():
        texts.add_text(name, str(value))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=texts)
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class NamesPatient(Writer):
    """Writes the patient name into the file."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels, Patient=picture.attributes["PatientName"])


@dataclass(frozen=True, kw_only=True)
class NumbersFiles(Writer):
    """Writes a running number into each file."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels, Number=next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class Transposed(Writer):
    """Swaps rows and columns."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(np.ascontiguousarray(np.swapaxes(picture.pixels, 0, 1)))


@dataclass(frozen=True, kw_only=True)
class Lossy(Writer):
    """Clears the last bit."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        return _png(picture.pixels & 254)


@dataclass(frozen=True, kw_only=True)
class RejectsOnePixel(Writer):
    """Rejects gray pictures of one pixel."""

    suffix = ".png"

    def encode(self, picture: Picture) -> bytes:
        if picture.rows == 1:
            raise InputError("Too small.", hint="Enlarge it.")
        return _png(picture.pixels)


@dataclass(frozen=True, kw_only=True)
class ClaimsEverything(Reader):
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
class IndexesEmptyHead(ClaimsEverything):
    """Reads the first byte of an empty file."""

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        return 100 if head[0] == 1 else 0


@dataclass(frozen=True, kw_only=True)
class ForwardOnly(ClaimsEverything):
    """Ignores the frame index and reads forward."""

    def open(self, source: InputFile) -> Instance:
        instance = super().open(source)
        frames = itertools.cycle([instance.read_frame(0), instance.read_frame(1)] * 3 + [None])
        return dataclasses.replace(instance, read_frame=lambda index: next(frames))


@dataclass(frozen=True, kw_only=True)
class HidesMethod(Colormap):
    """Its option hides a method."""

    fingerprint: Annotated[str, Opt("Whatever")] = ""

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class InvalidFlag(Colormap):
    """Declares an invalid flag."""

    gain: Annotated[float, Opt("Gain", flag="-Gain")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class UnknownShorthand(Colormap):
    """Lets a value fill an option that it does not have."""

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("gian",),)

    gain: Annotated[float, Opt("Gain")] = 1.0

    def table(self):
        return RAMP.copy()


@dataclass(frozen=True, kw_only=True)
class AmbiguousShorthand(UnknownShorthand):
    """Has two forms for one value."""

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("gain",), ("bias",))

    bias: Annotated[float, Opt("Bias")] = 0.0


@dataclass(frozen=True, kw_only=True)
class ChangingFingerprint(Colormap):
    """Its fingerprint changes with every call."""

    def table(self):
        return RAMP.copy()

    def fingerprint(self):
        return str(next(COUNTER))


@dataclass(frozen=True, kw_only=True)
class UsesOutputKey(Writer):
    """Its option has the name of an output key."""

    suffix = ".raw"
    aspect: Annotated[str, Opt("Whatever")] = ""

    def encode(self, picture):
        return picture.pixels.tobytes()


@dataclass(frozen=True, kw_only=True)
class IncompleteNames(Reader):
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


RAW = "1.2.840.10008.1.2.1.98"


@dataclass(frozen=True, kw_only=True)
class PaddingDecoder(Decoder):
    """Fills up truncated streams instead of rejecting them."""

    transfer_syntaxes = frozenset({RAW})

    def decode(self, stream, description, transfer_syntax):
        size = description.rows * description.columns
        values = np.frombuffer(stream[:size].ljust(size, b"\0"), np.uint8)
        return DecodedFrame(
            values=values.reshape(description.shape), photometric_interpretation="MONOCHROME2"
        )


@dataclass(frozen=True, kw_only=True)
class WrongValues(PaddingDecoder):
    """Decodes every sample one too high."""

    def decode(self, stream, description, transfer_syntax):
        frame = super().decode(stream, description, transfer_syntax)
        return dataclasses.replace(frame, values=frame.values + np.uint8(1))


@dataclass(frozen=True, kw_only=True)
class WithoutUids(PaddingDecoder):
    """Names its Transfer Syntax instead of giving the UID."""

    transfer_syntaxes = frozenset({"Uncompressed"})


@dataclass(frozen=True, kw_only=True)
class NumbersFrames(PaddingDecoder):
    """Decodes every frame differently."""

    def decode(self, stream, description, transfer_syntax):
        frame = super().decode(stream, description, transfer_syntax)
        return dataclasses.replace(frame, values=frame.values + np.uint8(next(COUNTER)))


@dataclass(frozen=True, kw_only=True)
class Nameless(PaddingDecoder):
    """Leaves out what its values mean."""

    def decode(self, stream, description, transfer_syntax):
        frame = super().decode(stream, description, transfer_syntax)
        return dataclasses.replace(frame, photometric_interpretation="")
