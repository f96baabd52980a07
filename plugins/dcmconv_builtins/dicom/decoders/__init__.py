"""The pixels of one frame from its codestream: one pinned decoder for each Transfer Syntax.

>>> syntax = get_transfer_syntax("1.2.840.10008.1.2.4.80")
>>> syntax.name, syntax.codec.decoder
('JPEG-LS Lossless', 'imagecodecs.jpegls')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from dcmconv.plugin import Decoder, NamedDecoder, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import Decoded, decode_with
from dcmconv_builtins.dicom.decoders.native import (
    NativeSpan,
    as_laid_out,
    decode_native,
    frame_bytes,
    native_span,
)
from dcmconv_builtins.dicom.decoders.syntaxes import REFUSED, SYNTAXES, Codec, TransferSyntax
from dcmconv_builtins.dicom.decoders.video import VideoFrames
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = [
    "Decoded",
    "NativeSpan",
    "PixelDescription",
    "TransferSyntax",
    "TransferSyntaxState",
    "VideoFrames",
    "as_laid_out",
    "decode_frame",
    "decode_with",
    "frame_bytes",
    "get_transfer_syntax",
    "native_span",
    "pinned_decoder",
    "transfer_syntaxes",
]

_ANOTHER = "Ask the sender for another Transfer Syntax; dcmconv doctor lists those that decode."


@dataclass(frozen=True)
class TransferSyntaxState:
    """One row of ``dcmconv doctor``: a Transfer Syntax, its decoder, and whether that works."""

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
        Values as coded; see there for what the reader does next.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or contradicts the header.
    UnsupportedError
        If nothing decodes this syntax, or its decoder is not installed.
    ValueError
        If the syntax is video; use ``VideoFrames``.
    """
    syntax = get_transfer_syntax(transfer_syntax)
    if syntax.coding == "native":
        big_endian = syntax.is_big_endian
        return decode_native(stream, description, big_endian=big_endian, first_bit=first_bit)
    if syntax.coding == "video":
        raise ValueError(f"{syntax.name} has one stream for all frames; use VideoFrames")
    return decode_with(pinned_decoder(syntax.codec), stream, description, transfer_syntax)


@cache
def pinned_decoder(codec: Codec) -> NamedDecoder:
    """Import the built-in decoder of a codec, under the name that goes into the outcome."""
    module, _, attribute = codec.component.partition(":")
    component: type[Decoder] = getattr(import_module(module), attribute)
    return NamedDecoder(codec.decoder, component())


def get_transfer_syntax(uid: str) -> TransferSyntax:
    """Return a Transfer Syntax that can be decoded here.

    Raises
    ------
    UnsupportedError
        If the syntax is unknown, refused (the message says why), or its decoder is not installed
        (the hint is the command that installs it).
    """
    refused = REFUSED.get(uid)
    if refused is not None:
        raise UnsupportedError(
            f"Transfer Syntax {refused.name} ({refused.uid}) cannot be decoded: {refused.reason}.",
            hint=_ANOTHER,
        )
    syntax = SYNTAXES.get(uid)
    if syntax is None and not set(uid) <= set("0123456789."):
        raise UnsupportedError(
            f"Transfer Syntax UID (0002,0010) is {uid[:64]!r}, which is not a UID.", hint=_ANOTHER
        )
    if syntax is None:
        raise UnsupportedError(
            f"Transfer Syntax {uid!r} is unknown: private, or newer than this version of dcmconv.",
            hint=_ANOTHER,
        )
    module = syntax.codec.module
    if not _is_installed(module):
        raise UnsupportedError(
            f"Transfer Syntax {syntax.name} ({syntax.uid}) needs {module}, which is not installed.",
            hint=_install(syntax.codec),
            reason="not-installed",
        )
    return syntax


def transfer_syntaxes() -> list[TransferSyntaxState]:
    """Return every Transfer Syntax of the standard with its decoder and state, sorted by UID.

    The decoders' libraries are imported: one that is installed but raises on import is "broken".
    """
    return sorted((*_decodable(), *_refused()), key=lambda row: _uid_key(row.uid))


def _decodable() -> Iterator[TransferSyntaxState]:
    for syntax in SYNTAXES.values():
        codec = syntax.codec
        fault = _find_fault(codec.module) if _is_installed(codec.module) else ""
        state: Literal["ok", "not installed", "broken"] = "ok"
        note = ""
        if fault:
            state, note = "broken", fault
        elif not _is_installed(codec.module) or not _has_codec(codec.decoder):
            state, note = "not installed", _install(codec)
        yield TransferSyntaxState(syntax.uid, syntax.name, state, codec.decoder, note)


def _refused() -> Iterator[TransferSyntaxState]:
    for refused in REFUSED.values():
        yield TransferSyntaxState(refused.uid, refused.name, "refused", note=refused.reason)


def _install(codec: Codec) -> str:
    return f"pip install '{codec.requirement}'"


@cache
def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # Raised for a.b if there is no a.
        return False


@cache
def _find_fault(module: str) -> str:
    """Import a decoder's library; return in one line what it raises, or nothing."""
    try:
        import_module(module)
    except Exception as error:  # noqa: BLE001 - a broken installation raises anything
        message = " ".join(str(error).split())[:200]
        return f"import {module} raised {type(error).__name__}: {message}"
    return ""


@cache
def _has_codec(decoder: str) -> bool:
    """Whether the installed imagecodecs was built with a codec; other libraries have only one."""
    package, _, codec = decoder.partition(".")
    if package != "imagecodecs" or codec == "packbits":  # which every build has
        return True
    import imagecodecs

    return bool(getattr(getattr(imagecodecs, codec.upper(), None), "available", False))


def _uid_key(uid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in uid.split("."))
