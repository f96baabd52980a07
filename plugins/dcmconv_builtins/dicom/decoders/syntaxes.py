"""Every Transfer Syntax (PS3.6 Table A-1), and the one decoder that is pinned to it.

No decoder is tried after the pinned one fails: "try every decoder" turned 300 of 300 truncated
JPEG streams into wrong pictures.  Each codec's module says why it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DEFLATE",
    "GE_PRIVATE",
    "JPEG",
    "JPEG_2000",
    "JPEG_LOSSLESS",
    "JPEG_LS",
    "JPEG_XL",
    "LOSSY",
    "NATIVE",
    "REFUSED",
    "RLE",
    "SYNTAXES",
    "UNCOMPRESSED",
    "VIDEO",
    "Codec",
    "Refused",
    "TransferSyntax",
    "uids_of",
]

Coding = Literal["native", "encapsulated", "video"]
HERE = "dcmconv_builtins.dicom.decoders"
DICOM = "1.2.840.10008.1.2"
GE_PRIVATE = "1.2.840.113619.5.2"
"""An Implicit VR Little Endian dataset whose pixels are big endian; common in GE archives."""


@dataclass(frozen=True, kw_only=True)
class Codec:
    """What decodes a family of Transfer Syntaxes.

    Parameters
    ----------
    decoder : str
        Such as ``imagecodecs.jpegls``; goes into the outcome.
    module, distribution : str
        What it imports, and the distribution that has that; empty for the standard library.
    extra : str
        The extra of dcmconv that installs the distribution; empty if dcmconv always installs it.
    component : str
        Its ``Decoder`` as ``"module:Class"``; empty if frames have no streams of their own.
    starts, end : bytes
        What its streams can start with, and how they end; empty if that is not fixed.
    """

    decoder: str
    module: str
    distribution: str
    extra: str = ""
    component: str = ""
    starts: tuple[bytes, ...] = ()
    end: bytes = b""

    @property
    def requirement(self) -> str:
        """What to give to ``pip install``."""
        return f"dcmconv[{self.extra}]" if self.extra else self.distribution


@dataclass(frozen=True, kw_only=True)
class TransferSyntax:
    """A Transfer Syntax that can be decoded.

    Parameters
    ----------
    uid, name : str
        As in PS3.6.
    coding : "native", "encapsulated" or "video"
        Whether frames are slices of the element, fragments, or in one stream for all of them.
    codec : Codec
        What decodes it.
    is_lossy : bool
        Whether its streams may be lossy.
    """

    uid: str
    name: str
    coding: Coding
    codec: Codec
    is_lossy: bool = False

    @property
    def is_big_endian(self) -> bool:
        """Whether native values have their most significant byte first."""
        return self.uid in (f"{DICOM}.2", GE_PRIVATE)


@dataclass(frozen=True)
class Refused:
    """A Transfer Syntax that is known but not decoded, and the reason."""

    uid: str
    name: str
    reason: str


NATIVE = Codec(decoder="numpy", module="numpy", distribution="numpy")
UNCOMPRESSED = Codec(
    decoder="numpy", module="numpy", distribution="numpy", component=f"{HERE}.native:Uncompressed"
)
DEFLATE = Codec(
    decoder="zlib", module="zlib", distribution="", component=f"{HERE}.deflated:Deflate"
)
RLE = Codec(
    decoder="imagecodecs.packbits",
    module="imagecodecs",
    distribution="imagecodecs",
    component=f"{HERE}.rle:Rle",
)
JPEG = Codec(
    decoder="simplejpeg",
    module="simplejpeg",
    distribution="simplejpeg",
    component=f"{HERE}.jpeg:Jpeg",
    starts=(b"\xff\xd8\xff",),
    end=b"\xff\xd9",
)
JPEG_LOSSLESS = Codec(
    decoder="imagecodecs.jpeg8",
    module="imagecodecs",
    distribution="imagecodecs",
    component=f"{HERE}.jpeg:Jpeg",
    starts=JPEG.starts,
    end=JPEG.end,
)
JPEG_LS = Codec(
    decoder="imagecodecs.jpegls",
    module="imagecodecs",
    distribution="imagecodecs",
    component=f"{HERE}.jpeg_ls:JpegLs",
    starts=JPEG.starts,
    end=JPEG.end,
)
JPEG_2000 = Codec(
    decoder="pylibjpeg.openjpeg",
    module="openjpeg",
    distribution="pylibjpeg-openjpeg",
    component=f"{HERE}.jpeg2000:Jpeg2000",
    # The codestream, and the JP2 file that some encoders wrap around it.
    starts=(b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"),
    end=b"\xff\xd9",
)
JPEG_XL = Codec(
    decoder="imagecodecs.jpegxl",
    module="imagecodecs",
    distribution="imagecodecs",
    component=f"{HERE}.jpeg_xl:JpegXl",
    # The codestream, and its container of boxes.
    starts=(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
)
VIDEO = Codec(decoder="av", module="av", distribution="av", extra="video")

_MPEG2, _AVC, _HEVC = "MPEG2 Main Profile", "MPEG-4 AVC/H.264", "HEVC/H.265"
_HTJ2K = "High-Throughput JPEG 2000"
_VIDEO_NAMES = {
    "100": f"{_MPEG2} / Main Level",
    "101": f"{_MPEG2} / High Level",
    "102": f"{_AVC} High Profile / Level 4.1",
    "103": f"{_AVC} BD-compatible High Profile / Level 4.1",
    "104": f"{_AVC} High Profile / Level 4.2 For 2D Video",
    "105": f"{_AVC} High Profile / Level 4.2 For 3D Video",
    "106": f"{_AVC} Stereo High Profile / Level 4.2",
}

# The last parts of the UID, the name, the codec, and whether streams may be lossy.
_ENCAPSULATED: tuple[tuple[str, str, Codec, bool], ...] = (
    ("1.98", "Encapsulated Uncompressed Explicit VR Little Endian", UNCOMPRESSED, False),
    ("8.1", "Deflated Image Frame Compression", DEFLATE, False),
    ("5", "RLE Lossless", RLE, False),
    ("4.50", "JPEG Baseline (Process 1)", JPEG, True),
    ("4.51", "JPEG Extended (Process 2 and 4)", JPEG, True),
    ("4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", JPEG, True),
    ("4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", JPEG, True),
    ("4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", JPEG_LOSSLESS, False),
    ("4.70", "JPEG Lossless, Non-Hierarchical, First-Order Prediction", JPEG_LOSSLESS, False),
    ("4.80", "JPEG-LS Lossless", JPEG_LS, False),
    ("4.81", "JPEG-LS Lossy (Near-Lossless)", JPEG_LS, True),
    ("4.90", "JPEG 2000 (Lossless Only)", JPEG_2000, False),
    ("4.91", "JPEG 2000", JPEG_2000, True),
    ("4.201", f"{_HTJ2K} (Lossless Only)", JPEG_2000, False),
    ("4.202", f"{_HTJ2K} with RPCL (Lossless Only)", JPEG_2000, False),
    ("4.203", _HTJ2K, JPEG_2000, True),
    ("4.110", "JPEG XL Lossless", JPEG_XL, False),
    ("4.111", "JPEG XL JPEG Recompression", JPEG_XL, True),  # as the JPEG was
    ("4.112", "JPEG XL", JPEG_XL, True),
)


def _rows() -> tuple[TransferSyntax, ...]:
    native = {
        DICOM: "Implicit VR Little Endian",
        f"{DICOM}.1": "Explicit VR Little Endian",
        f"{DICOM}.1.99": "Deflated Explicit VR Little Endian",
        f"{DICOM}.2": "Explicit VR Big Endian",
        GE_PRIVATE: "GE Private Implicit VR Big Endian",
    }
    videos = {
        **_VIDEO_NAMES,
        **{f"{last}.1": f"Fragmentable {name}" for last, name in _VIDEO_NAMES.items()},
        "107": f"{_HEVC} Main Profile / Level 5.1",
        "108": f"{_HEVC} Main 10 Profile / Level 5.1",
    }
    return (
        *(
            TransferSyntax(uid=uid, name=name, coding="native", codec=NATIVE)
            for uid, name in native.items()
        ),
        *(
            TransferSyntax(
                uid=f"{DICOM}.{last}",
                name=name,
                coding="encapsulated",
                codec=codec,
                is_lossy=is_lossy,
            )
            for last, name, codec, is_lossy in _ENCAPSULATED
        ),
        *(
            TransferSyntax(
                uid=f"{DICOM}.4.{last}", name=name, coding="video", codec=VIDEO, is_lossy=True
            )
            for last, name in videos.items()
        ),
    )


SYNTAXES: dict[str, TransferSyntax] = {syntax.uid: syntax for syntax in _rows()}
"""What can be decoded, by Transfer Syntax UID."""

LOSSY = frozenset(uid for uid, syntax in SYNTAXES.items() if syntax.is_lossy)


def uids_of(codec: Codec) -> frozenset[str]:
    """Return the Transfer Syntaxes that a codec is pinned to."""
    return frozenset(uid for uid, syntax in SYNTAXES.items() if syntax.codec is codec)


_ARITHMETIC = "retired; arithmetic coded JPEG, and no real file was found to test a decoder with"
_HIERARCHICAL = "retired; hierarchical JPEG, which no open-source decoder reads"
_PART_2 = "JPEG 2000 part 2; no open-source decoder reads its multi-component transforms"
_JPIP = "the pixels are on a JPIP server, not in the file"
_SMPTE = "a live stream over a network, never a file"
_NO_PIXELS = "retired; it does not encode pixels"
_PRIVATE = "private; ask the sender for a Transfer Syntax of the standard"

REFUSED: dict[str, Refused] = {
    uid: Refused(uid, name, reason)
    for reason, refused in {
        _ARITHMETIC: {
            f"{DICOM}.4.52": "JPEG Extended (Process 3 and 5)",
            f"{DICOM}.4.54": "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)",
            f"{DICOM}.4.56": "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)",
            f"{DICOM}.4.58": "JPEG Lossless, Non-Hierarchical (Process 15)",
        },
        _HIERARCHICAL: {
            f"{DICOM}.4.59": "JPEG Extended, Hierarchical (Process 16 and 18)",
            f"{DICOM}.4.60": "JPEG Extended, Hierarchical (Process 17 and 19)",
            f"{DICOM}.4.61": "JPEG Spectral Selection, Hierarchical (Process 20 and 22)",
            f"{DICOM}.4.62": "JPEG Spectral Selection, Hierarchical (Process 21 and 23)",
            f"{DICOM}.4.63": "JPEG Full Progression, Hierarchical (Process 24 and 26)",
            f"{DICOM}.4.64": "JPEG Full Progression, Hierarchical (Process 25 and 27)",
            f"{DICOM}.4.65": "JPEG Lossless, Hierarchical (Process 28)",
            f"{DICOM}.4.66": "JPEG Lossless, Hierarchical (Process 29)",
        },
        _PART_2: {
            f"{DICOM}.4.92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
            f"{DICOM}.4.93": "JPEG 2000 Part 2 Multi-component",
        },
        _JPIP: {
            f"{DICOM}.4.94": "JPIP Referenced",
            f"{DICOM}.4.95": "JPIP Referenced Deflate",
            f"{DICOM}.4.204": "JPIP HTJ2K Referenced",
            f"{DICOM}.4.205": "JPIP HTJ2K Referenced Deflate",
        },
        _SMPTE: {
            f"{DICOM}.7.1": "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
            f"{DICOM}.7.2": "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
            f"{DICOM}.7.3": "SMPTE ST 2110-30 PCM Digital Audio",
        },
        _NO_PIXELS: {
            f"{DICOM}.6.1": "RFC 2557 MIME encapsulation",
            f"{DICOM}.6.2": "XML Encoding",
            "1.2.840.10008.1.20": "Papyrus 3 Implicit VR Little Endian",
        },
        _PRIVATE: {
            "1.3.6.1.4.1.5962.300.1": "PixelMed Bzip2 Explicit VR Little Endian",
            "1.3.6.1.4.1.5962.300.2": "PixelMed Encapsulated Raw",
        },
    }.items()
    for uid, name in refused.items()
}
"""What is known but not decoded, by Transfer Syntax UID."""
