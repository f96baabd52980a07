"""The front door for hook modules: ``hookimpl``, and what each hook means.

A hook module is light: it returns names and ``"module:Class"`` strings, and imports nothing else.

>>> from dcmconv.hooks import hookimpl
>>> @hookimpl
... def dcmconv_colormaps():
...     return {"sepia": "dcmconv_sepia.colormap:Sepia"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

if TYPE_CHECKING:
    from dcmconv.model.outcome import Outcome, Summary

__all__ = ["KINDS", "PROJECT", "Offer", "Refs", "hookimpl", "hookspec"]

PROJECT = "dcmconv"
"""The entry point group, and the prefix of every hook."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Offer(NamedTuple):
    """A target with a one-line summary, so that ``--help`` can list it without importing it."""

    target: str
    summary: str


Refs = Mapping[str, "str | Offer"]
"""Name to ``"package.module:Class"``, or to an ``Offer`` of one."""


class Specs:
    """The hooks.  Every one is called in the main process, and none is in the path of a pixel.

    The kinds return a mapping *name → "module:Class"*; a name is lower case with dashes.
    """

    @hookspec
    def dcmconv_readers(self) -> Refs:  # type: ignore[empty-body]
        """Offer readers: bytes in, Frames out.  The surest ``sniff`` reads an input."""

    @hookspec
    def dcmconv_normalizers(self) -> Refs:  # type: ignore[empty-body]
        """Offer normalizers: a Frame in, a tone curve out."""

    @hookspec
    def dcmconv_colormaps(self) -> Refs:  # type: ignore[empty-body]
        """Offer colormaps: a table of 256 colours."""

    @hookspec
    def dcmconv_steps(self) -> Refs:  # type: ignore[empty-body]
        """Offer steps: a Picture in, a Picture out."""

    @hookspec
    def dcmconv_writers(self) -> Refs:  # type: ignore[empty-body]
        """Offer writers: a Picture in, the bytes of a file out."""

    @hookspec
    def dcmconv_sources(self) -> Refs:  # type: ignore[empty-body]
        """Offer sources: where inputs come from."""

    @hookspec
    def dcmconv_executors(self) -> Refs:  # type: ignore[empty-body]
        """Offer executors: where the work is done."""

    @hookspec
    def dcmconv_presets(self) -> Refs:  # type: ignore[empty-body]
        """Offer presets: name → ``"package:path/to/chain.yaml"``."""

    @hookspec
    def dcmconv_commands(self) -> Refs:  # type: ignore[empty-body]
        """Offer subcommands of ``dcmconv``."""

    @hookspec
    def dcmconv_configure(self, plan: Any) -> None:
        """See the plan before the first input; raise ``UsageError`` to veto the run."""

    @hookspec
    def dcmconv_run_started(self, plan: Any, out: Any) -> None:
        """Observe the start of a run; an exception is a warning, never the end."""

    @hookspec
    def dcmconv_record(self, outcome: Outcome) -> None:
        """Observe one finished input: converted, skipped or failed."""

    @hookspec
    def dcmconv_run_finished(self, summary: Summary) -> None:
        """Observe the end of a run."""


KINDS = {
    "reader": "dcmconv_readers",
    "normalizer": "dcmconv_normalizers",
    "colormap": "dcmconv_colormaps",
    "step": "dcmconv_steps",
    "writer": "dcmconv_writers",
    "source": "dcmconv_sources",
    "executor": "dcmconv_executors",
    "preset": "dcmconv_presets",
    "command": "dcmconv_commands",
}
"""Each kind, in the words of messages, and the hook that offers it."""
