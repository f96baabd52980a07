"""The text of docs/reference/conformance.md, from the rows that tests claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from support.corpus import corpus_path, expected
from support.covers import MADE_BY_TESTS

from dcmconv.plugin import DcmconvError, InputFile, SkipInput
from dcmconv_builtins.dicom.decoders.syntaxes import REFUSED, SYNTAXES
from dcmconv_builtins.readers.dicom import DicomReader
from oracle.exceptions import DIFFERENT, RIGHTER_THAN_EXPECTED
from oracle.files import WHEEL, path_of

HEAD = """\
<!-- Made by tests/oracle/conformance.py from the tests. Do not edit. -->
# Conformance

What the tests try, clause by clause and file by file.
A row stands here because tests claim it (`@covers` in `tests/support/covers.py`) and all of them pass; \
a test fails when this page and the claims differ.

*Made by the tests* is a file that a test makes and whose levels are worked out by hand, or compared \
with another coding of the same values.
*Files of pydicom* come inside its wheel; the *corpus* is a folder of real files that the tests use \
where the environment variable `DCMCONV_CORPUS` names it.
On every real file, every stored value of every frame is displayed as a second renderer displays it, \
which is written from PS3.3 C.11 in the tests and shares no code with dcmconv \
(`tests/oracle/reference.py`): no difference, with 8 and 16 bits, straight and inverted, for min-max, \
`auto`, each window and each VOI LUT of the file.
Stored values themselves are compared with those of independent decoders (see the files below); label \
frames keep their numbers.
"""

SYNTAXES_HEAD = """\
## Transfer Syntaxes

`ok` means that files in it are decoded by the one decoder named, and were tried."""

CLAUSES = "## Clauses"
CORPUS = """\
## Files of the corpus

*Equal* means that the SHA-256 of all stored values, every frame, is that of independent decoders; \
*within n* that a lossy codec's values are as close as those decoders are to each other, at 64 places \
of the first frame, and over the whole of it where the corpus keeps it as a picture."""
DIFFERENCES = """\
## Where a right picture differs from its reference

Taking back the one thing that differs gives the reference, and a test does so."""


def page_of(tried: Mapping[str, set[str]], results: Mapping[str, str]) -> str:
    """Return the whole page; the mappings give the files and the result of each row."""
    rows = sorted(tried, key=_sort_key)
    parts = [
        HEAD,
        SYNTAXES_HEAD,
        _table(("UID", "Transfer Syntax", "result", "tried on"), _syntax_rows(rows, tried)),
        CLAUSES,
        _table(("clause", "what", "result", "tried on"), _clause_rows(rows, tried, results)),
        CORPUS,
        _table(("file", "result"), _corpus_rows()),
        DIFFERENCES,
        _table(("file", "picture", "reason"), ((*key, why) for key, why in DIFFERENT.items())),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def rows_on(page: str) -> dict[str, bool]:
    """Return the claimed rows of a page, and whether each needs the corpus."""
    rows = {}
    for line in page.partition(CORPUS)[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and cells[0].startswith(("1.", "PS3.")):
            only_corpus = cells[3].removesuffix(" |").startswith("corpus")
            rows[f"{cells[0]} {cells[1]}"] = only_corpus
    return rows


def _syntax_rows(rows: list[str], tried: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        uid, _, name = row.partition(" ")
        if uid in SYNTAXES:
            yield uid, name, f"ok, {SYNTAXES[uid].codec.decoder}", _files(tried[row])
        elif uid in REFUSED:
            yield uid, name, f"refused: {REFUSED[uid].reason}", _files(tried[row])


def _clause_rows(
    rows: list[str], tried: Mapping[str, set[str]], results: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    for row in rows:
        found = re.match(r"(PS3\.\d+ [A-Z0-9.]+) (.+)", row)
        if found:
            yield found[1], found[2], results[row], _files(tried[row])


def _files(names: set[str]) -> str:
    """Say on what a row was tried: the kinds of file, and the names of a few."""
    wheel = sorted(name.removeprefix(WHEEL) for name in names if name.startswith(WHEEL))
    corpus = sorted(name for name in names if not name.startswith(WHEEL) and name != MADE_BY_TESTS)
    parts = [MADE_BY_TESTS] if MADE_BY_TESTS in names else []
    parts += [f"pydicom: {_some(wheel)}"] if wheel else []
    parts += [f"corpus: {_some(corpus)}"] if corpus else []
    return "; ".join(parts)


def _some(names: list[str], most: int = 4) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    left = len(names) - most
    return f"{shown} and {left} more" if left > 0 else shown


def _corpus_rows() -> Iterator[tuple[str, str]]:
    for name, file in sorted(expected().items()):
        yield f"`{name}`", _result(name, file.get("raw"))


def _result(name: str, raw: Mapping[str, object] | None) -> str:
    folder = corpus_path()
    assert folder is not None
    source = InputFile(name, path_of(name))
    try:
        opened = DicomReader().open(source)
    except SkipInput as skip:
        return f"skipped: {skip.message}"
    except DcmconvError as error:
        return f"refused: {error.message}"
    count = f"{opened.frame_count} frame{'s' * (opened.frame_count > 1)}"
    opened.close()
    if name in RIGHTER_THAN_EXPECTED:
        return f"{count}, equal; {RIGHTER_THAN_EXPECTED[name]}"
    if raw is None:
        return f"{count}, read"
    return f"{count}, within {raw['tolerance']}" if raw["lossy_codec"] else f"{count}, equal"


def _sort_key(row: str) -> list[tuple[int, int, str]]:
    """Sort numbers as numbers: C.7.6 before C.11."""
    parts = re.findall(r"\d+|\D+", row)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
