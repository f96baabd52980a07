"""The front door for hook modules: ``hookimpl``, and the hooks that a plugin can implement.

Keep a hook module light: it returns names and ``"module:Class"`` strings and imports no component,
so that listing the plugins stays fast.

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
"""The entry point group of plugins, and the prefix of every hook's name."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Offer(NamedTuple):
    """A target, with what dcmconv needs to know before importing it.

    ``summary`` is one line for ``--help``.  An executor can be the default of runs that name none:
    ``default_for`` is ``"few"`` inputs, where starting workers costs more than it saves, or
    ``"many"``.  The highest ``rank`` wins; of equal ranks, the first ``plugin/name``.  An executor
    without ``default_for`` is used only where it is named.
    """

    target: str
    summary: str = ""
    default_for: str = ""
    rank: int = 0


Refs = Mapping[str, "str | Offer"]
"""Name to ``"package.module:Class"``, or to an ``Offer`` with that target."""


class Specs:
    """The hooks.  All are called in the main process only, and never for a frame or a pixel.

    Except ``dcmconv_image``, which Python programs call for a picture.

    The hooks of ``KINDS`` return *name → "module:Class"*; names are lower case with dashes.
    """

    @hookspec
    def dcmconv_readers(self) -> Refs:  # type: ignore[empty-body]
        """Offer readers: bytes in, Frames out.  The highest ``sniff`` gets an input."""

    @hookspec
    def dcmconv_decoders(self) -> Refs:  # type: ignore[empty-body]
        """Offer decoders: the codestream of one frame in, its values out.  Used only by choice."""

    @hookspec
    def dcmconv_normalizers(self) -> Refs:  # type: ignore[empty-body]
        """Offer normalizers: a Frame in, a tone curve out."""

    @hookspec
    def dcmconv_colormaps(self) -> Refs:  # type: ignore[empty-body]
        """Offer colormaps: a table of 256 colors."""

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
        """Offer executors: where the inputs are converted."""

    @hookspec
    def dcmconv_presets(self) -> Refs:  # type: ignore[empty-body]
        """Offer presets: name → ``"package:path/to/chain.yaml"``."""

    @hookspec
    def dcmconv_commands(self) -> Refs:  # type: ignore[empty-body]
        """Offer subcommands of ``dcmconv``."""

    @hookspec(firstresult=True)
    def dcmconv_image(self, picture: Any, library: str) -> Any:
        """Return a Picture as an image object of a library; None for a library that is not yours.

        What ``RenderedPicture.to_pil()`` asks for is ``pillow``.  A picture of labels has colors.
        """

    @hookspec
    def dcmconv_configure(self, plan: Any) -> None:
        """Look at the plan before the first input; raise ``UsageError`` to stop the run."""

    @hookspec
    def dcmconv_run_started(self, plan: Any, out: Any) -> None:
        """Observe the start of a run; an exception becomes a warning and the run continues."""

    @hookspec
    def dcmconv_record(self, outcome: Outcome) -> None:
        """Observe one finished input: converted, skipped or failed."""

    @hookspec
    def dcmconv_run_finished(self, summary: Summary) -> None:
        """Observe the end of a run."""


KINDS = {
    "reader": "dcmconv_readers",
    "decoder": "dcmconv_decoders",
    "normalizer": "dcmconv_normalizers",
    "colormap": "dcmconv_colormaps",
    "step": "dcmconv_steps",
    "writer": "dcmconv_writers",
    "source": "dcmconv_sources",
    "executor": "dcmconv_executors",
    "preset": "dcmconv_presets",
    "command": "dcmconv_commands",
}
"""Each kind of component, as messages call it, and the hook that offers components of it."""
