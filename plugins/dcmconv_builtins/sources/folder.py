"""Files and folders on disk, and patterns for them."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.plugin import InputFile, Reference, Rejected, Source

if TYPE_CHECKING:
    from dcmconv_builtins.sources.path_pattern import PathPattern

__all__ = ["Folder"]

SYSTEM_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx"})
"""Files of Finder and Explorer, in lower case; macOS also writes ``._name`` files."""

FILE_NAMES, FILE_NAME_ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
"""How names are decoded; the same as os.fsdecode(), which takes four calls for each."""

STATE_FOLDER = ".dcmconv"

WILDCARDS = frozenset("*?[")

CONFIDENCE = 10
"""Low, so that a source for archives can claim ``pacs.zip``."""

ARCHIVES = (
    (0, b"PK\x03\x04", "a ZIP archive", "unzip {file} -d {folder}"),
    (257, b"ustar", "a tar archive", "mkdir {folder} && tar -xf {file} -C {folder}"),
    (0, b"\x1f\x8b", "compressed with gzip", ""),
    (0, b"BZh", "compressed with bzip2", ""),
    (0, b"\xfd7zXZ\0", "compressed with xz", ""),
    (0, b"\x28\xb5\x2f\xfd", "compressed with Zstandard", ""),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", ""),
    (0, b"Rar!\x1a\x07", "a RAR archive", ""),
)
"""Where each kind has which bytes, what it is, and the command that unpacks it, if it is common."""
FIRST_BYTES = 512

Identity = tuple[int, int]
"""Device and inode: the same for every path to one folder."""


@dataclass(frozen=True, kw_only=True)
class Folder(Source):
    """Files, and all regular files below folders, in the order of their names.

    Links are followed; a folder that two paths lead to is walked once.  Pictures of another run
    are files like any other; only its state folder, ``.dcmconv``, is left out.  A path that does
    not exist may be a pattern, such as ``scans/**/*.dcm``; names are then relative to the folder
    before its first wildcard.  Archives are not read: unpack them first.
    """

    @classmethod
    def claims(cls, location: str) -> int:
        """Claim what exists, broken links included, and patterns; yield to any special source."""
        if os.path.lexists(location):
            return CONFIDENCE
        # To the first match: a pattern that matches nothing is a typo.
        matches = cls().walk(location, avoid=()) if _pattern(location) else iter(())
        return CONFIDENCE if next(matches, None) else 0

    def walk(self, location: str, *, avoid: Sequence[Path]) -> Iterator[Reference | Rejected]:
        """Yield every file below a folder, or the one file.

        Memory holds the names of one folder for each level, never of the whole tree.
        """
        pattern = _pattern(location)
        # Not resolve(): a key keeps the names that the user sees, including those of links.
        root = os.path.abspath(pattern.folder if pattern else location)  # noqa: PTH100
        if not Path(root).is_dir():
            if pattern is None:
                yield _single(location)
            return
        avoided = {identity for path in avoid if (identity := _identity(path))}
        yield from _Walk(root, avoided, pattern).inputs()

    def open(self, reference: Reference) -> InputFile:
        """Return the file at the reference's path."""
        return InputFile(reference.key, path=reference.locator)


def _pattern(location: str) -> PathPattern | None:
    """Return the pattern that an INPUT is; None for a path."""
    # A name with brackets is a path if it exists.
    if WILDCARDS.isdisjoint(location) or os.path.lexists(location):
        return None
    from dcmconv_builtins.sources.path_pattern import PathPattern

    return PathPattern.of(location)


@dataclass
class _Walk:
    """One walk below one folder, with its own stack: no tree is too deep for it."""

    root: str
    avoided: set[Identity]
    pattern: PathPattern | None = None
    _seen: set[Identity] = field(default_factory=set)

    def inputs(self) -> Iterator[Reference | Rejected]:
        # The empty key is the root itself.
        levels = [iter([""])]
        while levels:
            key = next(levels[-1], None)
            if key is None:
                levels.pop()
                continue
            found = self._visit(key)
            if isinstance(found, Reference | Rejected):
                yield found
            else:
                levels.append(found)

    def _visit(self, key: str) -> Reference | Rejected | Iterator[str]:
        """Return what a key leads to; for a folder to be walked, the keys inside."""
        path = f"{self.root}/{key}" if key else self.root
        if self.pattern is not None and not self._may_match(key, path):
            return iter(())
        name = key.rpartition("/")[2]
        if name.lower() in SYSTEM_NAMES or name.startswith("._"):
            message = "A file of the operating system, not data."
            return Rejected(key, path, message, reason="system-file", failed=False)
        try:
            status = os.stat(path)  # noqa: PTH116 - once for every input
        except OSError as error:
            return _unreadable(key, path, error)
        if not stat.S_ISDIR(status.st_mode):
            return _file(key, path, status)
        identity = status.st_dev, status.st_ino
        # The root itself may be the output folder, for pictures next to their files.
        if key and identity in self.avoided:
            return iter(())
        if name == STATE_FOLDER:
            message = "The state folder of another run, not data."
            return Rejected(key or name, path, message, reason="state-folder", failed=False)
        # Also a link to a folder above, which would never end.
        if identity in self._seen:
            message = "A link to a folder that was already walked."
            return Rejected(key, path, message, reason="seen-already", failed=False)
        self._seen.add(identity)
        return self._names(key, path)

    def _may_match(self, key: str, path: str) -> bool:
        """Say whether a key, or something below it, matches the pattern."""
        pattern = self.pattern
        return pattern is None or (
            pattern.matches(key) or (pattern.may_match_below(key) and os.path.isdir(path))  # noqa: PTH112
        )

    def _names(self, key: str, path: str) -> Rejected | Iterator[str]:
        try:
            # Bytes take half the memory of str, sort directly, and need no path objects.
            names = os.listdir(os.fsencode(path))  # noqa: PTH208
        except OSError as error:
            return Rejected(
                key or ".",
                path,
                f"The folder cannot be read: {error.strerror}.",
                "Check read permissions, or leave it out with --exclude.",
                reason="unreadable-folder",
            )
        # Reversed, because names are taken from the end, where pop() is cheap.
        names.sort(reverse=True)
        return _taken(names, f"{key}/" if key else "")


def _taken(names: list[bytes], prefix: str) -> Iterator[str]:
    """Yield the last name first, and forget each one."""
    while names:
        # Bytes that the system's encoding cannot decode become surrogates; open() undoes that.
        yield prefix + names.pop().decode(FILE_NAMES, FILE_NAME_ERRORS)


def _single(location: str) -> Reference | Rejected:
    """Return a file that is itself an INPUT."""
    path = os.path.abspath(location)  # noqa: PTH100
    key = Path(path).name
    try:
        found = _file(key, path, os.stat(path))  # noqa: PTH116 - as below a folder
        archive = _archive(location) if isinstance(found, Reference) else None
    except OSError as error:
        return _unreadable(key, path, error)
    # A failure, because the user names it.  Below a folder, it is like any file that is not DICOM.
    return archive or found


def _archive(location: str) -> Rejected | None:
    """Return what to do with an archive; None for every other file."""
    with open(location, "rb", buffering=0) as stream:  # noqa: PTH123 - a str
        head = stream.read(FIRST_BYTES)
    for start, signature, what, command in ARCHIVES:
        if head.startswith(signature, start):
            path = Path(location)
            folder = shlex.quote(str(path.with_suffix("")))
            unpack = command.format(file=shlex.quote(location), folder=folder)
            return Rejected(
                path.name,
                os.path.abspath(location),  # noqa: PTH100
                f"The file is {what}, and archives are not read yet.",
                f"Unpack it and convert the folder: {unpack} && dcmconv run {folder}"
                if unpack
                else "Unpack it and convert the folder.",
                reason="archive",
            )
    return None


def _file(key: str, path: str, status: os.stat_result) -> Reference | Rejected:
    if not stat.S_ISREG(status.st_mode):
        return _not_a_file(key, path, "A device, a pipe or a socket, not a file.")
    return Reference(key, path, status.st_size, status.st_mtime_ns)


def _unreadable(key: str, path: str, error: OSError) -> Rejected:
    if isinstance(error, FileNotFoundError):
        return _not_a_file(key, path, "A broken link, or a file that no longer exists.")
    return Rejected(
        key,
        path,
        f"It cannot be examined: {error.strerror}.",
        "Check read permissions, or leave it out with --exclude.",
    )


def _not_a_file(key: str, path: str, message: str) -> Rejected:
    return Rejected(key, path, message, reason="not-a-file", failed=False)


def _identity(path: str | Path) -> Identity | None:
    """Return the identity of a folder; None for anything else."""
    try:
        status = os.stat(path)  # noqa: PTH116 - once for every input
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
