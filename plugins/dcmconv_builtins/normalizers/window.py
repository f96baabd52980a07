"""Normalizer ``window``: given by numbers, by name, by a region, or by the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from dcmconv.plugin import Curve, Frame, InputError, Normalizer, Opt, Statistics, VoiWindow
from dcmconv_builtins.dicom.tone.voi_lut import curve_of
from dcmconv_builtins.normalizers.origins import file_window_curve, span, up_to, window_words

__all__ = ["NAMED_WINDOWS", "Window", "WindowName"]


WindowName = Literal[
    "abdomen",
    "bone",
    "brain",
    "liver",
    "lung",
    "mediastinum",
    "soft-tissue",
    "stroke",
    "subdural",
    "temporal-bone",
]

NAMED_WINDOWS: dict[WindowName, tuple[float, float]] = {
    # The presets of the OHIF viewer.
    "bone": (480, 2500),
    "brain": (40, 80),
    "liver": (90, 150),
    "lung": (-600, 1500),
    "soft-tissue": (40, 400),
    # Typical values from textbooks and radiopaedia.org; the middle of a range.
    "abdomen": (50, 400),
    "mediastinum": (50, 350),
    "stroke": (40, 40),
    "subdural": (75, 215),  # center 50 to 100, width 130 to 300
    "temporal-bone": (600, 2800),
}
"""Name to Window Center and Window Width in HU, for CT only; their function is LINEAR."""


@dataclass(frozen=True, kw_only=True)
class Window(Normalizer):
    """A window (PS3.3 C.11.2.1.2): by center and width, by name, by a region, or the file's own.

    Without options it is the file's first window.  The named windows, as center/width in HU:
    abdomen 50/400, bone 480/2500, brain 40/80, liver 90/150, lung -600/1500, mediastinum 50/350,
    soft-tissue 40/400, stroke 40/40, subdural 75/215, temporal-bone 600/2800.
    """

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("name",), ("center", "width"))
    also_called: ClassVar[tuple[str, ...]] = ("set-window", "window-level", "voi-window")

    center: Annotated[
        float | None, Opt("Window Center (0028,1050); needs width", unit="modality units")
    ] = None
    width: Annotated[
        float | None, Opt("Window Width (0028,1051); needs center", unit="modality units", gt=0)
    ] = None
    function: Annotated[
        Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] | None,
        Opt("VOI LUT Function (0028,1056); the file's for its own windows, LINEAR for others"),
    ] = None
    number: Annotated[
        int | None,
        Opt("Which of the file's own windows, counted from 1; by default the first", ge=1),
    ] = None
    name: Annotated[WindowName | None, Opt("A named window for CT, in HU")] = None
    roi: Annotated[
        tuple[int, int, int, int] | None,
        Opt(
            "Region whose extremes become black and white: column, row, columns, rows",
            unit="pixels",
            ge=0,
            examples=((100, 80, 64, 64),),
        ),
    ] = None

    def __post_init__(self) -> None:
        problem = next(self._problems(), "")
        if problem:
            raise ValueError(problem)

    def _problems(self) -> Iterator[str]:
        if (self.center is None) != (self.width is None):
            given, missing = ("width", "center") if self.center is None else ("center", "width")
            yield f"{given} is given without {missing}; a window needs both"
        ways = {
            "center and width": self.center,
            "number": self.number,
            "name": self.name,
            "roi": self.roi,
        }
        given_ways = [way for way, option in ways.items() if option is not None]
        if len(given_ways) > 1:
            yield f"{' and '.join(given_ways)} are mutually exclusive; give one"
        if self.name is not None and self.name not in NAMED_WINDOWS:
            yield f"name is {self.name!r}; the named windows are {', '.join(sorted(NAMED_WINDOWS))}"
        if self.number is not None and self.number < 1:
            yield f"number is {self.number}; windows are counted from 1"
        yield from self._width_problems()
        yield from self._roi_problems()

    def _width_problems(self) -> Iterator[str]:
        # PS3.3 C.11.2.1.2.1: the width of LINEAR is at least 1.
        if self.width is not None and self.width < 1 and self.function in {None, "LINEAR"}:
            yield (
                f"width is {self.width:g}; LINEAR needs at least 1 "
                "(function=LINEAR_EXACT takes any width above 0)"
            )
        # Written so that NaN, which compares false with everything, is a problem too.
        if self.width is not None and not self.width > 0:
            yield f"width is {self.width:g}; expected more than 0"

    def _roi_problems(self) -> Iterator[str]:
        if self.roi is None:
            return
        if self.function is not None:
            yield "function and roi are mutually exclusive: a region has a straight line"
        column, row, columns, rows = self.roi
        if column < 0 or row < 0 or columns < 1 or rows < 1:
            expected = "column and row of at least 0, columns and rows of at least 1"
            yield f"roi is {column},{row},{columns},{rows}; expected {expected}"

    def curve(self, frame: Frame) -> Curve:
        """Return the curve of the window.

        Raises
        ------
        InputError
            If the file has no such window or it is invalid, or if the region is outside the frame
            or contains only padding.
        """
        if self.roi is not None:
            return _region_curve(frame, self.roi)
        function = self.function or "LINEAR"
        if self.center is not None and self.width is not None:
            return _given_curve(self.center, self.width, function, frame.units)
        if self.name is not None:
            center, width = NAMED_WINDOWS[self.name]
            window = VoiWindow(center, width, function)
            curve = curve_of(window, f"Window {self.name}, {window_words(window, frame.units)}")
            return replace(curve, notes=_doubts_about_units(self.name, frame))
        number = self.number or 1
        window = _get_file_window(frame, number)
        if self.function is not None:
            window = replace(window, function=self.function)
        return file_window_curve(frame, window, number)


@lru_cache(maxsize=64)  # the same for all frames of a series
def _given_curve(center: float, width: float, function: str, units: str) -> Curve:
    window = VoiWindow(center, width, function)
    return curve_of(window, f"Window given, {window_words(window, units)}")


def _get_file_window(frame: Frame, number: int) -> VoiWindow:
    count = len(frame.voi_windows)
    if count == 0:
        raise InputError(
            "Window Center (0028,1050) and Window Width (0028,1051) are missing; "
            "the file has no window to use.",
            hint="Give --window.center and --window.width, or use --normalize auto.",
            reason="window",
        )
    if number > count:
        raise InputError(
            f"The file has {count} window{'s' * (count > 1)}; number {number} was requested.",
            hint=f"Use --window.number {up_to(count)}, or --normalize auto.",
            reason="window",
        )
    return frame.voi_windows[number - 1]


def _doubts_about_units(name: str, frame: Frame) -> tuple[str, ...]:
    if frame.units.upper().startswith("HU"):  # HU_MOD is a kind of HU
        return ()
    modality = str(frame.attributes.get("Modality") or "")
    is_other = modality.isalpha() and modality != "CT"
    found = f"Modality (0008,0060) is {modality}, and " if is_other else ""
    units = f"in {frame.units}" if frame.units else "in no known unit"
    return (
        f"The named window '{name}' is for CT, in HU; {found}the values of this image are {units}.",
    )


def _region_curve(frame: Frame, region: tuple[int, int, int, int]) -> Curve:
    statistics = Statistics.of_region(frame, region)
    column, row, columns, rows = region
    where = f"{column},{row} {columns}x{rows}"
    if statistics.count == 0:
        raise InputError(
            f"The region {where} contains only padding; a window needs image pixels.",
            hint="Give another --window.roi, or use --normalize minmax.",
            reason="window",
        )
    return span(statistics.minimum, statistics.maximum, f"Region {where},", frame)
