"""What ``run --check-names`` prints: names that occur twice, and attributes that are missing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from dcmconv.cli.exit_codes import EXIT_FAILED, EXIT_NOTHING
from dcmconv.cli.terminal import harmless, print_json, print_result
from dcmconv.model.outcome import counted

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.cli.run_flags import RunArguments
    from dcmconv.run.name_check import NameCheck
    from dcmconv.run.walk import Walk

__all__ = ["print_names"]

_LATER = {
    "suffix": "each later one gets eight hexadecimal digits appended",
    "skip": "each later input is skipped",
    "fail": "each later input fails",
}
"""What ``--on-collision`` does."""


def print_names(arguments: RunArguments, plan: Plan, walk: Walk) -> int:
    """Name every picture, print what is wrong, and return the exit code; nothing is written."""
    from dcmconv.run.name_check import check_names

    # As in a run: libraries may log values of the file.
    logging.getLogger().addHandler(logging.NullHandler())
    found = check_names(plan, walk, _printer(arguments))
    code = _exit_code(found)
    if arguments.as_json:
        examples = [each._asdict() for each in found.examples]
        print_json({"kind": "names", **vars(found), "examples": examples, "exit_code": code})
    else:
        for line in _lines(found, plan.run.on_collision):
            print_result(line)
    return code


def _exit_code(found: NameCheck) -> int:
    if found.collisions or found.missing:
        return EXIT_FAILED
    return 0 if found.pictures else EXIT_NOTHING


def _printer(arguments: RunArguments) -> Callable[[str, str, int], None]:
    """Return what prints one name: with ``--verbose`` every one, otherwise none."""

    def as_json(key: str, path: str, frame: int) -> None:
        print_json({"kind": "name", "input": key, "path": path, "frame_number": frame})

    def as_text(key: str, path: str, frame: int) -> None:
        print_result(f"{harmless(key)} → {harmless(path)}")

    if not arguments.verbose:
        return lambda key, path, frame: None
    return as_json if arguments.as_json else as_text


def _lines(found: NameCheck, on_collision: str) -> list[str]:
    """Return the findings, then a line with the counts."""
    lines = []
    if found.collisions:
        pictures = counted(found.collisions, "picture")
        lines.append(f"{pictures} would get a name that is taken; {_LATER[on_collision]}:")
        for path, first, second in found.examples:
            both = second if first == second else f"{first} and {second}"
            lines.append(f"  {harmless(path)}: {harmless(both)}")
        if found.collisions > len(found.examples):
            lines.append(f"  ... and {found.collisions - len(found.examples):,} more.")
    for word, count in found.missing.most_common():
        lines.append(
            f"{counted(count, 'input')} without {word}: the name has no-{word}. "
            f"For another text: {{{word}|unknown}}"
        )
    if found.unnamed:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in found.unnamed.most_common())
        lines.append(f"{counted(found.unnamed.total(), 'input')} without a picture ({reasons}).")
    pictures = counted(found.pictures, "picture")
    inputs, clashes = counted(found.inputs, "input"), counted(found.collisions, "collision")
    return [*lines, f"Names checked: {pictures} of {inputs}, {clashes}; nothing written."]
