"""What counts as one input: a path, bytes, a binary file, or an object that a reader accepts."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from dcmconv.errors import InputNotFoundError, UsageError

if TYPE_CHECKING:
    from dcmconv.model.inputs import InputFile
    from dcmconv.render import Converter, OpenInput

__all__ = ["InputLike", "input_file", "open_with"]

InputLike = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | object
"""A path, the bytes of a file, a binary file, or an object that a reader accepts.

The reader of DICOM accepts a pydicom ``Dataset``, with what was changed in memory.
"""


def open_with(
    converter: Converter,
    source: InputLike,
    frames: tuple[tuple[int, int | None], ...] | None = None,
) -> OpenInput:
    """Open one input with the lanes of a chain; use it with ``with``.

    ``frames`` are wanted instead of those of the chain.
    """
    # An Instance, or a frame of one, is already open.
    already = getattr(source, "__open_with__", None)
    if already is not None:
        opened: OpenInput = already(converter, frames)
        return opened
    return converter.open(input_file(source), frames=frames)


def input_file(source: InputLike) -> InputFile:
    """Return one input as the readers take it; nothing is copied, except small buffers.

    Raises
    ------
    InputNotFoundError
        If no file has the name.
    UsageError
        If it is a folder, a list, or a file that is not open for reading bytes.
    """
    from dcmconv.model.inputs import InputFile, JoinedBuffers

    if isinstance(source, (str, os.PathLike)):
        return _file_on_disk(source)
    if isinstance(source, bytes):
        return InputFile("bytes", content=source)
    if isinstance(source, (bytearray, memoryview)):
        whole = source if memoryview(source).c_contiguous else bytes(source)
        return InputFile("bytes", stream=cast("BinaryIO", JoinedBuffers(whole)))
    if hasattr(source, "read"):
        return _open_file(source)
    if source is None:
        raise UsageError(
            "None was given; expected one input.",
            hint="Pass the path of a file, for example; dcmconv.run() takes many files.",
        )
    if hasattr(source, "__open_with__"):
        raise UsageError(
            f"This {type(source).__name__} is open already.",
            hint="Use it as it is; dcmconv.convert() and a Chain take it as an input.",
        )
    if isinstance(source, (list, tuple, set, frozenset, dict, Iterator)):
        raise UsageError(
            f"A {type(source).__name__} was given; expected one input.",
            hint="Call it for each of them, or use dcmconv.run(), which takes many files.",
        )
    return InputFile(type(source).__name__, value=source)


def _file_on_disk(source: str | os.PathLike[str]) -> InputFile:
    from dcmconv.model.inputs import InputFile

    path = Path(source)
    named = os.fspath(source)
    if not named:
        raise UsageError("The path is empty; expected one input.", hint="Pass the path of a file.")
    try:
        is_file = path.is_file()
    except OSError as error:  # such as a name that is too long
        raise UsageError(
            f"{named:.80} cannot be a path: {error.strerror}.", hint="Pass the path of a file."
        ) from None
    if is_file:
        return InputFile(path.name, path=path)
    if path.is_dir():
        raise UsageError(
            f"{path} is not a file, but a folder.",
            hint="This takes one file; use run() for folders: dcmconv.run(FOLDER, OUT)",
        )
    if path.exists():
        raise UsageError(f"{path} is not a regular file.", hint="Read it, and pass its bytes.")
    raise InputNotFoundError(
        f"{named} is not a file: there is no file or folder of that name.",
        hint=f"Relative paths begin at the current folder, {Path.cwd()}.",
    )


def _open_file(stream: object) -> InputFile:
    from dcmconv.model.inputs import InputFile

    if isinstance(stream, io.BytesIO) and not stream.closed:
        # Shares its memory until one of the two changes.
        return InputFile("bytes", content=stream.getvalue())
    if getattr(stream, "closed", False):
        raise UsageError("The file is closed.", hint="Pass an open file, or its path.")
    if isinstance(stream, io.BufferedWriter):
        raise UsageError(
            "The file is open for writing only.", hint='Open it with open(path, "rb").'
        )
    if isinstance(stream, io.TextIOBase):
        raise UsageError(
            "The file is open for text; expected a binary one.",
            hint='Open it with open(path, "rb").',
        )
    name = getattr(stream, "name", None)
    key = os.path.basename(name) if isinstance(name, str) else "file"  # noqa: PTH119 - a str
    opened = cast("BinaryIO", stream)
    if hasattr(stream, "seekable") and opened.seekable():
        return InputFile(key, stream=opened)
    return InputFile(key, content=opened.read())
