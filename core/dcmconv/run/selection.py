"""Which inputs are wanted, by their names."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["EVERYTHING", "Selection"]


@dataclass(frozen=True)
class Selection:
    """Shell patterns over keys: one of ``include`` fits, and none of ``exclude``.

    A pattern with a slash is held against the whole key, one without against the last part of it.
    Inputs that are not wanted are not counted: they are no part of the run.

    Parameters
    ----------
    include : tuple of str
        Empty means everything.
    exclude : tuple of str
        Wins over ``include``.

    Examples
    --------
    >>> Selection(include=("*.dcm",)).wants("CT/IM0001.dcm")
    True
    >>> Selection(exclude=("CT/*",)).wants("CT/IM0001.dcm")
    False
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, key: str) -> bool:
        """Say whether an input belongs to the run."""
        if any(_fits(key, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_fits(key, pattern) for pattern in self.include)


EVERYTHING = Selection()


def _fits(key: str, pattern: str) -> bool:
    return fnmatchcase(key if "/" in pattern else key.rpartition("/")[2], pattern)
