"""The DICOM reader: bytes of a file in, Frames out, with everything resolved for each frame."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.plugin import InputFile, Instance, NamedDecoder, Reader, UsageError
from dcmconv_builtins.dicom.file.bounded_stream import open_bounded
from dcmconv_builtins.dicom.file.encoding import guess_encoding
from dcmconv_builtins.dicom.objects.object_options import ObjectOptions
from dcmconv_builtins.dicom.read_options import ReadOptions

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["DicomReader"]

PRELOAD = (
    "dcmconv_builtins.dicom.instance",
    "dcmconv_builtins.dicom.objects.frame_pipeline",
    "imagecodecs",
)
"""What most files need: imported once, in the fork server, for all workers.

pydicom and OpenJPEG are imported by the worker that first needs them: they take longer to import
than everything else together, and the files that need them take longer to read anyway.
"""


@dataclass(frozen=True, kw_only=True)
class DicomReader(ReadOptions, ObjectOptions, Reader):
    """DICOM, detected by content: PS3.10 files, and datasets without preamble or meta information.

    Frames are read and decoded one at a time.  Deviations from the standard that leave one meaning
    are noted; those that leave several are errors, because no picture is better than a wrong one.
    """

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        """Return 100 for the DICM prefix, less for what looks like a dataset, and 0 otherwise."""
        # PS3.10 7.1: a preamble of 128 bytes, then the prefix.
        if head[128:132] == b"DICM":
            return 100
        # The prefix without its preamble.
        if head[:4] == b"DICM":
            return 60
        return 50 if guess_encoding(head) is not None else 0

    @classmethod
    def accepts_object(cls, value: object) -> bool:
        """Return whether it is a pydicom ``Dataset``."""
        # A program that has a dataset has imported pydicom.
        pydicom = sys.modules.get("pydicom.dataset")
        return pydicom is not None and isinstance(value, pydicom.Dataset)

    @classmethod
    def attribute_names(cls) -> Collection[str]:
        """Return the keywords of PS3.6; repeating groups such as 60xx are named by tag."""
        # In pydicom, retired elements without a keyword share the empty one.
        return frozenset(_keywords()) - {""}

    @classmethod
    def usual_attributes(cls) -> Sequence[str]:
        """Return attributes that tell pictures apart and identify no patient."""
        return ("Modality", "SeriesInstanceUID", "SOPInstanceUID")

    @classmethod
    def attribute_sets(cls) -> Mapping[str, Sequence[str]]:
        """Return the attributes that the article exports: ``article``."""
        from dcmconv_builtins.dicom.file.attributes import ARTICLE_KEYWORDS

        return {"article": ARTICLE_KEYWORDS}

    @classmethod
    def transfer_syntaxes(cls) -> Mapping[str, str]:
        """Return the Transfer Syntaxes of PS3.6 Table A-1."""
        from dcmconv_builtins.dicom.decoders.syntaxes import REFUSED, SYNTAXES

        names = {uid: syntax.name for uid, syntax in SYNTAXES.items()}
        return names | {uid: refused.name for uid, refused in REFUSED.items()}

    def with_decoders(self, decoders: Mapping[str, NamedDecoder]) -> DicomReader:
        """Return a reader whose encapsulated frames are decoded by choice.

        Raises
        ------
        UsageError
            If a Transfer Syntax has no stream for each frame: native pixels, video.
        """
        from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES

        for uid, chosen in decoders.items():
            syntax = SYNTAXES.get(uid)
            if syntax is not None and syntax.coding != "encapsulated":
                raise UsageError(
                    f"Decoder '{chosen.name}' cannot be chosen for {syntax.name} ({uid}): its "
                    "frames have no codestreams of their own.",
                    hint="Choose decoders for encapsulated still images only.",
                )
        chosen_reader = replace(self)
        # Not a field, so replace() does not set it, and a frozen instance needs this detour.
        object.__setattr__(chosen_reader, "decoders", dict(decoders))
        return chosen_reader

    def open(self, source: InputFile) -> Instance:
        """Open one file; pixels are decoded later, frame by frame.

        Raises
        ------
        SkipInput
            If its SOP Class has no picture; the message says what it is.
        InputError
            If it is damaged, truncated, or contradicts itself.
        UnsupportedError
            If no installed decoder decodes its Transfer Syntax.
        LimitError
            If a deflated dataset is larger than ``inflate_limit``, a frame or a stitched slide than
            ``max_pixels``, or there are more frames than ``max_frames``.
        """
        return self._open(source, salvage=False)

    def salvage(self, source: InputFile) -> Instance:
        """Open one file whose last pixels may be missing; raises as ``open``."""
        return self._open(source, salvage=True)

    def _open(self, source: InputFile, *, salvage: bool) -> Instance:
        # pydicom is imported for the first file, not for the list of readers.
        from dcmconv_builtins.dicom.instance import DicomInstance
        from dcmconv_builtins.dicom.objects.frame_pipeline import PreparedFrames, prepare_frames

        if source.value is not None:
            from dcmconv_builtins.dicom.file.dataset_in_memory import file_of_dataset

            source = file_of_dataset(cast("Dataset", source.value), source.key)
        stream = open_bounded(source)
        try:
            opened = DicomInstance(stream, self, salvage=salvage)
            frames = prepare_frames(opened, self)
        except BaseException:
            stream.close()
            raise
        as_stored = frames if isinstance(frames, PreparedFrames) else None
        return Instance(
            frame_count=frames.frame_count,
            read_frame=frames.read_frame,
            read_encoded=as_stored.read_encoded if as_stored else lambda frame_index: None,
            frames_are_independent=as_stored is not None and not opened.is_video,
            attributes=opened.attributes,
            read_attributes=frames.attributes_of,
            notes=opened.notes.lines,
            transfer_syntax=opened.transfer_syntax,
            decoder=opened.decoder,
            salvaged=opened.salvaged,
            close=opened.close,
        )


def _keywords() -> Collection[str]:
    """Return the keywords of pydicom, without importing more of it than the table.

    A shell that completes a keyword waits for this; all of pydicom takes ten times as long.
    """
    package = find_spec("pydicom")
    for folder in (package and package.submodule_search_locations) or ():
        spec = spec_from_file_location("_dicom_dict", Path(folder, "_dicom_dict.py"))
        if spec is not None and spec.loader is not None:
            table = module_from_spec(spec)
            # The file is private: without it, pydicom itself is asked.
            with suppress(OSError, AttributeError, IndexError):
                spec.loader.exec_module(table)
                return {row[4] for row in table.DicomDictionary.values()}
    from pydicom.datadict import keyword_dict

    return keyword_dict
