"""A plugin with a source for zip archives, and executors, written as a third party would write it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcmconv.hooks import Offer, hookimpl
from dcmconv.plugin import InputFile, Reference, Rejected, Source


@dataclass(frozen=True, kw_only=True)
class ZipSource(Source):
    """The files in a zip archive: ``pacs.zip``, or ``zip:`` and any path."""

    @classmethod
    def claims(cls, location: str) -> int:
        if location.startswith("zip:"):
            return 1
        return 90 if zipfile.is_zipfile(location) else 0

    def walk(self, location: str, *, avoid: Sequence[Path]) -> Iterator[Reference | Rejected]:
        archive = Path(location.removeprefix("zip:")).absolute()
        with zipfile.ZipFile(archive) as opened:
            for member in sorted(opened.namelist()):
                size = opened.getinfo(member).file_size
                yield Reference(member, f"{archive}!{member}", size, archive.stat().st_mtime_ns)

    def open(self, reference: Reference) -> InputFile:
        archive, _, member = reference.locator.partition("!")
        with zipfile.ZipFile(archive) as opened:
            return InputFile(reference.key, content=opened.read(member))


@hookimpl
def dcmconv_sources() -> dict[str, Any]:
    return {"zip": f"{__name__}:ZipSource"}


@hookimpl
def dcmconv_executors() -> dict[str, Any]:
    processes = "dcmconv_builtins.executors.processes:Processes"
    return {
        "named-only": processes,
        "elsewhere": Offer(processes, default_for="many", rank=1),
    }
