"""Every Transfer Syntax (PS3.6 Table A-1), and the one decoder that is pinned to it.

There is no second decoder to fall through to: of truncated JPEG streams, "try every decoder" made
300 wrong pictures out of 300.  Why each is the one stands in its module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from dcmconv_builtins.dicom.decoders import (
    deflated,
    jpeg,
    jpeg2000,
    jpeg_ls,
    jpeg_xl,
    native,
    rle,
    video,
)
from dcmconv_builtins.dicom.decoders.decoded import Decoded
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["REFUSED", "SYNTAXES", "DecoderInfo", "Refused"]

Decode = Callable[[bytes, PixelDescription], Decoded]
Coding = Literal["native", "encapsulated", "video"]
DICOM = "1.2.840.10008.1.2"
JPEG = f"{DICOM}.4"
HTJ2K = "High-Throughput JPEG 2000"


@dataclass(frozen=True, kw_only=True)
class DecoderInfo:
    """A Transfer Syntax that can be decoded, and by what.

    Parameters
    ----------
    uid, name : str
        The Transfer Syntax.
    coding : "native", "encapsulated" or "video"
        How frames lie in the element: slices, fragments, or one stream for all.
    decoder : str
        Such as ``imagecodecs.jpegls``; goes into the outcome.
    module, package : str
        What is imported, and the distribution to install if it is missing.
    decode : callable
        ``decode(stream, description)``; None for video.
    """

    uid: str
    name: str
    coding: Coding
    decoder: str
    module: str
    package: str
    decode: Decode | None

    @property
    def is_big_endian(self) -> bool:
        """Whether native values have their most significant byte first."""
        return self.uid == f"{DICOM}.2"


@dataclass(frozen=True)
class Refused:
    """A Transfer Syntax that is known and not decoded, with the reason in words."""

    uid: str
    name: str
    reason: str


IMAGECODECS = ("imagecodecs", "imagecodecs")
OPENJPEG = ("openjpeg", "pylibjpeg-openjpeg")
NUMPY = ("numpy", "numpy")
ZLIB = ("zlib", "")
LITTLE_ENDIAN = native.decode_native
BIG_ENDIAN = partial(native.decode_native, big_endian=True)

STILL: tuple[tuple[str, str, Coding, str, tuple[str, str], Decode], ...] = (
    (DICOM, "Implicit VR Little Endian", "native", native.DECODER, NUMPY, LITTLE_ENDIAN),
    (f"{DICOM}.1", "Explicit VR Little Endian", "native", native.DECODER, NUMPY, LITTLE_ENDIAN),
    (
        f"{DICOM}.1.99",
        "Deflated Explicit VR Little Endian",
        "native",
        native.DECODER,
        NUMPY,
        LITTLE_ENDIAN,
    ),
    (f"{DICOM}.2", "Explicit VR Big Endian", "native", native.DECODER, NUMPY, BIG_ENDIAN),
    (
        f"{DICOM}.1.98",
        "Encapsulated Uncompressed Explicit VR Little Endian",
        "encapsulated",
        native.DECODER,
        NUMPY,
        LITTLE_ENDIAN,
    ),
    (
        f"{DICOM}.8.1",
        "Deflated Image Frame Compression",
        "encapsulated",
        deflated.DECODER,
        ZLIB,
        deflated.decode_deflated,
    ),
    (f"{DICOM}.5", "RLE Lossless", "encapsulated", rle.DECODER, IMAGECODECS, rle.decode_rle),
    *(
        (f"{JPEG}.{last}", name, "encapsulated", jpeg.DECODER, IMAGECODECS, jpeg.decode_jpeg)
        for last, name in (
            (50, "JPEG Baseline (Process 1)"),
            (51, "JPEG Extended (Process 2 and 4)"),
            (53, "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)"),
            (55, "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)"),
            (57, "JPEG Lossless, Non-Hierarchical (Process 14)"),
            (70, "JPEG Lossless, Non-Hierarchical, First-Order Prediction"),
        )
    ),
    *(
        (f"{JPEG}.{last}", name, "encapsulated", jpeg_ls.DECODER, IMAGECODECS, decode)
        for last, name, decode in (
            (80, "JPEG-LS Lossless", jpeg_ls.decode_jpeg_ls),
            (81, "JPEG-LS Lossy (Near-Lossless)", jpeg_ls.decode_jpeg_ls_near),
        )
    ),
    *(
        (f"{JPEG}.{last}", name, "encapsulated", jpeg2000.DECODER, OPENJPEG, decode)
        for last, name, decode in (
            (90, "JPEG 2000 (Lossless Only)", jpeg2000.decode_jpeg2000_lossless),
            (91, "JPEG 2000", jpeg2000.decode_jpeg2000),
            (201, f"{HTJ2K} (Lossless Only)", jpeg2000.decode_jpeg2000_lossless),
            (202, f"{HTJ2K} with RPCL (Lossless Only)", jpeg2000.decode_jpeg2000_lossless),
            (203, HTJ2K, jpeg2000.decode_jpeg2000),
        )
    ),
    *(
        (f"{JPEG}.{last}", name, "encapsulated", jpeg_xl.DECODER, IMAGECODECS, decode)
        for last, name, decode in (
            (110, "JPEG XL Lossless", jpeg_xl.decode_jpeg_xl_lossless),
            (111, "JPEG XL JPEG Recompression", jpeg_xl.decode_jpeg_xl),
            (112, "JPEG XL", jpeg_xl.decode_jpeg_xl),
        )
    ),
)

MPEG2, AVC = "MPEG2 Main Profile", "MPEG-4 AVC/H.264"
VIDEO = {
    "100": f"{MPEG2} / Main Level",
    "101": f"{MPEG2} / High Level",
    "102": f"{AVC} High Profile / Level 4.1",
    "103": f"{AVC} BD-compatible High Profile / Level 4.1",
    "104": f"{AVC} High Profile / Level 4.2 For 2D Video",
    "105": f"{AVC} High Profile / Level 4.2 For 3D Video",
    "106": f"{AVC} Stereo High Profile / Level 4.2",
}
HEVC = {
    "107": "HEVC/H.265 Main Profile / Level 5.1",
    "108": "HEVC/H.265 Main 10 Profile / Level 5.1",
}


def _videos() -> dict[str, str]:
    fragmentable = {f"{last}.1": f"Fragmentable {name}" for last, name in VIDEO.items()}
    return {**VIDEO, **fragmentable, **HEVC}


SYNTAXES: Mapping[str, DecoderInfo] = {
    info.uid: info
    for info in (
        *(
            DecoderInfo(
                uid=uid,
                name=name,
                coding=coding,
                decoder=decoder,
                module=module,
                package=package,
                decode=decode,
            )
            for uid, name, coding, decoder, (module, package), decode in STILL
        ),
        *(
            DecoderInfo(
                uid=f"{JPEG}.{last}",
                name=name,
                coding="video",
                decoder=video.DECODER,
                module="av",
                package="dcmconv[video]",
                decode=None,
            )
            for last, name in _videos().items()
        ),
    )
}
"""What can be decoded, by Transfer Syntax UID."""

ARITHMETIC = "retired; arithmetic coded JPEG, for which no real file could be found to try"
HIERARCHICAL = "retired; hierarchical JPEG, which no open decoder reads"
PART_2 = "JPEG 2000 part 2; no open decoder reads its multi-component transforms"
JPIP = "the pixels are on a JPIP server, not in the file"
SMPTE = "a live stream over a network, never a file"
NO_PIXELS = "retired; no encoding of pixels"
PRIVATE = "private; ask the sender for a Transfer Syntax of the standard"

REFUSED: Mapping[str, Refused] = {
    uid: Refused(uid, name, reason)
    for reason, refused in {
        ARITHMETIC: {
            f"{JPEG}.52": "JPEG Extended (Process 3 and 5)",
            f"{JPEG}.54": "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)",
            f"{JPEG}.56": "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)",
            f"{JPEG}.58": "JPEG Lossless, Non-Hierarchical (Process 15)",
        },
        HIERARCHICAL: {
            f"{JPEG}.59": "JPEG Extended, Hierarchical (Process 16 and 18)",
            f"{JPEG}.60": "JPEG Extended, Hierarchical (Process 17 and 19)",
            f"{JPEG}.61": "JPEG Spectral Selection, Hierarchical (Process 20 and 22)",
            f"{JPEG}.62": "JPEG Spectral Selection, Hierarchical (Process 21 and 23)",
            f"{JPEG}.63": "JPEG Full Progression, Hierarchical (Process 24 and 26)",
            f"{JPEG}.64": "JPEG Full Progression, Hierarchical (Process 25 and 27)",
            f"{JPEG}.65": "JPEG Lossless, Hierarchical (Process 28)",
            f"{JPEG}.66": "JPEG Lossless, Hierarchical (Process 29)",
        },
        PART_2: {
            f"{JPEG}.92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
            f"{JPEG}.93": "JPEG 2000 Part 2 Multi-component",
        },
        JPIP: {
            f"{JPEG}.94": "JPIP Referenced",
            f"{JPEG}.95": "JPIP Referenced Deflate",
            f"{JPEG}.204": "JPIP HTJ2K Referenced",
            f"{JPEG}.205": "JPIP HTJ2K Referenced Deflate",
        },
        SMPTE: {
            f"{DICOM}.7.1": "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
            f"{DICOM}.7.2": "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
            f"{DICOM}.7.3": "SMPTE ST 2110-30 PCM Digital Audio",
        },
        NO_PIXELS: {
            f"{DICOM}.6.1": "RFC 2557 MIME encapsulation",
            f"{DICOM}.6.2": "XML Encoding",
            "1.2.840.10008.1.20": "Papyrus 3 Implicit VR Little Endian",
        },
        PRIVATE: {
            "1.2.840.113619.5.2": "GE Private Implicit VR Big Endian",
            "1.3.6.1.4.1.5962.300.1": "PixelMed Bzip2 Explicit VR Little Endian",
            "1.3.6.1.4.1.5962.300.2": "PixelMed Encapsulated Raw",
        },
    }.items()
    for uid, name in refused.items()
}
"""What is known and not decoded, by Transfer Syntax UID."""
