"""``convert`` and ``convert_frames``: one input to pictures in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from dcmconv.api.inputs import InputLike
from dcmconv.api.plans import ChainKeywords, ChainLike, listing, registry
from dcmconv.api.rendered_picture import RenderedPicture
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    from dcmconv.api.chain import Chain
    from dcmconv.chain.plan import Plan
    from dcmconv.plugins.registry import Registry

__all__ = ["chain_of", "convert", "convert_frames"]


@listing(ChainKeywords)
def convert(
    source: InputLike,
    *,
    frame: int | None = None,
    output: str | None = None,
    chain: ChainLike | None = None,
    **keywords: Unpack[ChainKeywords],
) -> RenderedPicture:
    """Convert one frame of one input to a picture in memory.

    The chain is compiled at the first call, and used again by later calls with equal keywords
    unless a file that it names has changed.  For many inputs, ``Chain`` says the same once.

    Parameters
    ----------
    source : path, bytes, file or Dataset
        A file, its bytes (``bytes``, ``bytearray``, ``memoryview``), a binary file object (read
        from its start and left open), or a pydicom ``Dataset`` in its current state.
    frame : int, optional
        Frame number, from 1; by default the first of ``frames``.
    output : str, optional
        The id of an output; needed if the chain has several for this input.
    chain : path, ``preset:NAME``, mapping or Chain, optional
        The chain to start from; the other keywords take precedence over it.
    bits : 8 or 16, optional
        Bits of the display values; by default what the output says, or 8.
    **keywords
        The others are the keywords of ``Chain``: same values as on the command line and in YAML.

    Raises
    ------
    SkipInput
        If the input has no picture.
    InputError, UnsupportedError
        If the input is damaged or cannot be decoded.
    UsageError
        If the chain is invalid, needs statistics of a series or a run, or has several outputs; or
        if a keyword has no effect on a picture in memory.

    Examples
    --------
    >>> import dcmconv
    >>> from pydicom.data import get_testdata_file
    >>> path = get_testdata_file("CT_small.dcm")
    >>> dcmconv.convert(path, normalize="window:center=40,width=400", colormap="bone").pixels.shape
    (128, 128, 3)
    """
    compiled = chain_of(chain, keywords)
    if keywords.get("frames") is not None:
        _check_one_frame(frame, keywords["frames"], compiled.plan)
    return _only(compiled(source, frame=frame, output=output))


@listing(ChainKeywords)
def convert_frames(
    source: InputLike,
    *,
    output: str | None = None,
    chain: ChainLike | None = None,
    **keywords: Unpack[ChainKeywords],
) -> Iterator[RenderedPicture]:
    """Convert every frame of one input, one at a time.

    It has the parameters of ``convert`` except ``frame``: ``frames`` chooses some of the frames.
    A wrong keyword raises at once, and what is wrong with the input when the first frame is read.
    """
    frames = chain_of(chain, keywords).frames(source, output=output)
    return (_only(made) for made in frames)


def _only(made: RenderedPicture | dict[str, RenderedPicture]) -> RenderedPicture:
    if isinstance(made, RenderedPicture):
        return made
    if len(made) > 1:
        first = next(iter(made))
        raise UsageError(
            f"The chain makes {len(made)} pictures of this input: {', '.join(made)}.",
            hint=f"Choose one, output={first!r}, or get all: dcmconv.Chain(...)(input)",
        )
    return next(iter(made.values()))


def _check_one_frame(frame: int | None, frames: Any, plan: Plan) -> None:
    if frame is not None:
        raise UsageError(
            f"frame is {frame!r} and frames is {frames!r}; expected one of them.",
            hint="Name one frame: frame=2",
        )
    ranges = plan.frames
    if len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
        raise UsageError(
            f"frames is {frames!r}, but convert() makes one picture.",
            hint="Name one frame, frame=2, or use dcmconv.convert_frames().",
        )


class _Held:
    """A compiled chain and what it was made from, to detect when it is out of date."""

    def __init__(self, chain: Chain, found: Registry) -> None:
        self.chain = chain
        self.registry = found
        self.stamps = _stamps(chain.spec.files)

    @property
    def may_be_kept(self) -> bool:
        """Whether a later change of what the chain was made from would be noticed."""
        # Files of options, such as a color table, are many kinds of files: only components know.
        if any(each.fingerprint for each in self.chain.plan.components):
            return False
        # A file that is changed twice within a tick of the clock keeps its time.
        return all(time.time_ns() - changed > 2_000_000_000 for _, changed, _ in self.stamps)

    def is_current(self) -> bool:
        """Say whether compiling again would make the same chain."""
        if registry() is not self.registry:
            return False
        return not self.stamps or _stamps(self.chain.spec.files) == self.stamps


def _stamps(files: tuple[str, ...]) -> list[tuple[int, int, int]]:
    """Return what changes when a file is replaced or written to."""
    try:
        found = [Path(name).stat() for name in files]
    except OSError:
        return []  # equal to no stamps of files: compiling again reports the missing file
    return [(each.st_ino, each.st_mtime_ns, each.st_size) for each in found]


_HELD: dict[Any, _Held] = {}
"""Chains by the keywords that they were made from.  Each change of it is a single operation, so
that threads need no lock, which a forked process might inherit locked."""

MOST_HELD = 64


def chain_of(chain: ChainLike | None, keywords: Mapping[str, Any]) -> Chain:
    """Return the chain of some keywords: the one of an earlier call if they are equal."""
    from dcmconv.api.chain import Chain

    if isinstance(chain, Chain) and not keywords:
        return chain
    try:
        key = _frozen(chain), _frozen(keywords)
        held = _HELD.get(key)
    except TypeError:  # such as a generator, which can be read only once
        return Chain(chain, **keywords)
    if held is not None and held.is_current():
        return held.chain
    held = _Held(Chain(chain, **keywords), registry())
    if held.may_be_kept:
        if len(_HELD) >= MOST_HELD:
            _HELD.clear()
        _HELD[key] = held
    return held.chain


def _frozen(value: Any) -> Any:
    """Return a key that is equal for equal values of equal types.

    Raises
    ------
    TypeError
        If the value may change or be used up.
    """
    if isinstance(value, str):
        return str, value
    if isinstance(value, Mapping):
        return tuple((_frozen(key), _frozen(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(_frozen, value))
    if isinstance(value, PathLike):
        return str, fspath(value)
    if isinstance(value, Iterator):
        raise TypeError("an iterator can be read only once")
    # True is equal to 1, and 1 to 1.0, but they are different options.
    return type(value), value
