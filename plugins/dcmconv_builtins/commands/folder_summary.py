"""What is in a folder, and what a run would make of it: the tables of ``dcmconv info FOLDER``.

Only headers are read.  What is kept grows with the number of series, not with that of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dcmconv.plugin import (
    Attributes,
    DcmconvError,
    Ending,
    Heading,
    InputFile,
    Instance,
    Reference,
    Rejected,
    Row,
    SkipInput,
)
from dcmconv_builtins.readers.dicom import DicomReader

__all__ = ["FolderSummary"]

MOST_SIZES = 10
"""How many sizes of pictures are listed; the others are counted together."""

# Of the corpus of real files: bytes of a picture for each of its pixels, gray and in color.
PNG_BYTES, JPG_BYTES = (0.3, 0.47), (0.1, 0.19)
# One worker of an ordinary machine: what each input takes, and how many pixels a second it does.
SECONDS_A_FILE = 0.004
NATIVE_PIXELS, ENCAPSULATED_PIXELS = 100e6, 12e6
NATIVE = frozenset({f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99")})


class _OnDisk(InputFile):
    """A file of which only the header is read, however small the file is."""

    @property
    def held(self) -> None:
        """Nothing: the reader reads what it needs."""
        return


@dataclass
class _Unconverted:
    """Inputs that give no picture, for one reason."""

    message: str
    hint: str
    example: str
    inputs: int = 0


@dataclass
class FolderSummary:
    """Counts inputs one by one.  It keeps no name, and of identifiers only hashes."""

    inputs: int = 0
    total_bytes: int = 0
    images: int = 0
    frames: int = 0
    pixels: Counter[bool] = field(default_factory=Counter)
    """By whether they are in color."""
    seconds: float = 0.0
    _ids: dict[str, set[int]] = field(default_factory=dict)
    _modalities: dict[str, Counter[str]] = field(default_factory=dict)
    _syntaxes: Counter[tuple[str, str]] = field(default_factory=Counter)
    _sizes: Counter[str] = field(default_factory=Counter)
    _skipped: dict[str, _Unconverted] = field(default_factory=dict)
    _refused: dict[str, _Unconverted] = field(default_factory=dict)
    _reader: DicomReader = field(default_factory=DicomReader)

    def add(self, found: Reference | Rejected) -> None:
        """Count an input."""
        self.inputs += 1
        self.total_bytes += found.size or 0
        if isinstance(found, Rejected):
            kind = self._refused if found.failed else self._skipped
            _count(kind, found.reason, found.message, found.hint, found.key)
            return
        try:
            instance = self._opened(_OnDisk(found.key, found.locator))
        except SkipInput as error:
            _count(self._skipped, error.reason, error.message, error.hint, found.key)
        except DcmconvError as error:
            _count(self._refused, error.reason, error.message, error.hint, found.key)
        except OSError as error:
            _count(self._refused, "unreadable", f"{error.strerror}.", "", found.key)
        else:
            try:
                self._add_image(instance, found.size or 0)
            finally:
                instance.close()

    def rows(self, title: str, *, workers: int) -> Iterator[Row]:
        """Yield the tables."""
        yield Heading(title=title)
        yield from self._totals()
        yield from _table("Modalities", self._by_modality())
        yield from _table("Transfer Syntaxes", self._by_syntax())
        yield from _table("Sizes", self._by_size())
        yield from _table("Skipped", _reasons(self._skipped))
        yield from _table("Refused", _reasons(self._refused))
        if not self.images:
            yield Ending(text="No DICOM images.", code=3)
            return
        yield from _table("Estimate for dcmconv run", self._estimate(workers))

    def _opened(self, source: InputFile) -> Instance:
        head = source.head
        if DicomReader.sniff(head, source.key) > 0:
            return self._reader.open(source)
        if head:
            raise SkipInput("Not DICOM.", reason="not-dicom")
        raise DcmconvError("The file is empty.", "Copy it again from its source.", "empty")

    def _add_image(self, instance: Instance, size: int) -> None:
        attributes = instance.attributes
        modality = str(attributes.get("Modality") or "unknown")
        self.images += 1
        self.frames += instance.frame_count
        for kind, keyword in (("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID")):
            self._add_id(kind, attributes.get(keyword))
            self._add_id(f"{kind} of {modality}", attributes.get(keyword))
        patient = attributes.get("PatientID"), attributes.get("IssuerOfPatientID")
        self._add_id("patient", patient if any(patient) else None)
        counts = self._modalities.setdefault(modality, Counter())
        counts.update(images=1, frames=instance.frame_count, bytes=size)
        self._syntaxes[instance.transfer_syntax, instance.decoder] += 1
        rows, columns = _plain(attributes, "Rows"), _plain(attributes, "Columns")
        self._sizes[f"{columns} x {rows}"] += 1
        pixels = rows * columns * instance.frame_count
        self.pixels[_plain(attributes, "SamplesPerPixel") > 1] += pixels
        is_native = instance.transfer_syntax in NATIVE
        self.seconds += SECONDS_A_FILE + pixels / (
            NATIVE_PIXELS if is_native else ENCAPSULATED_PIXELS
        )

    def _add_id(self, kind: str, value: object) -> None:
        if value is not None:
            self._ids.setdefault(kind, set()).add(hash(value))

    def _number(self, kind: str) -> int:
        return len(self._ids.get(kind, ()))

    def _totals(self) -> Iterator[Row]:
        unconverted = [*self._skipped.values(), *self._refused.values()]
        counts = {
            "Files": self.inputs,
            "Size": _Size(self.total_bytes),
            "DICOM images": self.images,
            "Frames": self.frames,
            "Patients": self._number("patient"),
            "Studies": self._number("study"),
            "Series": self._number("series"),
            "Without a picture": sum(each.inputs for each in unconverted),
        }
        yield from (Row(name=name, value=value) for name, value in counts.items())

    def _by_modality(self) -> Iterator[Row]:
        for modality, counts in sorted(self._modalities.items()):
            yield Row(
                modality=modality,
                studies=self._number(f"study of {modality}"),
                series=self._number(f"series of {modality}"),
                images=counts["images"],
                frames=counts["frames"],
                size=_Size(counts["bytes"]),
            )

    def _by_syntax(self) -> Iterator[Row]:
        from pydicom.uid import UID

        for (uid, decoder), images in self._syntaxes.most_common():
            yield Row(transfer_syntax=UID(uid).name, uid=uid, images=images, decoder=decoder)

    def _by_size(self) -> Iterator[Row]:
        for size, images in self._sizes.most_common(MOST_SIZES):
            yield Row(columns_x_rows=size, images=images)
        others = self._sizes.most_common()[MOST_SIZES:]
        if others:
            images = sum(count for _, count in others)
            yield Row(columns_x_rows=f"{len(others)} other sizes", images=images)

    def _estimate(self, workers: int) -> Iterator[Row]:
        gray, color = self.pixels[False], self.pixels[True]
        for name, (of_gray, of_color) in {"PNG": PNG_BYTES, "JPG": JPG_BYTES}.items():
            size = _Size(of_gray * gray + of_color * color)
            yield Row(name=f"{self.frames:,} pictures as {name}", about=size)
        pool = "1 worker" if workers == 1 else f"{workers} workers"
        yield Row(name=f"Time with {pool}", about=_Seconds(max(1, self.seconds / workers)))


def _table(title: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield a table; nothing if it is empty."""
    for number, row in enumerate(rows):
        if number == 0:
            yield Heading(title=title)
        yield row


def _count(kinds: dict[str, _Unconverted], reason: str, message: str, hint: str, key: str) -> None:
    # A message may have numbers of the file; the hint says what to do, such as what to install.
    kind = kinds.setdefault(f"{reason}\n{hint}", _Unconverted(message, hint, key))
    kind.inputs += 1


def _reasons(kinds: dict[str, _Unconverted]) -> Iterator[Row]:
    for name, kind in sorted(kinds.items(), key=lambda item: -item[1].inputs):
        yield Row(
            reason=name.partition("\n")[0],
            files=kind.inputs,
            example=kind.example,
            message=kind.message,
            hint=kind.hint,
        )


def _plain(attributes: Attributes, keyword: str) -> int:
    value = attributes.get(keyword)
    return value if isinstance(value, int) else 0


class _Size(int):
    """A number of bytes: readable in a table, a number in JSON."""

    def __str__(self) -> str:
        size = float(self)
        for unit in ("bytes", "kB", "MB", "GB"):
            if size < 1000:
                return (
                    f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
                )
            size /= 1000
        return f"{size:,.1f} TB"


class _Seconds(int):
    """A time: readable in a table, seconds in JSON."""

    def __str__(self) -> str:
        if self < 90:
            return f"{int(self)} s"
        return f"{round(self / 60)} min" if self < 5400 else f"{self / 3600:.1f} h"
