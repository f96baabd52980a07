"""Decoders by choice: used for their Transfer Syntax only, named in the outcome, and checked."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, encapsulated, monochrome
from support.streams import JPEG, SYNTAX, encoded, gray

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.errors import ChainError, InputError, PluginError
from dcmconv.model.inputs import InputFile
from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription
from dcmconv.plugins.registry import Offered, Registry
from dcmconv.render.open_input import Converter

RLE_FILE = Path(str(get_testdata_file("MR_small_RLE.dcm")))
ARITHMETIC = f"{JPEG}.52"


@dataclass(frozen=True, kw_only=True)
class Darkness(Decoder):
    """Every frame is black; also for a syntax that no built-in decodes."""

    transfer_syntaxes = frozenset({SYNTAX["rle"], ARITHMETIC, SYNTAX["native"], f"{JPEG}.100"})

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Return zeros."""
        return DecodedFrame(
            values=np.zeros(description.shape, np.uint16),
            photometric_interpretation=description.photometric_interpretation,
        )


@dataclass(frozen=True, kw_only=True)
class Small(Darkness):
    """A frame of the wrong shape."""

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Return one pixel."""
        return DecodedFrame(
            values=np.zeros((1, 1), np.uint16), photometric_interpretation="MONOCHROME2"
        )


@dataclass(frozen=True, kw_only=True)
class Wordy(Darkness):
    """No frame at all."""

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Return text."""
        return "pixels"  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class Waves(Darkness):
    """Complex numbers."""

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Return complex zeros."""
        return DecodedFrame(
            values=np.zeros(description.shape, np.complex64),
            photometric_interpretation="MONOCHROME2",
        )


ODD = {"darkness": Darkness, "small": Small, "wordy": Wordy, "waves": Waves}


def registry():
    found = Registry.discover(only=[])
    for name, kind in ODD.items():
        target = f"{__name__}:{kind.__qualname__}"
        found._offered["decoder"].append(Offered("decoder", name, target, "odd", "odd", "1.0"))
    return found


def plan_of(**decoders):
    chosen = {syntax: ComponentSpec(name) for syntax, name in decoders.items()}
    return compile_chain(ChainSpec(decoders=chosen or None), registry())


def decoded(plan, source):
    with Converter(plan).open(source) as opened:
        digests = [hashlib.sha256(picture.data).hexdigest() for picture in opened.pictures()]
        return opened.decoder, digests


def test_a_chosen_decoder_is_used_and_named():
    source = InputFile(RLE_FILE.name, RLE_FILE)
    name, pictures = decoded(plan_of(**{"rle lossless": "darkness"}), source)
    pinned, real_pictures = decoded(plan_of(), source)
    assert (name, pinned) == ("darkness", "imagecodecs.packbits")
    assert pictures != real_pictures


def test_a_built_in_chosen_by_name_decodes_the_same():
    source = InputFile(RLE_FILE.name, RLE_FILE)
    name, pictures = decoded(plan_of(**{SYNTAX["rle"]: "rle"}), source)
    assert name == "rle"
    assert pictures == decoded(plan_of(), source)[1]


def test_other_transfer_syntaxes_keep_their_pinned_decoder():
    values = gray(np.uint16)
    content = as_bytes(encapsulated(monochrome(values), f"{JPEG}.80", [encoded("jpeg-ls", values)]))
    name, _ = decoded(plan_of(**{SYNTAX["rle"]: "darkness"}), InputFile("a.dcm", content=content))
    assert name == "imagecodecs.jpegls"


def test_a_decoder_can_add_a_transfer_syntax():
    content = as_bytes(encapsulated(monochrome(gray(np.uint16)), ARITHMETIC, [b"\xff\xd8\xff\xd9"]))
    source = InputFile("a.dcm", content=content)
    assert decoded(plan_of(**{ARITHMETIC: "darkness"}), source)[0] == "darkness"


def test_a_chosen_decoder_that_fails_is_not_replaced():
    content = as_bytes(encapsulated(monochrome(gray(np.uint16)), SYNTAX["rle"], [bytes(64)]))
    with pytest.raises(InputError, match="announces 0 segments"):
        decoded(plan_of(**{SYNTAX["rle"]: "rle"}), InputFile("a.dcm", content=content))


def test_a_frame_of_the_wrong_shape_is_rejected():
    source = InputFile(RLE_FILE.name, RLE_FILE)
    with pytest.raises(InputError, match=r"decodes to shape \(1, 1\); expected \(64, 64\)"):
        decoded(plan_of(**{SYNTAX["rle"]: "small"}), source)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("wordy", "returned str; expected a DecodedFrame"),
        ("waves", "returned values of type complex64; expected an array of integers or floats"),
    ],
)
def test_a_decoder_that_returns_no_numbers_is_named(name, fault):
    source = InputFile(RLE_FILE.name, RLE_FILE)
    with pytest.raises(PluginError, match=f"Decoder '{name}' {fault}") as caught:
        decoded(plan_of(**{SYNTAX["rle"]: name}), source)
    assert "DecoderConformance" in caught.value.hint


def test_choosing_a_decoder_changes_the_digest_of_the_plan():
    plain, chosen = plan_of(), plan_of(**{SYNTAX["rle"]: "darkness"})
    assert "decoders" not in plain.as_data()
    assert plain.digest != chosen.digest
    assert pickle.loads(pickle.dumps(chosen)).decoders == chosen.decoders  # noqa: S301


@pytest.mark.parametrize(
    ("syntax", "decoder", "message"),
    [
        (
            "rle losles",
            "darkness",
            "Unknown Transfer Syntax 'rle losles'.*id you mean 'RLE Lossless'",
        ),
        (f"{JPEG}.80", "rle", r"'rle' does not decode JPEG-LS Lossless .*It decodes: RLE Lossless"),
        (SYNTAX["native"], "darkness", "cannot be chosen for Explicit VR Little Endian"),
        (f"{JPEG}.100", "darkness", "cannot be chosen for MPEG2 Main Profile / Main Level"),
    ],
)
def test_choices_that_cannot_work_are_rejected(syntax, decoder, message):
    with pytest.raises(ChainError, match=f"(?s){message}"):
        plan_of(**{syntax: decoder})
