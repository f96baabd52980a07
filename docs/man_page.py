"""The manual page ``dcmconv.1``, from the declarations of commands and flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dcmconv.cli.flags import Flag

__all__ = ["man_page"]


def man_page(
    summary: str, description: str, flags: Iterable[Flag], codes: dict[int, str], names: str
) -> str:
    """Return the page in the language of troff; ``names`` are the other commands."""
    title = summary.partition(":")[0]
    lines = ['.TH DCMCONV 1 "" dcmconv "User Commands"', ".SH NAME", f"dcmconv \\- {_text(title)}"]
    lines += [".SH SYNOPSIS", ".B dcmconv run", "[\\fIFLAGS\\fR] [\\fIINPUT\\fR]...", ".br"]
    lines += [".B dcmconv", f"\\fICOMMAND\\fR, one of {_text(names)}", ".br"]
    lines += [".B dcmconv help", "[\\fICOMMAND\\fR]", ".SH DESCRIPTION"]
    lines += [".PP\n" + _text(part) for part in description.split("\n\n")]
    lines += [".SH FLAGS OF RUN", *_flags(flags), ".SH EXIT STATUS"]
    lines += [line for code, text in codes.items() for line in (".TP", f".B {code}", _text(text))]
    return "\n".join(lines) + "\n"


def _flags(flags: Iterable[Flag]) -> Iterator[str]:
    panel = ""
    for flag in flags:
        if flag.panel != panel:
            panel = flag.panel
            yield f".SS {_text(panel)}"
        value = f" \\fI{_text(flag.metavar)}\\fR" if flag.metavar and flag.words else ""
        words = ", ".join(f"\\fB{_text(word)}\\fR" for word in flag.spellings())
        default = f" Default: {flag.default}." if flag.default else ""
        yield f".TP\n{words or _text(flag.metavar)}{value}\n{_text(flag.help + default)}"


def _text(text: str) -> str:
    """Return text that troff takes literally; a line may not begin with a dot or a quote."""
    plain = re.sub(r"`([^`]*)`", r"\1", text).replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", plain, flags=re.MULTILINE)
