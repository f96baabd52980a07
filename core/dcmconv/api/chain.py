"""``Chain``: what is done to every input, compiled once and used for any number of them."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from dcmconv.api.batch import run
from dcmconv.api.inputs import InputLike, open_with
from dcmconv.api.plans import ChainKeywords, ChainLike, listing, registry
from dcmconv.api.python_hints import python_hints
from dcmconv.api.rendered_picture import RenderedPicture
from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import KEYWORDS, chain_from_keywords, check_keywords, with_bits
from dcmconv.chain.loader import PRESET
from dcmconv.chain.spec import DEFAULT_CHAIN, ChainSpec, ComponentSpec, OutputSpec, RuleSpec
from dcmconv.chain.values import as_text, frames_as_text, output_as_text
from dcmconv.errors import SkipInput, UsageError
from dcmconv.render import Converter, OpenInput

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan

    class EitherForm(RenderedPicture, dict[str, RenderedPicture]):
        """What type checkers allow: the author of a chain knows which of the two it returns."""


__all__ = ["Chain"]

OWN_KEYWORDS = ("chain", *ChainKeywords.__annotations__)


class Chain:
    """What is done to every input: compiled once, and called for any number of inputs.

    A chain can be shared by threads, pickled for worker processes and data loaders, compared and
    hashed by what it does, and written as a chain file.  It never changes.

    Parameters
    ----------
    chain : path, ``preset:NAME``, mapping or Chain, optional
        The chain to start from; the keywords take precedence over it.
    read, decoders, normalize, invert, steps, colormap, aspect, rules, outputs, frames, policy
        As in a chain file.  A component is a text, a mapping with ``use``, or an object:
        ``"window:name=lung"``, ``{"use": "window", "name": "lung"}``, ``Window(name="lung")``.
    writers, writer
        Other spellings of ``outputs``.
    bits : 8 or 16
        Bits of the display values, for every output.

    Raises
    ------
    UsageError
        If the chain is invalid, or a keyword has no effect on pictures in memory.

    Examples
    --------
    >>> import dcmconv
    >>> from pydicom.data import get_testdata_file
    >>> chain = dcmconv.Chain(normalize="window:center=40,width=400", steps=["resize:max=64"])
    >>> chain(get_testdata_file("CT_small.dcm")).pixels.shape
    (64, 64)
    """

    spec: ChainSpec
    plan: Plan

    @listing(ChainKeywords)
    def __init__(self, chain: ChainLike | None = None, **keywords: Unpack[ChainKeywords]) -> None:
        with python_hints():
            spec, plan = _compiled(chain, keywords)
        self.__dict__.update(spec=spec, plan=plan)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"a Chain never changes, so {name} cannot be set; make another from it: "
            "dcmconv.Chain(chain, normalize=...)"
        )

    @classmethod
    @listing(ChainKeywords)
    def from_yaml(cls, path: str | PathLike[str], **keywords: Unpack[ChainKeywords]) -> Chain:
        """Return the chain of a file; the keywords take precedence over it."""
        if not isinstance(path, (str, PathLike)):
            raise UsageError(
                f"Expected the path of a chain file, got {path!r:.80}.",
                hint="For a mapping or a preset: dcmconv.Chain(...)",
            )
        return cls(fspath(path), **keywords)

    @classmethod
    @listing(ChainKeywords)
    def from_preset(cls, name: str, **keywords: Unpack[ChainKeywords]) -> Chain:
        """Return the chain of a preset, such as ``ml-8bit``; the keywords take precedence."""
        return cls(PRESET + str(name).removeprefix(PRESET), **keywords)

    def to_yaml(self, path: str | PathLike[str] | None = None) -> str:
        """Return the chain as the text of a chain file, and write it if a path is given.

        Raises
        ------
        UsageError
            If it has a component whose class no plugin offers: a file cannot name it.
        """
        from dcmconv.chain.show import chain_as_yaml

        text = chain_as_yaml(self.spec, registry())
        if path is not None:
            Path(path).write_text(text, "utf-8")
        return text

    @property
    def outputs(self) -> tuple[str, ...]:
        """The ids of the outputs, those of rules included."""
        return tuple(dict.fromkeys(lane.id for lane in self.plan.all_lanes))

    @overload
    def __call__(
        self, source: InputLike, *, frame: int | None = ..., output: str
    ) -> RenderedPicture: ...

    @overload
    def __call__(
        self, source: InputLike, *, frame: int | None = ..., output: None = ...
    ) -> EitherForm: ...

    def __call__(
        self,
        source: InputLike,
        *,
        frame: int | None = None,
        output: str | None = None,
    ) -> RenderedPicture | dict[str, RenderedPicture]:
        """Return the picture of one frame; of a chain with several outputs, a dict by their ids.

        Parameters
        ----------
        source : path, bytes, file or Dataset
            A file, its bytes (``bytes``, ``bytearray``, ``memoryview``), a binary file object (read
            from its start and left open), or a pydicom ``Dataset`` in its current state.
        frame : int, optional
            Frame number, from 1; by default the first of ``frames``.
        output : str, optional
            The id of one output, whose picture alone is made and returned.

        Raises
        ------
        SkipInput
            If the input has no picture, or a rule gives it other outputs than ``output``.
        InputError, UnsupportedError
            If the input is damaged or cannot be decoded.
        UsageError
            If the chain has no such output, or needs statistics of a series or a run.
        """
        self._check_output(output)
        frames = None if frame is None else (_frame_range(frame),)
        with python_hints(self.plan), open_with(self._converter, source, frames) as opened:
            opened.frame_numbers = opened.frame_numbers[:1]
            (made,) = _rendered(opened, output)
        return self._returned(made, output)

    @overload
    def frames(self, source: InputLike, *, output: str) -> Iterator[RenderedPicture]: ...

    @overload
    def frames(self, source: InputLike, *, output: None = ...) -> Iterator[EitherForm]: ...

    def frames(
        self, source: InputLike, *, output: str | None = None
    ) -> Iterator[RenderedPicture | dict[str, RenderedPicture]]:
        """Yield for each frame what a call returns, one at a time."""
        self._check_output(output)
        return self._frames(source, output)

    def _frames(
        self, source: InputLike, output: str | None
    ) -> Iterator[RenderedPicture | dict[str, RenderedPicture]]:
        with python_hints(self.plan), open_with(self._converter, source) as opened:
            for made in _rendered(opened, output):
                yield self._returned(made, output)

    def __repr__(self) -> str:
        return f"Chain({', '.join(_shown(self.spec))})"

    def __eq__(self, other: object) -> bool:
        return self._identity == other._identity if isinstance(other, Chain) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity)

    def __getstate__(self) -> dict[str, Any]:
        # Opened components stay in their process; another one makes its own.
        return {"spec": self.spec, "plan": self.plan}

    @property
    def _identity(self) -> tuple[str, str]:
        return self.plan.digest, self.plan.run.policy

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.plan)

    @cached_property
    def _has_several(self) -> bool:
        rules = (rule.lanes for rule in self.plan.rules if not rule.skip)
        return any(len(lanes) > 1 for lanes in (self.plan.lanes, *rules))

    def _returned(
        self, made: dict[str, RenderedPicture], output: str | None
    ) -> RenderedPicture | dict[str, RenderedPicture]:
        # Never by the number of pictures made: a rule may give one input fewer than another.
        return made if self._has_several and output is None else next(iter(made.values()))

    def _check_output(self, output: str | None) -> None:
        if output is not None and output not in self.outputs:
            raise UsageError(
                f"The chain has no output '{output}'; its outputs are {', '.join(self.outputs)}.",
                hint=f"For example: output={self.outputs[0]!r}",
            )


def _compiled(chain: ChainLike | None, keywords: Mapping[str, Any]) -> tuple[ChainSpec, Plan]:
    given = {word: value for word, value in keywords.items() if value is not None}
    _check_for_pictures(given)
    bits = given.pop("bits", None)
    start = chain.spec if isinstance(chain, Chain) else chain
    spec = chain_from_keywords({"chain": start, **given}, registry())
    if bits is not None:
        spec = with_bits(spec, bits, registry())
    # Its notes were warnings here, and would be again for each chain that starts from this one.
    return replace(spec, notes=()), compile_chain(spec, registry())


def _check_for_pictures(given: Mapping[str, Any]) -> None:
    for word in given:
        if word in OWN_KEYWORDS:
            continue
        if word in KEYWORDS or word in inspect.signature(run).parameters:
            more = "" if word in ("inputs", "out") else f", {word}=..."
            raise UsageError(
                f"'{word}' has no effect on a picture in memory.",
                hint=f"Leave it out, or write files: dcmconv.run(inputs, out{more})",
            )
        check_keywords([word], OWN_KEYWORDS, registry())


def _rendered(opened: OpenInput, output: str | None) -> Iterator[dict[str, RenderedPicture]]:
    """Yield the pictures of each wanted frame by the ids of their outputs."""
    for request in opened.wide_requests:
        raise UsageError(
            f"The normalizer needs statistics of the {request.scope}, but this is one input.",
            hint="Use dcmconv.run(), which reads all inputs, or scope=instance.",
        )
    if output is not None:
        opened.lanes = tuple(lane for lane in opened.lanes if lane.lane.id == output)
        if not opened.lanes:
            raise SkipInput(
                f"The chain makes no output '{output}' of this input.",
                hint="A rule of the chain gives it other outputs.",
                reason="rule",
            )
    finished = opened.finished_pictures()
    while pictures := list(islice(finished, len(opened.lanes))):
        yield {lane.lane.id: RenderedPicture(picture, lane.writer) for picture, lane in pictures}


def _frame_range(frame: int) -> tuple[int, int]:
    try:
        number = operator.index(frame)
    except TypeError:
        raise UsageError(
            f"frame is {frame!r}; expected a number from 1.", hint="For example: frame=1"
        ) from None
    if number < 1:
        raise UsageError(
            f"frame is {number}; frames are counted from 1.", hint="The first is frame=1."
        )
    return number, number


def _shown(spec: ChainSpec) -> Iterator[str]:
    """Yield what a chain says besides the defaults, in the form of its keywords."""
    for word, value in vars(spec).items():
        if (
            value is None
            or word in ("run", "extended", "problems", "files", "notes")
            or word.endswith("_locations")
        ):
            continue
        if value == getattr(DEFAULT_CHAIN, word):
            continue
        shown = frames_as_text(value) if word == "frames" else value
        yield f"{word}={_short(shown)}"
    if "policy" in spec.run.options:
        yield f"policy={spec.run.options['policy']!r}"


def _short(value: Any) -> str:
    """Return a value of a chain as a caller may write it; of a rule, what it applies to."""
    if isinstance(value, ComponentSpec):
        return repr(as_text(value))
    if isinstance(value, OutputSpec):
        return repr(output_as_text(value))
    if isinstance(value, RuleSpec):
        when = {word: list(values) for word, values in value.when.items()}
        return f"{{'when': {when}, ...}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_short(each)}' for key, each in value.items())}}}"
    return repr(value)
