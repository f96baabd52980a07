"""Coverage-guided fuzzing of our own parsing, where atheris is installed (it is not a dependency).

    python -m proof.fuzz_parsing -max_total_time=60 CORPUS

The first byte chooses what is parsed.  Every exception must be an error that dcmconv explains.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from dcmconv.errors import DcmconvError

MOST = 200_000
"""Bytes of one input; larger ones find the same, more slowly."""


def read_a_file(content: bytes) -> None:
    """Read a whole DICOM file, every frame."""
    from support.reading import open_content

    instance = open_content(content)
    try:
        for _ in zip(instance.frames(), range(4), strict=False):
            pass
        dict(instance.attributes)
    finally:
        instance.close()


def find_fragments(content: bytes) -> None:
    """Assign fragments to frames."""
    from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated

    frames = Encapsulated(content[1:], frame_count=content[0] % 8 + 1)
    for frame_index in range(frames.frame_count):
        frames.stream(frame_index)


def decode_a_stream(content: bytes) -> None:
    """Decode one frame of any codec."""
    from support.streams import SYNTAX

    from dcmconv_builtins.dicom.decoders import PixelDescription, decode_frame

    syntaxes = sorted(SYNTAX.values())
    wide = content[0] & 128
    description = PixelDescription(
        rows=40,
        columns=56,
        bits_allocated=16 if wide else 8,
        bits_stored=16 if wide else 8,
        high_bit=15 if wide else 7,
    )
    decode_frame(content[1:], syntaxes[content[0] % len(syntaxes)], description)


def parse_a_chain(content: bytes) -> None:
    """Read a chain file; errors are expected."""
    from dcmconv.chain.errors import InvalidChainError
    from dcmconv.chain.yaml import read_yaml

    with contextlib.suppress(InvalidChainError):
        read_yaml(content, "fuzz.yaml")


def parse_inline(content: bytes) -> None:
    """Take a component apart as a flag gives it."""
    from dcmconv.chain.values import parse_inline as parse

    parse(content.decode("utf-8", "replace"))


def fill_a_template(content: bytes) -> None:
    """Fill a template, and make a name of it."""
    from dcmconv.run.output.naming import LaneName, NamedInput

    template, _, value = content.decode("utf-8", "replace").partition("\n")
    path = LaneName(template, ".png").path_for(NamedInput("a", {"PatientID": value}, 1), 1)
    assert ".." not in path.split("/")
    assert not path.startswith("/")


TARGETS: tuple[Callable[[bytes], None], ...] = (
    read_a_file,
    find_fragments,
    decode_a_stream,
    parse_a_chain,
    parse_inline,
    fill_a_template,
)


def parse(content: bytes) -> None:
    """Hand bytes to one of the targets; anything but an explained error is a finding."""
    if len(content) < 3:
        return
    with warnings.catch_warnings(), contextlib.suppress(DcmconvError):
        warnings.simplefilter("ignore")
        TARGETS[content[0] % len(TARGETS)](content[1:])


def seeds(folder: Path) -> None:
    """Write a first corpus: every hostile file, and every small mutant's original."""
    from hostile.recipes import RECIPES

    from proof.mutants import originals

    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {name: make() for name, make in RECIPES.items() if name != "deflate-bomb"}
    for name, content in [*made.items(), *originals()]:
        if len(content) <= MOST:
            (folder / name).write_bytes(b"\0" + content)


def main() -> None:
    """Fuzz until libFuzzer's options end it."""
    import atheris

    folder = Path(sys.argv[-1])
    if not sys.argv[-1].startswith("-") and not folder.is_dir():
        seeds(folder)
    with atheris.instrument_imports(include=["dcmconv", "dcmconv_builtins"]):
        import support.reading  # noqa: F401

    atheris.Setup(sys.argv, parse)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
