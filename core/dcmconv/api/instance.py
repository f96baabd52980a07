"""``open``: one input whose frames are read one at a time, when they are asked for."""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, Unpack, overload

from dcmconv.api.attribute_view import AttributeView
from dcmconv.api.conversion import chain_of, convert
from dcmconv.api.inputs import InputLike, input_file
from dcmconv.api.plans import ChainKeywords, ChainLike, ComponentLike, listing
from dcmconv.api.python_hints import python_hints
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcmconv.api.rendered_picture import RenderedPicture
    from dcmconv.chain.plan import Plan
    from dcmconv.model.frame import Attributes, Frame
    from dcmconv.model.frame_parts import Spacing
    from dcmconv.render import Converter, OpenInput

__all__ = ["Instance", "InstanceFrame", "open"]

Policy = Literal["strict", "default", "salvage"]
FrameRanges = tuple[tuple[int, int | None], ...]


def open(  # noqa: A001 - dcmconv.open, as PIL.Image.open
    source: InputLike,
    *,
    read: ComponentLike | Sequence[ComponentLike] | None = None,
    decoders: Mapping[str, ComponentLike] | None = None,
    policy: Policy = "default",
) -> Instance:
    """Open one input; its pixels are read later, frame by frame.

    Parameters
    ----------
    source : path, bytes, file or Dataset
        As for ``convert``.
    read : str or mapping, optional
        Options of a reader: ``"dicom:values=suvbw"`` for PET as SUV.
    decoders : mapping, optional
        Transfer Syntax to decoder.
    policy : str
        ``strict``: a note is an error; ``salvage``: what is left of damaged files.

    Returns
    -------
    Instance
        A sequence of frames; use it with ``with``, or call ``close()``.

    Raises
    ------
    SkipInput
        If the input has no picture.
    InputError, UnsupportedError
        If it is damaged or cannot be decoded.
    UsageError
        If it is not an input; a missing file is also a ``FileNotFoundError``.

    Examples
    --------
    >>> import dcmconv
    >>> from pydicom.data import get_testdata_file
    >>> with dcmconv.open(get_testdata_file("CT_small.dcm")) as instance:
    ...     frame = instance[0]
    ...     print(instance.attributes["Modality"], frame.modality_values.max(), frame.units)
    CT 1167.0 HU
    """
    from dcmconv.render import Converter

    plan = chain_of(None, {"read": read, "decoders": decoders, "policy": policy}).plan
    file = input_file(source)
    with python_hints(plan):
        return Instance(Converter(plan).open(file), plan, file.key)


class Instance(Sequence["InstanceFrame"]):
    """One opened input: a sequence of its frames, which are read when they are asked for.

    ``dcmconv.open`` returns it; ``convert`` and a ``Chain`` take it as an input.

    It has ``len(instance)`` frames: ``instance[0]``, ``instance[-1]``, slices, iteration.  One at a
    time is held in memory, the last one that was read.  Threads may share an instance: it reads one
    frame after the other.  Each process opens its own.  After ``close()``, attributes and notes can
    still be looked up.
    """

    def __init__(self, opened: OpenInput, plan: Plan, name: str) -> None:
        self._opened = opened
        self._plan = plan
        self._name = name
        self._lock = threading.RLock()
        self._last: Frame | None = None
        self._close = weakref.finalize(self, opened.instance.close)

    def __reduce__(self) -> str:
        raise TypeError("an open Instance cannot be sent to another process: open it there")

    def __len__(self) -> int:
        return self._opened.frame_count

    @overload
    def __getitem__(self, index: int) -> InstanceFrame: ...

    @overload
    def __getitem__(self, index: slice) -> list[InstanceFrame]: ...

    def __getitem__(self, index: int | slice) -> InstanceFrame | list[InstanceFrame]:
        if isinstance(index, slice):
            return [InstanceFrame(self, each) for each in range(len(self))[index]]
        return InstanceFrame(self, self._checked(index))

    def _checked(self, index: int) -> int:
        """Return the index of a frame as a number from 0; a negative one counts from the end."""
        try:
            return range(len(self))[operator.index(index)]
        except TypeError:
            raise TypeError(
                f"expected the index of a frame, got {index!r:.40}; attributes are in .attributes"
            ) from None
        except IndexError:
            raise IndexError(
                f"there is no frame with index {index}; indices are 0 to {len(self) - 1}"
            ) from None

    def __iter__(self) -> Iterator[InstanceFrame]:
        return (InstanceFrame(self, index) for index in range(len(self)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; more than once does no harm."""
        with self._lock:
            self._last = None
            self._close()

    @property
    def is_closed(self) -> bool:
        """Whether frames can no longer be read."""
        return not self._close.alive

    @property
    def attributes(self) -> AttributeView:
        """The attributes of the whole input: by keyword, tag or path."""
        return AttributeView(self._opened.attributes)

    @property
    def transfer_syntax(self) -> str:
        """The UID of the Transfer Syntax; empty if the format has none."""
        return self._opened.instance.transfer_syntax

    @property
    def notes(self) -> tuple[str, ...]:
        """What was doubtful so far: there may be more when further frames have been read."""
        return tuple(dict.fromkeys((*self._opened.notes, *self._opened.instance.notes())))

    @property
    def rows(self) -> int:
        """Rows of the first frame, which is decoded for that."""
        return self.decode(0).rows

    @property
    def columns(self) -> int:
        """Columns of the first frame, which is decoded for that."""
        return self.decode(0).columns

    @property
    def spacing(self) -> Spacing | None:
        """Spacing in mm of the first frame, which is decoded for that; None if unknown."""
        return self.decode(0).spacing

    def decode(self, frame_index: int) -> Frame:
        """Return a decoded frame, counted from 0, with everything that the file says about it.

        The same ``Frame`` as a normalizer of a plugin gets.

        Raises
        ------
        IndexError
            If there is no such frame.
        InputError, UnsupportedError
            If it is damaged or cannot be decoded.
        UsageError
            If the instance is closed.
        """
        frame_index = self._checked(frame_index)
        with self._lock:
            last = self._last
            if self.is_closed:
                raise UsageError(
                    f"{self._name} is closed; its frames can no longer be read.",
                    hint="Read them inside of the with block, or before close().",
                )
            if last is None or last.frame_number != frame_index + 1:
                # Let go before the next one is decoded: one frame in memory, not two.
                last = self._last = None
                with python_hints():
                    last = self._last = self._opened.frame(frame_index + 1)
            return last

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of a frame, counted from 0; its pixels are not read."""
        return self._opened.instance.attributes_of(self._checked(frame_index) + 1)

    def __open_with__(self, converter: Converter, frames: FrameRanges | None) -> OpenInput:
        """Return the open input with the lanes of a chain: what ``chain(instance)`` converts."""
        plan, own = converter.plan, self._plan
        if (plan.readers, plan.decoders) != (own.readers, own.decoders):
            raise UsageError(
                "The chain says how inputs are read, and this one is open already.",
                hint="Say it there: dcmconv.open(INPUT, read=..., decoders=...)",
            )
        if plan.run.policy not in ("default", own.run.policy):
            raise UsageError(
                f"The policy of the chain is {plan.run.policy}; the input was opened with "
                f"{own.run.policy}.",
                hint=f"Open it with policy={plan.run.policy!r}.",
            )
        model = replace(self._opened.instance, read_frame=self.decode, close=lambda: None)
        return converter.of_instance(model, frames, own.run.policy)

    def __repr__(self) -> str:
        count = len(self)
        parts = [f"{count} frame{'s' * (count != 1)}", self.transfer_syntax]
        parts += ["closed"] if self.is_closed else []
        return f"<Instance {self._name!r}: {', '.join(filter(None, parts))}>"


@dataclass(frozen=True, repr=False)
class InstanceFrame:
    """One frame of an opened input; its pixels are read when they are asked for.

    ``convert`` and a ``Chain`` take it as an input.
    """

    instance: Instance
    frame_index: int
    """Counted from 0."""

    @property
    def frame_number(self) -> int:
        """Counted from 1, as in DICOM."""
        return self.frame_index + 1

    @property
    def stored_values(self) -> NDArray[Any]:
        """The values as stored: (rows, columns), or (rows, columns, 3 or 4) for color; read-only.

        Masked to Bits Stored and sign-extended; YBR as RGB; of a palette the indices.
        """
        return self.instance.decode(self.frame_index).stored_values

    @property
    def modality_values(self) -> NDArray[Any]:
        """The values in modality units, such as HU or SUV (see ``units``): a new float64 array.

        Padding has the value that marks it.
        """
        return self.instance.decode(self.frame_index).modality_values()

    @property
    def units(self) -> str:
        """Of ``modality_values``, such as ``HU`` or ``SUVbw``; empty if the file does not say."""
        return self.instance.decode(self.frame_index).units

    @property
    def spacing(self) -> Spacing | None:
        """Distance between the rows and between the columns in mm; None if unknown."""
        return self.instance.decode(self.frame_index).spacing

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``stored_values``."""
        return self.stored_values.shape

    @property
    def notes(self) -> tuple[str, ...]:
        """What was doubtful about this frame and the header."""
        return self.instance.decode(self.frame_index).notes

    @property
    def attributes(self) -> AttributeView:
        """The attributes of this frame, functional groups included; pixels are not read."""
        return AttributeView(self.instance.attributes_of(self.frame_index))

    def __array__(self, *_: object, **__: object) -> NoReturn:
        # NumPy would make an array that holds this object.
        raise TypeError("a frame has several arrays: choose stored_values or modality_values")

    @listing(ChainKeywords)
    def render(
        self,
        *,
        output: str | None = None,
        chain: ChainLike | None = None,
        **keywords: Unpack[ChainKeywords],
    ) -> RenderedPicture:
        """Return the picture of this frame; the arguments are those of ``dcmconv.convert``.

        Parameters
        ----------
        output : str, optional
            The id of an output; needed if the chain has several for this input.
        chain : path, ``preset:NAME``, mapping or Chain, optional
            The chain to start from; the other keywords take precedence over it.
        **keywords
            ``normalize``, ``colormap``, ``steps``, ``invert``, ``bits``, ...

        Raises
        ------
        UsageError
            If the chain is invalid, needs statistics of a series or a run, says how inputs are
            read, or chooses frames.
        """
        return convert(self, output=output, chain=chain, **keywords)

    def __open_with__(self, converter: Converter, frames: FrameRanges | None) -> OpenInput:
        """Return the open input with the lanes of a chain: what ``chain(frame)`` converts."""
        if frames or converter.plan.frames:
            raise UsageError(
                "One frame of an input was given, and a frame number as well.",
                hint="Give the frame, instance[1], or the instance and frame=2.",
            )
        return self.instance.__open_with__(converter, ((self.frame_number, self.frame_number),))

    def __repr__(self) -> str:
        return f"<InstanceFrame {self.frame_number} of {len(self.instance)} of {self.instance!r}>"
