"""What a path given to ``--out`` or ``save()`` names: a folder, or a file that some writer makes.

Only what writers declare decides; no suffix is built in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.errors import DcmconvError, UsageError

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.model.components import Writer
    from dcmconv.plugins.registry import Registry

__all__ = ["check_out", "ends_like_a_folder", "find_writer", "names_a_file", "no_writer_error"]

_FILE_TYPE = re.compile(r"\.[a-z][a-z0-9]{1,4}", re.IGNORECASE)
"""A suffix that people give to files.  ``out.2024``, ``v1.2`` and UIDs stay names of folders."""

# At least two letters: one letter and a colon is a drive of Windows.
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def ends_like_a_folder(text: str) -> bool:
    """Return whether a path ends with a separator, which ``Path`` drops."""
    return text.endswith(("/", os.sep))


def check_out(text: str) -> None:
    """Check that a path given as ``--out`` is not one that other programs treat specially.

    A folder of such a name would be created otherwise, which is rarely wanted.

    Raises
    ------
    UsageError
        If it is ``-`` or a URL.
    """
    if text == "-":
        raise UsageError(
            "Pictures cannot be written to standard output.",
            hint="Name a file or a folder: -o picture.png or -o pictures; for a folder of the name "
            "-, type -o ./-",
        )
    if _URL.match(text):
        raise UsageError(
            f"{text} is a URL; pictures are written to files and folders of this machine.",
            hint="Name a folder, such as -o pictures, and copy it there afterwards.",
        )


def names_a_file(out: Path, plan: Plan) -> bool:
    """Return whether ``out`` names one picture of a plan rather than a folder.

    A suffix that a writer of the plan declares names a file.  Any other suffix that looks like a
    file type is an error, because a folder of that name is rarely wanted.

    Raises
    ------
    UsageError
        If the plan makes no such file, or more than one output.
    """
    if not out.suffix or out.is_dir():
        return False
    lanes = {lane.id: lane for lane in plan.all_lanes}
    writers = [cast("Writer", lane.writer.load()) for lane in lanes.values()]
    if any(_has_suffix(out, writer) for writer in writers):
        if len(lanes) == 1:
            return True
        suffix = out.suffix.removeprefix(".")
        raise UsageError(
            f"{out} names one file, but the chain has several outputs: {', '.join(lanes)}.",
            hint=f"Name a folder: -o pictures/ (with all of them as {suffix}: -w all:{suffix}).",
        )
    if not _looks_like_a_file(out):
        return False
    made = sorted({writer.suffix for writer in writers})
    names = " and ".join(sorted({f"'{lane.writer.name}'" for lane in lanes.values()}))
    raise UsageError(
        f"{out} ends in {out.suffix}, but writer {names} makes {' and '.join(made)} files.",
        hint=f"Name it {out.with_suffix(made[0])}, choose another writer with -w, or end the name "
        f"with / for a folder: -o {out}/",
    )


def find_writer(path: Path, registry: Registry) -> str:
    """Return the name of the installed writer that makes such files; empty if none does.

    Raises
    ------
    UsageError
        If several writers declare the suffix and none is named after it.
    """
    if not path.suffix:
        return ""
    named = path.suffix.lower().removeprefix(".")
    # The writer named after the suffix is tried first, so that the others are not imported.
    by_name = [name for name in registry.names("writer") if name == named]
    found = _declaring(path, by_name, registry)
    found = found or _declaring(path, registry.names("writer"), registry)
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} writers make {path.suffix} files: {', '.join(found)}.",
            hint=f"Choose one: -w {found[0]}",
        )
    return found[0] if found else ""


def no_writer_error(
    path: Path, registry: Registry, *, may_be_folder: bool = True
) -> UsageError | None:
    """Return the error for a path whose suffix looks like a file type that no writer makes."""
    if not _looks_like_a_file(path):
        return None
    loaded = (_load(name, registry) for name in registry.names("writer"))
    made = sorted({writer.suffix for writer in loaded if writer is not None})
    hint = (
        f"Name it {path.with_suffix(made[0])}, for example; installed writers make "
        f"{', '.join(made)} files."
    )
    if may_be_folder:
        hint += f" For a folder, end the name with /: {path}/"
    return UsageError(f"{path}: no installed writer makes {path.suffix} files.", hint=hint)


def _looks_like_a_file(path: Path) -> bool:
    # A file that exists already is reported when the folder is opened.
    return bool(_FILE_TYPE.fullmatch(path.suffix)) and not path.exists()


def _declaring(path: Path, names: Iterable[str], registry: Registry) -> list[str]:
    loaded = {name: _load(name, registry) for name in names}
    return [name for name, writer in loaded.items() if writer and _has_suffix(path, writer)]


def _load(name: str, registry: Registry) -> type[Writer] | None:
    # `dcmconv doctor` reports a broken writer, and choosing one by name does.
    with suppress(DcmconvError):
        return cast("type[Writer]", registry.load("writer", name))
    return None


def _has_suffix(path: Path, writer: Writer | type[Writer]) -> bool:
    suffixes = (writer.suffix, *writer.other_suffixes)
    return path.name.lower().endswith(tuple(suffix.lower() for suffix in suffixes))
