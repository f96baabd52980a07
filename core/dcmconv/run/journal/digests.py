"""Short hashes of names, and a table of millions of them that needs little memory."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from heapq import merge
from typing import TYPE_CHECKING

from dcmconv.errors import OutputError

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["DigestTable", "digest_of", "folded_digest", "hex_of"]

MOST_IN_MEMORY = 1 << 15
"""Entries of a ``DigestTable`` that are kept in a dict: 7 MB of them."""

CACHE_KIB = 4096
_HALF = 1 << 63
"""SQLite's integers are signed, digests are not: keys and values are stored shifted by this."""


@lru_cache(maxsize=1 << 13)  # an input is looked up several times, from the walk to its line
def digest_of(text: str) -> int:
    """Return 64 bits for a name; among ten million names, a collision is a 1 in 300,000 chance."""
    return int.from_bytes(hashlib.blake2b(_bytes(text), digest_size=8).digest())


def folded_digest(path: str) -> int:
    """Return 64 bits that are equal for two paths that some file system treats as the same.

    Windows and macOS ignore letter case and Unicode composition in file names.
    """
    if path.isascii():
        return digest_of(path.lower())
    # Case folding can undo the composition, so the result is composed again.
    return digest_of(unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold()))


def hex_of(text: str) -> str:
    """Return 8 hex digits of SHA-256, which make a taken or changed name unique."""
    return hashlib.sha256(_bytes(text)).hexdigest()[:8]


def _bytes(text: str) -> bytes:
    # File names are bytes; those that are not valid UTF-8 appear in a str as lone surrogates.
    return text.encode("utf-8", "surrogatepass")


class DigestTable:
    """A mapping from one 64-bit number to another.

    A small table is a dict.  Beyond ``MOST_IN_MEMORY`` entries the rest goes to an unnamed
    temporary SQLite database, which disappears with the process; without disk space for it,
    everything stays in memory.
    """

    def __init__(self) -> None:
        self._in_memory: dict[int, int] = {}
        self._on_disk: Connection | None = None
        self._has_disk_space = True

    def get(self, key: int) -> int | None:
        """Return the value of a key, or None."""
        # A value in memory is newer than one on disk.
        value = self._in_memory.get(key)
        if value is not None or self._on_disk is None:
            return value
        with _reading():
            found = self._on_disk.execute("SELECT value FROM entry WHERE key = ?", [key - _HALF])
            row = found.fetchone()
        return None if row is None else int(row[0]) + _HALF

    def set(self, key: int, value: int) -> None:
        """Set the value of a key."""
        self._in_memory[key] = value
        if len(self._in_memory) > MOST_IN_MEMORY and self._has_disk_space:
            self._move_to_disk()

    def update(self, entries: Iterable[tuple[int, int]]) -> None:
        """Set several values."""
        for key, value in entries:
            self.set(key, value)

    def values(self) -> Iterator[int]:
        """Yield every value in ascending order."""
        return merge(sorted(self._in_memory.values()), self._values_on_disk())

    def __bool__(self) -> bool:
        return bool(self._in_memory) or self._on_disk is not None

    def __len__(self) -> int:
        return len(self._in_memory) + sum(1 for _ in self._values_on_disk())

    def _values_on_disk(self) -> Iterator[int]:
        """Yield the values on disk, except those that a newer one in memory replaces."""
        if self._on_disk is not None:
            with _reading():
                # Sorted, because merge() expects both of its inputs in ascending order.
                found = self._on_disk.execute("SELECT key, value FROM entry ORDER BY value")
                for key, value in found:
                    if key + _HALF not in self._in_memory:
                        yield value + _HALF

    def _move_to_disk(self) -> None:
        from sqlite3 import Error

        # Sorted by key, so that SQLite looks up each page of the database once.
        rows = ((key - _HALF, value - _HALF) for key, value in sorted(self._in_memory.items()))
        try:
            if self._on_disk is None:
                self._on_disk = _open_database()
            self._on_disk.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", rows)
        except Error:
            # Rows inserted before the error do no harm: those in memory take precedence.
            self._has_disk_space = False
            return
        self._in_memory.clear()


@contextmanager
def _reading() -> Iterator[None]:
    """Turn an error of SQLite, which needs temporary space to sort, into one with a hint."""
    from sqlite3 import Error

    try:
        yield
    except Error as error:
        raise OutputError(
            f"The temporary database of file names cannot be read: {error}.",
            hint="Free space in the folder for temporary files, or set another one: TMPDIR=...",
            reason="disk-full",
        ) from error


def _open_database() -> Connection:
    import sqlite3

    # An empty name makes a temporary file that is already unlinked.
    database = sqlite3.connect("", isolation_level=None)
    # The file does not outlive the process: no rollback file, no flushing.
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE entry (key INTEGER PRIMARY KEY, value INTEGER)")
    return database
