"""``dcmconv samples DIR``: real DICOM files to try dcmconv on, without a download."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from dcmconv.plugin import (
    Command,
    Ending,
    Heading,
    Host,
    Opt,
    OutputError,
    Row,
    UnsupportedError,
)

__all__ = ["SAMPLES", "Samples"]

SAMPLES = {
    "CR/6154": "dicomdirtests/77654033/CR1/6154",
    "CT/CT_small.dcm": "CT_small.dcm",
    "CT/6293": "dicomdirtests/98892001/CT2N/6293",
    "MR/MR_small.dcm": "MR_small.dcm",
    "MR/MR_small_bigendian.dcm": "MR_small_bigendian.dcm",
    "MR/MR_small_jpeg_ls_lossless.dcm": "MR_small_jpeg_ls_lossless.dcm",
    "MR/MR_small_jp2klossless.dcm": "MR_small_jp2klossless.dcm",
    "MR/MR_small_RLE.dcm": "MR_small_RLE.dcm",
    "MR/examples_overlay.dcm": "examples_overlay.dcm",
    "NM/JPEG2000.dcm": "JPEG2000.dcm",
    "NM/JPGExtended.dcm": "JPGExtended.dcm",
    "OT/SC_rgb_jpeg_gdcm.dcm": "SC_rgb_jpeg_gdcm.dcm",
    "OT/SC_rgb_rle_2frame.dcm": "SC_rgb_rle_2frame.dcm",
    "OT/image_dfl.dcm": "image_dfl.dcm",
    "RTDOSE/rtdose.dcm": "rtdose.dcm",
    "SEG/liver_1frame.dcm": "liver_1frame.dcm",
    "US/examples_jpeg2k.dcm": "examples_jpeg2k.dcm",
    "US/examples_palette.dcm": "examples_palette.dcm",
    "US/examples_rgb_color.dcm": "examples_rgb_color.dcm",
    "US/examples_ybr_color.dcm": "examples_ybr_color.dcm",
}
"""Where a sample is copied to, and its path in pydicom below ``data/test_files``."""


@dataclass(frozen=True, kw_only=True)
class Samples(Command):
    """Copy real DICOM files of several modalities to try.

    They come with pydicom: CT, MR, CR, US, NM, RT Dose, a segmentation and secondary captures;
    gray, color and palette; one frame and many; uncompressed, JPEG, JPEG-LS, JPEG 2000, RLE and
    deflated.  Existing files are never overwritten.
    """

    directory: Annotated[
        Path, Opt("The folder to copy to; it is created if necessary", positional=True)
    ]

    def run(self, host: Host) -> Iterator[Row]:
        """Copy the samples; one row for each."""
        source = _test_files()
        yield Heading(title=f"Samples in {self.directory}")
        found = {place: source / name for place, name in SAMPLES.items()}
        there = {place: sample for place, sample in found.items() if sample.is_file()}
        for place, sample in there.items():
            target = self.directory / place
            copied = _copy(sample.read_bytes(), target)
            yield Row(file=place, **_facts(target), result=copied)
        if not there:
            raise _no_samples()
        yield Ending(text=self._ending(len(there)), code=0)

    def _ending(self, count: int) -> str:
        folder = shlex.quote(str(self.directory))
        return (
            f"{count} files of {len({place.partition('/')[0] for place in SAMPLES})} modalities.\n"
            f"Next: cd {folder} && dcmconv run --normalize minmax --writer jpg"
        )


def _test_files() -> Traversable:
    return files("pydicom") / "data" / "test_files"


def _no_samples() -> UnsupportedError:
    return UnsupportedError(
        "This installation of pydicom has no sample files.",
        hint="Install it from its wheel: pip install --force-reinstall --no-deps pydicom",
    )


def _copy(content: bytes, target: Path) -> str:
    """Write a file unless it exists, and return what was done."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # x creates the file or fails: no other process can create it in between.
        with target.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        if target.is_file():
            same = target.read_bytes() == content
            return "exists already" if same else "another file exists; not overwritten"
        raise _cannot_write(target, "it exists and is not a file") from None
    except OSError as error:
        raise _cannot_write(target, error.strerror or str(error)) from error
    return "copied"


def _cannot_write(target: Path, why: str) -> OutputError:
    return OutputError(
        f"Cannot write {target}: {why}.", hint="Use another folder: dcmconv samples demo"
    )


def _facts(path: Path) -> dict[str, str | int]:
    """Return size, frames and Transfer Syntax of the file; nothing is converted."""
    import pydicom

    wanted = ["Rows", "Columns", "NumberOfFrames"]
    try:
        instance = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=wanted)
    except (pydicom.errors.InvalidDicomError, OSError):
        return {
            "size": "",
            "frames": "",
            "transfer_syntax": "",
        }  # a file of the user with the same name
    return {
        "size": f"{instance.get('Columns', '')}x{instance.get('Rows', '')}",
        "frames": int(instance.get("NumberOfFrames") or 1),
        "transfer_syntax": instance.file_meta.TransferSyntaxUID.name,
    }
