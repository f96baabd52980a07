"""The pixels of one frame from its codestream: one pinned decoder for each Transfer Syntax.

>>> info = decoder_for("1.2.840.10008.1.2.4.80")
>>> info.name, info.decoder
('JPEG-LS Lossless', 'imagecodecs.jpegls')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from dcmconv.plugin import UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import Decoded
from dcmconv_builtins.dicom.decoders.native import (
    NativeSpan,
    as_laid_out,
    decode_native,
    frame_bytes,
    native_span,
)
from dcmconv_builtins.dicom.decoders.syntaxes import REFUSED, SYNTAXES, DecoderInfo
from dcmconv_builtins.dicom.decoders.video import VideoFrames
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = [
    "Decoded",
    "DecoderInfo",
    "NativeSpan",
    "PixelDescription",
    "TransferSyntaxState",
    "VideoFrames",
    "as_laid_out",
    "decode_frame",
    "decoder_for",
    "frame_bytes",
    "native_span",
    "transfer_syntaxes",
]

ANOTHER = "Ask the sender for another Transfer Syntax; dcmconv doctor lists those that decode."


@dataclass(frozen=True)
class TransferSyntaxState:
    """One row of ``dcmconv doctor``: a Transfer Syntax, its decoder, and whether that is there."""

    uid: str
    name: str
    state: Literal["ok", "not installed", "broken", "refused"]
    decoder: str = ""
    note: str = ""


def decode_frame(
    stream: bytes, transfer_syntax: str, description: PixelDescription, *, first_bit: int = 0
) -> Decoded:
    """Decode one frame with the decoder that is pinned to its Transfer Syntax.

    Parameters
    ----------
    stream : bytes
        The codestream of the frame (``Encapsulated.stream``), or the bytes of its ``native_span``.
    transfer_syntax : str
        Transfer Syntax UID (0002,0010).
    description : PixelDescription
        What the Image Pixel Module says.
    first_bit : int
        For native frames, that of the span.

    Returns
    -------
    Decoded
        Values as coded: see there what is left for the reader to do.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or not the picture that the header describes.
    UnsupportedError
        If nothing decodes this syntax, or its decoder is not installed.
    ValueError
        If the syntax is video; use ``VideoFrames``.
    """
    info = decoder_for(transfer_syntax)
    if info.coding == "native":
        return decode_native(
            stream, description, big_endian=info.is_big_endian, first_bit=first_bit
        )
    if info.decode is None:
        raise ValueError(f"{info.name} has one stream for all frames; use VideoFrames")
    return info.decode(stream, description)


def decoder_for(transfer_syntax: str) -> DecoderInfo:
    """Return what decodes a Transfer Syntax.

    Raises
    ------
    UnsupportedError
        If the syntax is unknown, refused (the message says why), or its decoder is not installed
        (the hint is the command that installs it).
    """
    refused = REFUSED.get(transfer_syntax)
    if refused is not None:
        raise UnsupportedError(
            f"Transfer Syntax {refused.name} ({refused.uid}) cannot be decoded: {refused.reason}.",
            hint=ANOTHER,
        )
    info = SYNTAXES.get(transfer_syntax)
    if info is None:
        raise UnsupportedError(
            f"Transfer Syntax {transfer_syntax!r} is unknown: private, or newer than this program.",
            hint=ANOTHER,
        )
    if not _is_installed(info.module):
        raise UnsupportedError(
            f"Transfer Syntax {info.name} ({info.uid}) is known, but {info.module}, "
            "which decodes it, is not installed.",
            hint=_install(info),
            reason="not-installed",
        )
    return info


def transfer_syntaxes() -> list[TransferSyntaxState]:
    """Return every Transfer Syntax of the standard with its decoder and state, sorted by UID.

    Decoders are imported: one that is there and does not work is "broken", with the reason.
    """
    return sorted((*_decodable(), *_refused()), key=lambda row: _uid_key(row.uid))


def _decodable() -> Iterator[TransferSyntaxState]:
    for info in SYNTAXES.values():
        broken = _find_fault(info.module) if _is_installed(info.module) else ""
        if broken:
            yield TransferSyntaxState(info.uid, info.name, "broken", info.decoder, broken)
        elif not _is_installed(info.module) or not _is_built_in(info.decoder):
            yield TransferSyntaxState(
                info.uid, info.name, "not installed", info.decoder, _install(info)
            )
        else:
            yield TransferSyntaxState(info.uid, info.name, "ok", info.decoder)


def _refused() -> Iterator[TransferSyntaxState]:
    for refused in REFUSED.values():
        yield TransferSyntaxState(refused.uid, refused.name, "refused", note=refused.reason)


def _install(info: DecoderInfo) -> str:
    return f"pip install '{info.package}'"


@cache
def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # Of a.b, where there is no a.
        return False


@cache
def _find_fault(module: str) -> str:
    """Import a decoder; return what it raises, in a line, or nothing."""
    try:
        import_module(module)
    except Exception as error:  # noqa: BLE001 - a broken installation raises anything
        words = " ".join(str(error).split())[:200]
        return f"import {module} raised {type(error).__name__}: {words}"
    return ""


@cache
def _is_built_in(decoder: str) -> bool:
    """Whether the installed imagecodecs was built with a codec; others have just the one."""
    package, _, codec = decoder.partition(".")
    if package != "imagecodecs" or codec == "packbits":
        return True
    import imagecodecs

    return bool(getattr(getattr(imagecodecs, codec.upper(), None), "available", False))


def _uid_key(uid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in uid.split("."))
