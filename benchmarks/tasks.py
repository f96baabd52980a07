"""What is measured: a corpus, the arguments of dcmconv, and the careful script's recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.corpora import FRAMES
from benchmarks.headers import WINDOWS

__all__ = ["TASKS", "Contrast", "Counts", "Task", "counts_of"]

Counts = tuple[int, int]
Words = tuple[str, ...]


@dataclass(frozen=True)
class Contrast:
    """What the C program and the converters of others are asked for."""

    writer: str
    normalizer: str
    window: tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One task: every tool is asked for the same pictures.

    Parameters
    ----------
    name, title : str
        On the command line, and in the tables.
    corpus : str
        The input.
    arguments : tuple of str
        Words for ``dcmconv run``.  ``$OUT`` stands for the output folder, ``$CHAINS`` for the
        folder of chain files, ``$STATE`` for the presentation state.
    recipe : tuple of str
        A function in ``careful/recipes.py``, and its options.
    cost : float
        What a picture costs, in ms, roughly: the number of files follows from it.
    lanes : int
        Pictures per frame.
    contrast : Contrast, optional
        For the C program and other converters, which do not know the other tasks.
    compared : str
        ``equal``; ``drawn`` if letters and lines may look different; ``stretched`` or ``fitted``
        if the picture was resized, to a size or into one, and each tool may use its own filter.
    at_full_size : tuple of str
        If it was resized: the arguments for the same picture at full size.
    most_files : int
        More files would only repeat names.
    one_by_one : bool
        Start the tool once for each file.
    least : float
        How many times as fast as the careful script dcmconv should be.
    """

    name: str
    title: str
    corpus: str
    arguments: Words
    recipe: Words
    cost: float
    lanes: int = 1
    contrast: Contrast | None = None
    compared: str = "equal"
    at_full_size: Words = ()
    most_files: int = 20_000
    one_by_one: bool = False
    least: float = 1.5

    @property
    def pictures(self) -> int:
        """Pictures per file."""
        return FRAMES.get(self.corpus, 1) * self.lanes


def _window(corpus: str) -> Words:
    """Return the arguments for the window of a corpus."""
    center, width = WINDOWS["cr" if corpus == "cr" else "ct"]
    return ("-n", f"window:center={center},width={width}")


def _windowed(recipe: str, corpus: str, *options: str) -> Words:
    """Return a recipe with the window of a corpus."""
    center, width = WINDOWS["cr" if corpus == "cr" else "ct"]
    return (recipe, f"center={center}", f"width={width}", *options)


def _known_to_others(
    corpus: str, title: str, writer: str, normalizer: str, cost: float, **more: Any
) -> Task:
    """Return a task that every converter knows."""
    windowed = normalizer == "window"
    suffix = f"suffix={writer}"
    return Task(
        f"{corpus}-{writer}-{normalizer}",
        f"{title} → {writer.upper()}, {'explicit window' if windowed else 'min-max'}",
        corpus,
        (*(_window(corpus) if windowed else ("-n", "minmax")), "-w", writer),
        _windowed("windowed", corpus, suffix) if windowed else ("stretched", suffix),
        cost,
        contrast=Contrast(writer, normalizer, WINDOWS["cr" if corpus == "cr" else "ct"]),
        **more,
    )


def _after_window(
    name: str, title: str, words: Words, recipe: str, cost: tuple[float, float], **more: Any
) -> list[Task]:
    """Return the tasks for CT and CR that do something more after the window."""
    return [
        Task(
            f"{corpus}-{name}",
            f"{title_of} → {title}",
            corpus,
            (*_window(corpus), *words),
            _windowed(recipe, corpus),
            each,
            **more,
        )
        for corpus, title_of, each in (("ct", CT, cost[0]), ("cr", CR, cost[1]))
    ]


CT, CR = "CT, 512 x 512", "CR, 2500 x 2048"
NAME = "{Modality}/{SeriesNumber:04d}/{SOPInstanceUID}_{frame:04d}"
# fmt: off
TAGS = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientAge", "PatientSex", "PatientWeight",
    "StudyID", "StudyDate", "StudyTime", "StudyDescription", "StudyInstanceUID", "AccessionNumber",
    "SeriesNumber", "SeriesDate", "SeriesTime", "SeriesDescription", "SeriesInstanceUID",
    "Modality", "InstitutionName", "Manufacturer", "ManufacturerModelName", "StationName",
    "InstanceNumber", "SOPInstanceUID", "Rows", "Columns", "PixelSpacing", "RescaleSlope",
    "RescaleIntercept", "ImageType",
)
# fmt: on


def _tag_table(tags: Words) -> Task:
    flags = [word for tag in tags for word in ("--tag", tag)]
    return Task(
        f"ct-tags-{len(tags)}",
        f"{CT} → PNG, and a table of {len(tags)} tags",
        "ct",
        (*_window("ct"), "--tags", "$OUT/tags.csv", *flags),
        _windowed("tabled", "ct", f"tags={','.join(tags)}"),
        1.5,
    )


PLAIN = [
    _known_to_others(corpus, title, writer, normalizer, cost)
    for corpus, title, cost in (("ct", CT, 1.0), ("cr", CR, 14.0))
    for writer in ("jpg", "png")
    for normalizer in ("window", "minmax")
]
CODED = [
    _known_to_others(f"ct-{coding}", f"CT in {title}", "jpg", "window", cost)
    for coding, title, cost in (
        ("jll", "JPEG Lossless", 2.3),
        ("jls", "JPEG-LS", 4.5),
        ("rle", "RLE", 1.1),
        ("htj2k", "HTJ2K", 3.2),
        ("j2k", "JPEG 2000", 25.0),
    )
]
LEARNING = [
    Task(
        f"{corpus}-ml-8bit",
        f"{title} → preset:ml-8bit, 512 x 512",
        corpus,
        ("--chain", "preset:ml-8bit"),
        ("ml_8bit",),
        cost,
        compared=compared,
        at_full_size=("-n", "percentile:low=1,high=99", "-w", "png"),
        least=2.0,
    )
    # A CT is 512 x 512 already.
    for corpus, title, cost, compared in (("ct", CT, 1.0, "equal"), ("cr", CR, 30.0, "fitted"))
] + [
    Task(
        f"{corpus}-{name}",
        f"{title} → {words}",
        corpus,
        arguments,
        (recipe,),
        cost[corpus],
    )
    for name, words, arguments, recipe, cost in (
        (
            "ml-16bit",
            "preset:ml-16bit",
            ("--chain", "preset:ml-16bit"),
            "ml_16bit",
            {"ct": 3.0, "cr": 60.0},
        ),
        (
            "percentile",
            "PNG, 1st to 99th percentile",
            ("-n", "percentile", "-w", "png"),
            "percentile",
            {"ct": 3.0, "cr": 40.0},
        ),
    )
    for corpus, title in (("ct", CT), ("cr", CR))
]
STEPS = [
    *_after_window(
        "title", "PNG with a title", ("-s", "title"), "titled", (2, 20), compared="drawn"
    ),
    *_after_window("rotate", "PNG, rotated by 90°", ("-s", "rotate"), "rotated", (2, 20)),
    *_after_window("16bit", "PNG, 16 bits", ("-w", "png:bits=16"), "deep", (3, 60)),
    *_after_window(
        "smallest",
        "PNG, as small as possible",
        ("-w", "png:compression=smallest"),
        "smallest",
        (60, 4000),
        least=1.0,
    ),
]
RESIZED = [
    Task(
        f"{corpus}-resize",
        f"{title} → PNG, resized to 512 x 256",
        corpus,
        (*_window(corpus), "-s", "resize:width=512,height=256"),
        _windowed("resized", corpus),
        cost,
        compared="stretched",
        at_full_size=_window(corpus),
    )
    for corpus, title, cost in (("ct", CT, 2.0), ("cr", CR, 15.0))
]
COLORED = [
    Task(
        f"{corpus}-viridis-{writer}",
        f"{title} → {writer.upper()} in colors (viridis)",
        corpus,
        ("-n", "minmax", "-c", "viridis", "-w", writer),
        ("colored", f"suffix={writer}"),
        cost,
    )
    for corpus, title, writer, cost in (
        ("ct", CT, "png", 2.0),
        ("ct", CT, "jpg", 3.0),
        ("cr", CR, "png", 30.0),
        ("cr", CR, "jpg", 50.0),
    )
]
HEADERS = [
    Task(
        "ct-name",
        f"{CT} → PNG, named from tags",
        "ct",
        (*_window("ct"), "--name", NAME),
        _windowed("named", "ct"),
        1.5,
        most_files=2000,
    ),
    _tag_table(TAGS[:2]),
    _tag_table(TAGS),
    Task(
        "ct-rule",
        f"{CT} → PNG, window by a rule on Modality",
        "ct",
        ("--chain", "$CHAINS/modality.yaml"),
        ("ruled",),
        1.0,
    ),
    Task(
        "ct-windows",
        f"{CT} → PNG in three windows",
        "ct",
        ("--chain", "preset:chest-ct"),
        ("three_windows",),
        0.9,
        lanes=3,
    ),
]
OBJECTS = [
    Task(
        "overlay",
        "CT with an overlay, drawn → PNG",
        "overlay",
        (*_window("ct"), "--overlays", "draw"),
        _windowed("overlaid", "ct"),
        2.0,
    ),
    Task(
        "gsps",
        "CT with a presentation state → PNG",
        "gsps",
        ("--presentation-state", "$STATE"),
        ("presented", "state=$STATE"),
        3.0,
        compared="drawn",
        most_files=200,
    ),
    Task("seg", "Segmentation, 120 frames → PNG", "seg", ("-w", "png"), ("segments",), 1.0),
    Task(
        "enhanced",
        "Enhanced CT, 300 frames → JPG, explicit window",
        "enhanced",
        (*_window("ct"), "-w", "jpg"),
        _windowed("frames", "ct", "suffix=jpg"),
        0.6,
        contrast=Contrast("jpg", "window", WINDOWS["ct"]),
    ),
    Task(
        "us",
        "Color ultrasound, 120 frames of JPEG → JPG, copied",
        "us",
        ("-w", "jpg"),
        ("cine",),
        0.2,
        contrast=Contrast("jpg", "auto", (0, 0)),
    ),
    Task(
        "us-resize",
        "Color ultrasound, 120 frames of JPEG → JPG, resized to 512 x 256",
        "us",
        ("-w", "jpg", "-s", "resize:width=512,height=256"),
        ("cine_resized",),
        3.0,
    ),
]
OTHERS = [
    Task(
        "one",
        "One CT at a time → JPG: the program starts for each",
        "ct",
        (*_window("ct"), "-w", "jpg"),
        _windowed("windowed", "ct", "suffix=jpg"),
        250.0,
        one_by_one=True,
    ),
    Task(
        "small",
        "Many small pictures, 64 x 64 → PNG",
        "small",
        (*_window("ct"), "-w", "png"),
        _windowed("windowed", "ct", "suffix=png"),
        0.3,
        contrast=Contrast("png", "window", WINDOWS["ct"]),
    ),
]
TASKS = [*PLAIN, *LEARNING, *HEADERS, *COLORED, *STEPS, *RESIZED, *CODED, *OBJECTS, *OTHERS]

# How many times as long as dcmconv tools of this pace take.  They get fewer files, which is fair:
# only the slope between two counts matters, and it contains no start-up.
_PACES = {"fast": 1, "near": 2, "middle": 6, "slow": 12, "slowest": 80}
_MS_QUICK, _MS_FULL = 1000, 10_000
"""How long dcmconv should work on the larger number of files."""


def counts_of(task: Task, pace: str, *, quick: bool) -> Counts:
    """Return the two numbers of files between which the slope is measured."""
    each = task.cost * task.pictures * _PACES[pace]
    large = round((_MS_QUICK if quick else _MS_FULL) / each)
    large = min(max(large, 2 if each > _MS_QUICK else 3), task.most_files)
    return max(1, large // 5), large
