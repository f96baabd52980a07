"""The kinds of component that a plugin can offer, and the contract of each.

A component is a frozen, keyword-only dataclass: its fields are its options.  It holds no state; the
same instance may serve many inputs in one process, and each process makes its own from the options.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import Tone
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import (
    DecodedFrame,
    EncodedFrame,
    FrameDescription,
    InputFile,
    Instance,
    Reference,
    Rejected,
)
from dcmconv.model.options import Component
from dcmconv.model.picture import Domain, Picture
from dcmconv.model.statistics import StatisticsRequest

__all__ = [
    "ArrayNormalizer",
    "Colormap",
    "Command",
    "Decoder",
    "Host",
    "InstalledPlugin",
    "MaskNormalizer",
    "NamedDecoder",
    "Normalizer",
    "Reader",
    "Source",
    "Step",
    "Writer",
]


ColorTable = NDArray[np.uint8]
FloatArray = NDArray[np.float64]


class Reader(Component, ABC):
    """Turns the bytes of one input into Frames."""

    suffixes: ClassVar[tuple[str, ...]] = (".dcm", ".dicom", ".dic", ".ima")
    """What the names of such files end with, in lower case and with the dot, longest first.

    A picture is named after its input without the first that fits, so that ``vol.nii.gz`` becomes
    ``vol.png``.  By default those of DICOM.  They do not choose the reader: content does.
    """

    @classmethod
    @abstractmethod
    def sniff(cls, head: bytes, name: str) -> int:
        """Return how certain this reader is of the format: 0 unknown, 100 certain.

        Parameters
        ----------
        head : bytes
            The first 512 bytes, or all there are.
        name : str
            The input's name; a hint at most, because content decides.
        """

    @classmethod
    def accepts_object(cls, value: object) -> bool:
        """Return whether ``open`` takes this Python object, as the ``value`` of an ``InputFile``.

        Such as a dataset in memory.  Asked for what is neither a path nor bytes nor a file.
        """
        return False

    @classmethod
    def attribute_names(cls) -> Collection[str]:
        """Return every name that attributes of its instances can have; empty if that is not known.

        A chain that uses any other name is rejected, with the nearest valid one as a suggestion.
        Tags in the form ``GGGG,EEEE`` need not be listed.
        """
        return ()

    @classmethod
    def usual_attributes(cls) -> Sequence[str]:
        """Return the attributes that a tag table has if the user asks for none by name.

        Such as those that identify a picture; never names or birth dates of people.
        """
        return ()

    @classmethod
    def attribute_sets(cls) -> Mapping[str, Sequence[str]]:
        """Return lists of attributes by name, in lower case: ``--tag article`` adds a whole list.

        ``default`` is taken: ``usual_attributes``, and what is known about the picture.
        """
        return {}

    @abstractmethod
    def open(self, source: InputFile) -> Instance:
        """Open one input; its frames are decoded later, one by one.

        Raises
        ------
        SkipInput
            If the input holds no picture, and that is not an error.
        InputError
            If it is damaged.
        UnsupportedError
            If it is valid, but nothing installed can decode it.
        """

    def salvage(self, source: InputFile) -> Instance:
        """Open an input that may be incomplete; called instead of ``open`` under that policy.

        A reader that can return the remaining part describes what is missing in
        ``Instance.salvaged`` and ``Frame.salvaged``.  By default, the same as ``open``.
        """
        return self.open(source)

    @classmethod
    def transfer_syntaxes(cls) -> Mapping[str, str]:
        """Return UID and name of each Transfer Syntax that a chain can choose a decoder for."""
        return {}

    def with_decoders(self, decoders: Mapping[str, NamedDecoder]) -> Reader:
        """Return a reader that decodes these Transfer Syntaxes, by UID, with these decoders.

        A reader of formats without Transfer Syntaxes returns itself.

        Raises
        ------
        UsageError
            If no decoder can be chosen for one of them.
        """
        return self


class Decoder(Component, ABC):
    """Decodes the frames of one or more Transfer Syntaxes.

    A decoder is used only for the Transfer Syntaxes that the chain chooses it for.  Its errors are
    final: no other decoder is tried.
    """

    transfer_syntaxes: ClassVar[frozenset[str]]
    """The UIDs of the Transfer Syntaxes that it decodes."""

    @abstractmethod
    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame.

        Parameters
        ----------
        stream : bytes
            The codestream of one frame, perhaps with padding after its end.
        description : FrameDescription
            What the header of the file says.
        transfer_syntax : str
            Which of ``transfer_syntaxes`` the file names.

        Raises
        ------
        InputError
            If the stream is damaged, contradicts the description, or ends early
            (``reason="truncated"``).
        UnsupportedError
            If a library that it needs is not installed, or the stream uses a part of its format
            that it does not decode.
        """

    def salvage(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode what is left of a damaged frame, under the policy ``salvage``.

        The result says what is wrong with it in ``salvaged``.  By default, the same as ``decode``.
        """
        return self.decode(stream, description, transfer_syntax)


class NamedDecoder(NamedTuple):
    """A decoder, and the name that the chain chose it by, which goes into the journal."""

    name: str
    decoder: Decoder


class Normalizer(Component, ABC):
    """Decides how modality values become display values, by returning a tone curve."""

    @abstractmethod
    def curve(self, frame: Frame) -> Tone:
        """Return the curve for a frame; there is no need to loop over pixels.

        The engine clips, draws padding and non-finite values as background, applies the
        Presentation LUT and polarity, and rounds half up.  It is not called for color and label
        frames.

        Raises
        ------
        InputError
            If the frame lacks what the normalizer needs.
        """

    def statistics_request(self) -> StatisticsRequest:
        """Return which frames ``frame.statistics`` must cover, given the options.

        Statistics of more than one frame are gathered in a separate pass before the first picture;
        every percentile that the normalizer will ask for must be listed here.
        """
        return StatisticsRequest()

    def domain(self) -> Domain:
        """Return the domain of the pictures, given the options."""
        return "display"


class ArrayNormalizer(Normalizer):
    """A normalizer that is not pointwise (CLAHE, local contrast): slower, otherwise the same."""

    def curve(self, frame: Frame) -> Tone:
        """Never called; see ``display_values``."""
        raise NotImplementedError

    @abstractmethod
    def display_values(self, modality_values: FloatArray, frame: Frame) -> FloatArray:
        """Map a whole frame.

        Parameters
        ----------
        modality_values : float64 array, shape (rows, columns)
            In modality units; NaN for padding.  Read-only.

        Returns
        -------
        float64 array, same shape
            0 is black and 1 is white; the engine clips, applies the polarity and rounds.
        """


class MaskNormalizer(Normalizer):
    """Makes a mask, which shows where something is instead of the pixel values, for any frame.

    Padding, Presentation LUT and polarity do not affect a mask, and the frame's layers are not
    drawn over it; the view, the steps and ``invert`` apply as to every picture.
    """

    def curve(self, frame: Frame) -> Tone:
        """Never called; see ``mask``."""
        raise NotImplementedError

    @abstractmethod
    def mask(self, frame: Frame) -> NDArray[Any]:
        """Return the mask: bool, or uint8 with 255 for full coverage; shape (rows, columns).

        Raises
        ------
        InputError
            If the frame has nothing to show.
        """


class Colormap(Component, ABC):
    """A table of 256 colors."""

    @abstractmethod
    def table(self) -> ColorTable:
        """Return the colors: uint8 array of shape (256, 3), row *i* for display value *i*."""


class Step(Component, ABC):
    """Changes a Picture: its geometry, or what is drawn on it."""

    after_colormap: ClassVar[bool] = False
    """True for steps that draw in color, so that the colormap is applied before them."""

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display"})
    """The domains that the step accepts; checked before the first file is opened."""

    @abstractmethod
    def apply(self, picture: Picture) -> Picture:
        """Return a new Picture; ``picture.pixels`` is read-only."""


class Writer(Component, ABC):
    """Encodes a Picture.  A writer never opens a file: the engine publishes the bytes."""

    suffix: ClassVar[str]
    """Of the files that are written, in lower case and with its dot, such as ``.jpg``."""

    other_suffixes: ClassVar[tuple[str, ...]] = ()
    """Further suffixes that ``-o picture.SUFFIX`` may have, such as ``.jpeg``."""

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display"})
    takes_color: ClassVar[bool] = True
    """Whether the format has colors; if not, a chain that gives it a colormap is rejected."""

    keeps_palette: ClassVar[bool] = False
    """Whether the writer accepts an 8-bit picture as indices with ``picture.palette``."""

    def depth(self) -> int:
        """Return how many bits the display values must have: 8 or 16."""
        return 8

    @abstractmethod
    def encode(self, picture: Picture) -> bytes:
        """Return the bytes of the whole file."""

    def copy(self, encoded: EncodedFrame) -> bytes | None:
        """Return the bytes of a file made from an encoded frame; None if pixels are needed.

        Only called if no stage of the chain changes the pixels.
        """
        return None


class Source(Component, ABC):
    """Finds inputs and hands out their bytes."""

    @classmethod
    @abstractmethod
    def claims(cls, location: str) -> int:
        """Return how certain this source is that an INPUT argument is its own, from 0 to 100.

        The source with the highest confidence walks it; of equal ones, the first by name.  A source
        whose name is the scheme of the location (``zip`` for ``zip:scans``) comes before all others
        that claim it.  The folder source claims whatever exists with 10, so answer more for a file
        that you know better.  ``True``, which version 0.1 asked for, counts as 50.
        """

    @abstractmethod
    def walk(self, location: str, *, avoid: Sequence[Path]) -> Iterator[Reference | Rejected]:
        """Yield the inputs, lazily and in a stable order; folders in ``avoid`` are left out."""

    @abstractmethod
    def open(self, reference: Reference) -> InputFile:
        """Return the bytes of one input; called in the process that reads them."""


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A registered plugin; ``offers`` maps a kind to the names that it provides."""

    name: str
    distribution: str
    version: str
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Host:
    """What a command can find out about this program: version, plugins, and number of workers.

    ``problems`` has one sentence for each plugin that could not be loaded completely.
    ``broken_components()`` imports every component and returns one sentence for each that cannot be
    used.
    """

    version: str
    plugins: tuple[InstalledPlugin, ...] = ()
    problems: tuple[str, ...] = ()
    workers: int = 1
    broken_components: Callable[[], tuple[str, ...]] = tuple


class Command(Component, ABC):
    """A subcommand of ``dcmconv``.  It yields rows, which the command line prints."""

    @abstractmethod
    def run(self, host: Host) -> Iterator[Row]:
        """Yield rows; a ``Heading`` starts a new table, an ``Ending`` sets the exit code."""


class Row(dict[str, Any]):
    """One row of a command's output: column to value."""


class Heading(Row):
    """Starts a new table: ``Heading(title="Transfer Syntaxes")``."""


class Ending(Row):
    """The last row: ``Ending(text="3 files copied.", code=0)``."""


Rows = Iterable[Row]
