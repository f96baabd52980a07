"""Shell patterns for INPUT, such as ``scans/**/*.dcm``, matched while a folder is walked.

Shells expand patterns as well; a quoted one is for trees that have more files than a command line
takes.  The rules are those of a shell: ``*`` and ``?`` stay within a name and match no leading dot,
and ``**`` is any number of folders.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import translate

__all__ = ["PathPattern"]

_WILDCARDS = frozenset("*?[")
_ANY_FOLDERS = "**"


@dataclass(frozen=True)
class PathPattern:
    """A pattern, cut into the folder where the search begins and a pattern for each name below it.

    Parameters
    ----------
    folder : str
        What comes before the first name with a wildcard.
    names : tuple of str
        One for each level; ``**`` for any number of levels.
    """

    folder: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> PathPattern:
        """Cut a pattern.

        >>> PathPattern.of("scans/2024*/*.dcm")
        PathPattern(folder='scans', names=('2024*', '*.dcm'))
        """
        parts = text.replace(os.sep, "/").split("/")
        first = next(number for number, part in enumerate(parts) if set(part) & _WILDCARDS)
        # An absolute path starts with an empty part.
        folder = "/".join(parts[:first]) or ("/" if first else ".")
        return cls(folder, tuple(part for part in parts[first:] if part))

    def matches(self, key: str) -> bool:
        """Say whether a path, relative to the folder, or a folder above it matches.

        >>> PathPattern.of("**/*.dcm").matches("a/b/IM1.dcm")
        True
        """
        return self._is_complete(self._reached(key))

    def may_match_below(self, key: str) -> bool:
        """Say whether a folder can contain a match, so that it has to be walked.

        >>> PathPattern.of("2024*/*.dcm").may_match_below("2023")
        False
        """
        return bool(self._reached(key))

    def _reached(self, key: str) -> set[int]:
        """Return how many names of the pattern the path may have used up: several with ``**``."""
        reached = self._with_no_folders({0})
        for name in key.split("/") if key else ():
            # Whatever is below a folder that matches belongs to it.
            if self._is_complete(reached):
                return reached
            reached = self._with_no_folders(
                {after for number in reached for after in self._after(number, name)}
            )
        return reached

    def _after(self, number: int, name: str) -> set[int]:
        pattern = self.names[number]
        if name.startswith(".") and not pattern.startswith("."):
            return set()
        if pattern == _ANY_FOLDERS:
            return {number}
        # re remembers compiled patterns; not fnmatch, which ignores case on Windows.
        return {number + 1} if re.match(translate(pattern), name) else set()

    def _with_no_folders(self, reached: set[int]) -> set[int]:
        """Add what ``**`` reaches when it matches no folder at all."""
        found = set(reached)
        for number in range(len(self.names)):
            if number in found and self.names[number] == _ANY_FOLDERS:
                found.add(number + 1)
        return found

    def _is_complete(self, reached: set[int]) -> bool:
        return len(self.names) in reached
