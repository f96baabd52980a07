"""The kinds of component that a plugin can offer, and the contract of each.

A component is a frozen, keyword-only dataclass: its fields are its options.  It holds no state; the
same instance may serve many inputs in one process, and is made anew from its options in another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import Tone
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import EncodedFrame, InputFile, Instance, Reference, Rejected
from dcmconv.model.options import Component
from dcmconv.model.picture import Domain, Picture
from dcmconv.model.statistics import StatisticsRequest

__all__ = [
    "ArrayNormalizer",
    "Colormap",
    "Command",
    "Host",
    "InstalledPlugin",
    "MaskNormalizer",
    "Normalizer",
    "Reader",
    "Source",
    "Step",
    "Writer",
]


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A plugin that is registered: ``offers`` maps a kind to the names offered."""

    name: str
    distribution: str
    version: str
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Host:
    """The program around a command: its version, its plugins, and how much of the machine it uses.

    ``problems`` holds one sentence for each plugin that could not be used, or not wholly.
    """

    version: str
    plugins: tuple[InstalledPlugin, ...] = ()
    problems: tuple[str, ...] = ()
    workers: int = 1


ColorTable = NDArray[np.uint8]
FloatArray = NDArray[np.float64]


class Reader(Component, ABC):
    """Turns the bytes of one input into Frames."""

    @classmethod
    @abstractmethod
    def sniff(cls, head: bytes, name: str) -> int:
        """Say how surely this reader knows the format: 0 not at all, 100 for certain.

        Parameters
        ----------
        head : bytes
            The first 512 bytes, or all there are.
        name : str
            The input's name; a hint at most, content decides.
        """

    @classmethod
    def attribute_names(cls) -> Collection[str]:
        """Return every name that the attributes of its instances can have; empty if nobody can say.

        A chain that asks for another name is refused with the nearest that is right.  Tags written
        as ``GGGG,EEEE`` need not be among them.
        """
        return ()

    @abstractmethod
    def open(self, source: InputFile) -> Instance:
        """Open one input; pixels are decoded later, frame by frame.

        Raises
        ------
        SkipInput
            If the input holds no picture and nothing is wrong with that.
        InputError
            If it is damaged.
        UnsupportedError
            If it is right, but nothing installed decodes it.
        """

    def salvage(self, source: InputFile) -> Instance:
        """Open one input of which something is missing; asked for under the policy of that name.

        A reader that can give what is left says so with ``Instance.salvaged`` and
        ``Frame.salvaged``; any other opens it as usual, and raises as usual.
        """
        return self.open(source)


class Normalizer(Component, ABC):
    """Decides how modality values become display values, by naming a tone curve."""

    @abstractmethod
    def curve(self, frame: Frame) -> Tone:
        """Return the curve for a frame; no loop over pixels is needed.

        The engine clips, draws padding and non-finite values as background, applies the
        Presentation LUT and polarity, and rounds half up.  Colour and label frames pass by.

        Raises
        ------
        InputError
            If the frame lacks what the normalizer needs.
        """

    def statistics_request(self) -> StatisticsRequest:
        """Return over which frames ``frame.statistics`` reaches, with the options as they are.

        Statistics of more than one frame are gathered before the first picture, in a pass of their
        own; the percentiles must be named here.
        """
        return StatisticsRequest()

    def domain(self) -> Domain:
        """Return the domain of the pictures, with the options as they are."""
        return "display"


class ArrayNormalizer(Normalizer):
    """A normalizer that is not pointwise (CLAHE, local contrast): slower, nothing else changes."""

    def curve(self, frame: Frame) -> Tone:
        """Never asked for; see ``display_values``."""
        raise NotImplementedError

    @abstractmethod
    def display_values(self, modality_values: FloatArray, frame: Frame) -> FloatArray:
        """Map a whole frame at once.

        Parameters
        ----------
        modality_values : float64 array, shape (rows, columns)
            In modality units; NaN where the pixel is padding.  Read-only.

        Returns
        -------
        float64 array, same shape
            0 black, 1 white; clipped, polarised and rounded by the engine.
        """


class MaskNormalizer(Normalizer):
    """Shows where something is instead of what the pixels hold: a mask, for frames of any sort.

    Neither padding, Presentation LUT nor polarity touch it, and the frame's layers are not drawn
    over it; its view, the steps and ``invert`` hold as for every picture.
    """

    def curve(self, frame: Frame) -> Tone:
        """Never asked for; see ``mask``."""
        raise NotImplementedError

    @abstractmethod
    def mask(self, frame: Frame) -> NDArray[Any]:
        """Return the mask: bool, or uint8 with 255 for all of a pixel; shape (rows, columns).

        Raises
        ------
        InputError
            If the frame has nothing to show.
        """


class Colormap(Component, ABC):
    """A table of 256 colours."""

    @abstractmethod
    def table(self) -> ColorTable:
        """Return the colours: uint8 array of shape (256, 3), row *i* for display value *i*."""


class Step(Component, ABC):
    """Changes a Picture: its geometry, or what is drawn on it."""

    after_colormap: ClassVar[bool] = False
    """True for steps that draw in colours of their own, so that the colormap comes before them."""

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display"})
    """The domains that the step can work on; checked before the first file is opened."""

    @abstractmethod
    def apply(self, picture: Picture) -> Picture:
        """Return a new Picture; ``picture.pixels`` is read-only."""


class Writer(Component, ABC):
    """Encodes a Picture.  Writers never open files: the engine publishes the bytes."""

    suffix: ClassVar[str]
    """Of the file, with its dot."""

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display"})
    takes_color: ClassVar[bool] = True
    """Whether the format has colours; a chain that gives it a colormap is refused where not."""

    keeps_palette: ClassVar[bool] = False
    """Whether an 8-bit picture may arrive as indices with ``picture.palette``."""

    def depth(self) -> int:
        """Return the bits of the display values that the writer wants: 8 or 16."""
        return 8

    @abstractmethod
    def encode(self, picture: Picture) -> bytes:
        """Return the file's bytes, whole."""

    def copy(self, encoded: EncodedFrame) -> bytes | None:
        """Return the file's bytes, made of an encoded frame as it is; None where pixels are needed.

        Asked where no stage of the chain does anything to the pixels.
        """
        return None


class Source(Component, ABC):
    """Finds inputs and hands out their bytes."""

    @classmethod
    @abstractmethod
    def claims(cls, location: str) -> int:
        """Say how surely this source knows an INPUT argument: 0 not at all, 100 for certain.

        The source with the highest confidence walks it; of equal ones, the first by name.  A source
        whose name is the scheme of the location (``zip`` for ``zip:scans``) comes before all others
        that claim it.  The folder source claims whatever exists with 10, so answer more for a file
        that you know better.  ``True``, which version 0.1 asked for, counts as 50.
        """

    @abstractmethod
    def walk(self, location: str, *, avoid: Sequence[Path]) -> Iterator[Reference | Rejected]:
        """Yield what there is, lazily and in a stable order; folders in ``avoid`` are left out."""

    @abstractmethod
    def open(self, reference: Reference) -> InputFile:
        """Hand out the bytes of one input, in whichever process is to read them."""


class Command(Component, ABC):
    """A subcommand of ``dcmconv``.  It yields rows, and the command line prints them."""

    @abstractmethod
    def run(self, host: Host) -> Iterator[Row]:
        """Yield rows; a ``Heading`` starts a new table, an ``Ending`` sets the exit code."""


class Row(dict[str, Any]):
    """One line of a command's answer: column to value."""


class Heading(Row):
    """Starts a new table: ``Heading(title="Transfer Syntaxes")``."""


class Ending(Row):
    """The last row: ``Ending(text="3 files copied.", code=0)``."""


Rows = Iterable[Row]
