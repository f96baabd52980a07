"""Millions of digests remembered in little memory: what is too much for it lies on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from heapq import merge
from typing import TYPE_CHECKING

from dcmconv.errors import OutputError

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["DigestTable"]

MOST_HELD = 1 << 15
"""Entries in memory: 7 MB of them."""

CACHE_KIB = 4096
_HALF = 1 << 63
"""SQLite's whole numbers have a sign, digests have none."""


class DigestTable:
    """From one number of 64 bits to another.

    Small tables are a dict.  Beyond ``MOST_HELD`` entries the rest goes to a temporary database of
    SQLite, which has no name and is gone with the process; where there is no room for that, memory
    has to serve.
    """

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._stored: Connection | None = None
        self._has_room = True

    def get(self, key: int) -> int | None:
        """Return what a key leads to, or None."""
        value = self._held.get(key)
        if value is not None or self._stored is None:
            return value
        with _reading():
            found = self._stored.execute("SELECT value FROM entry WHERE key = ?", [key - _HALF])
            row = found.fetchone()
        return None if row is None else int(row[0]) + _HALF

    def set(self, key: int, value: int) -> None:
        """Remember where a key leads."""
        self._held[key] = value
        if len(self._held) > MOST_HELD and self._has_room:
            self._store()

    def update(self, entries: Iterable[tuple[int, int]]) -> None:
        """Remember several."""
        for key, value in entries:
            self.set(key, value)

    def values(self) -> Iterator[int]:
        """Yield every value, the least first."""
        return merge(sorted(self._held.values()), self._stored_values())

    def __bool__(self) -> bool:
        return bool(self._held) or self._stored is not None

    def __len__(self) -> int:
        return len(self._held) + sum(1 for _ in self._stored_values())

    def _stored_values(self) -> Iterator[int]:
        """Yield the values of keys that are not held: those count no more."""
        if self._stored is not None:
            with _reading():
                found = self._stored.execute("SELECT key, value FROM entry ORDER BY value")
                for key, value in found:
                    if key + _HALF not in self._held:
                        yield value + _HALF

    def _store(self) -> None:
        from sqlite3 import Error

        # In the order of the keys, so that each page of the database is looked for once.
        rows = ((key - _HALF, value - _HALF) for key, value in sorted(self._held.items()))
        try:
            if self._stored is None:
                self._stored = _database()
            self._stored.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", rows)
        except Error:
            self._has_room = False
            return
        self._held.clear()


@contextmanager
def _reading() -> Iterator[None]:
    """Say in words that SQLite, which sorts and spills there, has no room for temporary files."""
    from sqlite3 import Error

    try:
        yield
    except Error as error:
        raise OutputError(
            f"What the run remembers cannot be looked up: {error}.",
            hint="Make room in the folder for temporary files, or name another one: TMPDIR=...",
            reason="disk-full",
        ) from error


def _database() -> Connection:
    import sqlite3

    # Without a name: a file of its own in the folder for temporary ones, removed when it is open.
    made = sqlite3.connect("", isolation_level=None)
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
        made.execute(f"PRAGMA {pragma}")
    made.execute("CREATE TABLE entry (key INTEGER PRIMARY KEY, value INTEGER)")
    return made
