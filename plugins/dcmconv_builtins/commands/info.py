"""``dcmconv info FILE...``: the tags of files, or a summary of folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from dcmconv.plugin import (
    Attributes,
    Command,
    DcmconvError,
    Ending,
    Heading,
    Host,
    InputError,
    InputFile,
    Opt,
    Row,
    SkipInput,
    UsageError,
    plain_tag,
    split_path,
)
from dcmconv_builtins.sources.folder import Folder

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.file.part10 import Part10

__all__ = ["Info"]

LONGEST_VALUE = 200
_SIGNS = "A DICOM file has DICM at its 129th byte, or starts with an element of group 0002 or 0008."


@dataclass(frozen=True, kw_only=True)
class Info(Command):
    """Show the tags of files and whether they decode, or sum up folders.

    For a folder, or a quoted pattern such as 'scans/**/*.dcm', it shows how many patients, studies,
    series and images there are, their modalities, Transfer Syntaxes and sizes, what a run would
    skip or refuse and why, and about how much it would write.  Only headers are read, and no names
    are shown.

    A missing tag is shown empty.  Text is decoded with the character set of the file, so Chinese
    names are readable.  Pixels are not decoded.
    """

    files: Annotated[tuple[Path, ...], Opt("DICOM files, folders or patterns", positional=True)]
    tag: Annotated[
        tuple[str, ...], Opt("Show this tag, a keyword or GGGG,EEEE, instead of the usual ones")
    ] = ()
    all: Annotated[bool, Opt("Show every tag that has a plain value")] = False

    def run(self, host: Host) -> Iterator[Row]:
        """Yield a table for each file; the exit code is 1 if one of them cannot be read.

        A file with readable tags whose pixels cannot be decoded is not a failure.
        """
        for tag in self._tags:
            _check_tag(tag)
        if any(
            path.is_dir() or (not path.exists() and Folder.claims(str(path))) for path in self.files
        ):
            yield from self._summary(host)
            return
        failed = 0
        for path in self.files:
            yield Heading(title=str(path))
            try:
                yield from self._rows(path)
            except DcmconvError as error:
                failed += 1
                # The hint is on an indented line of its own: it joins the message after one space.
                yield Row(tag="", name="Cannot be read", value=str(error).replace("\n ", ""))
        if failed:
            of_all = f"{failed} of {len(self.files)} files" if len(self.files) > 1 else "The file"
            yield Ending(text=f"{of_all} cannot be read.", code=1)

    def _summary(self, host: Host) -> Iterator[Row]:
        from dcmconv_builtins.commands.folder_summary import FolderSummary

        if self.tag or self.all:
            flag = "--all" if self.all else "--tag"
            raise UsageError(
                f"{flag} shows tags of single files, and an INPUT is a folder or a pattern.",
                hint="Name the files; for a table of a folder: dcmconv run FOLDER --tags tags.csv",
            )
        summary = FolderSummary()
        for path in self.files:
            if not Folder.claims(str(path)):
                raise UsageError(f"{path}: no such file or folder.", hint="Check the spelling.")
            for found in Folder().walk(str(path), avoid=()):
                summary.add(found)
        title = ", ".join(map(str, self.files))
        yield from summary.rows(title, workers=host.workers)

    @property
    def _tags(self) -> tuple[str, ...]:
        """The tags that were asked for, as ``GGGG,EEEE`` if they are not keywords."""
        return tuple(map(plain_tag, self.tag))

    def _rows(self, path: Path) -> Iterator[Row]:
        from dcmconv_builtins.dicom.file.attributes import ARTICLE_KEYWORDS, DicomAttributes

        with _opened(path) as part:
            attributes = DicomAttributes((part.top, part.meta), part.top.notes)
            dataset = DicomAttributes((part.top,), part.top.notes)
            wanted = tuple(dataset) if self.all else self._tags or ARTICLE_KEYWORDS
            for key in wanted:
                yield Row(tag=_tag_text(key), name=_name_of(key), value=_value(attributes.get(key)))
            shown = {_tag_text(key) for key in wanted}
            facts = _facts(path, part, attributes)
            yield from (row for row in facts if row["tag"] not in shown)


def _opened(path: Path) -> Any:
    """Open a file up to its pixels; the context is a ``Part10``."""
    from contextlib import contextmanager

    from dcmconv_builtins.dicom.file.elements import Notes
    from dcmconv_builtins.dicom.file.part10 import read_part10

    @contextmanager
    def opened() -> Iterator[Part10]:
        _check_dicom(path)
        with path.open("rb") as stream:
            yield read_part10(stream, Notes(), inflate_limit=1 << 30)

    return opened()


def _check_dicom(path: Path) -> None:
    from dcmconv_builtins.readers.dicom import DicomReader

    try:
        head = InputFile(path.name, path).head
    except OSError as error:
        is_pipe = str(path) == "-"
        hint = "Save standard input as a file first." if is_pipe else "Check the spelling."
        raise InputError(f"{path}: {error.strerror}.", hint=hint) from error
    if DicomReader.sniff(head, path.name) <= 0:
        what = "is not DICOM" if head else "is empty"
        raise InputError(f"{path} {what}.", hint=_SIGNS)


def _check_tag(tag: str) -> None:
    from pydicom.datadict import tag_for_keyword

    for name, _ in split_path(tag):
        is_pair = re.fullmatch("[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}", name)
        if not is_pair and tag_for_keyword(name) is None:
            raise UsageError(f"Unknown tag '{name}'.", hint=_near_keyword(name))


def _near_keyword(word: str) -> str:
    import difflib

    from pydicom.datadict import keyword_dict

    near = difflib.get_close_matches(word, keyword_dict, n=1)
    advice = "Write a keyword such as PatientID, or a tag such as 0010,0020."
    return f"Did you mean {near[0]}?" if near else advice


def _name_of(key: str) -> str:
    """Return the keyword of a tag if the dictionary has it, whether or not the file does."""
    from pydicom.datadict import keyword_for_tag

    if "," not in key or len(split_path(key)) > 1:
        return key
    return keyword_for_tag(int(key.replace(",", ""), 16)) or key


def _tag_text(key: str) -> str:
    from pydicom.datadict import tag_for_keyword

    if len(split_path(key)) > 1:
        return ""
    if "," in key:
        return f"({key.upper()})"
    tag = tag_for_keyword(key) or 0
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _value(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\\".join(str(part) for part in value)[:LONGEST_VALUE]
    return value[:LONGEST_VALUE] if isinstance(value, str) else value


def _facts(path: Path, part: Part10, attributes: Attributes) -> Iterator[Row]:
    """Yield the attributes that decide whether and how the file becomes a picture."""
    from pydicom.uid import UID

    syntax, sop_class = UID(part.transfer_syntax), UID(str(attributes.get("SOPClassUID") or ""))
    facts = {
        "(0008,0060)": ("Modality", attributes.get("Modality")),
        "(0008,0016)": ("SOP Class", _named(sop_class)),
        "(0002,0010)": ("Transfer Syntax", _named(syntax)),
    }
    for tag, (name, value) in facts.items():
        yield Row(tag=tag, name=name, value=_value(value))
    if part.pixels is not None:
        yield Row(tag="", name="Size", value=_size(attributes))
        yield Row(tag="", name="Frames", value=attributes.get("NumberOfFrames") or 1)
        yield Row(tag="", name="Bits", value=_bits(attributes))
        photometric = _value(attributes.get("PhotometricInterpretation"))
        yield Row(tag="(0028,0004)", name="Photometric Interpretation", value=photometric)
    yield Row(tag="", name="Decodes", value=_verdict(path))


def _named(uid: str) -> str:
    # pydicom's name of an unknown UID is the UID itself.
    name = str(getattr(uid, "name", uid))
    return f"{name} ({uid})" if name != uid else str(uid)


def _size(attributes: Attributes) -> str:
    return f"{attributes.get('Columns', '?')} columns x {attributes.get('Rows', '?')} rows"


def _bits(attributes: Attributes) -> str:
    stored, allocated = attributes.get("BitsStored"), attributes.get("BitsAllocated")
    signed = "signed" if attributes.get("PixelRepresentation") == 1 else "unsigned"
    samples = attributes.get("SamplesPerPixel") or 1
    return f"{stored or allocated} of {allocated}, {signed}, {samples} per pixel"


def _verdict(path: Path) -> str:
    """Return whether the reader accepts the file, and its decoder; nothing is decoded."""
    from dcmconv_builtins.readers.dicom import DicomReader

    try:
        instance = DicomReader().open(InputFile(path.name, path))
    except SkipInput as verdict:
        return f"no picture: {verdict.message}"
    except DcmconvError as error:
        return f"no: {error.message}"
    try:
        return f"yes, by {instance.decoder}" if instance.decoder else "yes"
    finally:
        instance.close()
