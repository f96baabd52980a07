"""``dcmconv doctor``: what is installed, what it decodes, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.plugin import Command, Ending, Heading, Host, Row

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.decoders import TransferSyntaxState

__all__ = ["Doctor"]

DISTRIBUTIONS = (
    "pydicom",
    "numpy",
    "Pillow",
    "pylibjpeg",
    "pylibjpeg-rle",
    "isal",
    "pluggy",
    "pydantic",
    "PyYAML",
    "rich",
    "typer",
)
"""What dcmconv needs; the codecs of ``syntaxes`` name the distributions of the decoders."""

MISSING = "not installed"


@dataclass(frozen=True, kw_only=True)
class Doctor(Command):
    """Show versions, decoders per Transfer Syntax, and plugin problems.

    The exit code is 4 if something that dcmconv needs is missing, or a plugin or one of its
    components is broken.
    """

    def run(self, host: Host) -> Iterator[Row]:
        """Yield the tables."""
        from dcmconv_builtins.dicom.decoders import transfer_syntaxes

        yield Heading(title="Versions")
        versions = dict(_versions(host))
        yield from (Row(name=name, version=version) for name, version in versions.items())
        yield Heading(title="This machine")
        yield from _machine(host)
        yield Heading(title="Transfer Syntaxes")
        syntaxes = transfer_syntaxes()
        yield from _syntax_rows(syntaxes)
        yield Heading(title="Plugins")
        yield from _plugins(host)
        missing = [name for name, version in versions.items() if version == MISSING]
        # Transfer Syntaxes that share a decoder share its fault.
        broken = dict.fromkeys(row.note for row in syntaxes if row.state == "broken")
        problems = [
            *host.problems,
            *host.broken_components(),
            *(f"{name} is not installed." for name in missing),
            *(f"{fault}." for fault in broken),
        ]
        if problems:
            yield Heading(title="Problems")
        for problem in problems:
            yield Row(problem=problem)
        yield Ending(text=_verdict(problems), code=4 if problems else 0)


def _versions(host: Host) -> Iterator[tuple[str, str]]:
    from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES

    yield "dcmconv", host.version
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()})"
    yield "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    codecs = [syntax.codec for syntax in SYNTAXES.values()]
    optional = {
        codec.distribution: f"{MISSING}; for {codec.extra}: pip install '{codec.requirement}'"
        for codec in codecs
        if codec.extra
    }
    decoders = [codec.distribution for codec in codecs if codec.distribution]
    for name in dict.fromkeys((*DISTRIBUTIONS, *decoders)):
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, optional.get(name, MISSING)


def _machine(host: Host) -> Iterator[Row]:
    yield Row(name="workers", value=f"{host.workers} of {os.cpu_count()} CPUs may be used here")
    yield Row(name="python", value=sys.executable)
    yield Row(name="dcmconv on the PATH", value=_first_on_path())


def _first_on_path() -> str:
    """Return which program ``dcmconv`` starts: DCMTK has another one with that name."""
    found = shutil.which("dcmconv")
    if found is None:
        return "none; run this one as: python -m dcmconv"
    if _is_ours(Path(found)):
        return f"{found}, this one"
    return (
        f"{found}, another program with that name (DCMTK has one); "
        "run this one as: python -m dcmconv"
    )


def _is_ours(program: Path) -> bool:
    """Whether a program is the start script of this package; DCMTK's is a binary."""
    try:
        with program.open("rb") as stream:
            content = stream.read(1 << 21)
    except OSError:
        return False
    # A script on Linux and macOS; on Windows an executable that ends with a zip of the script.
    return b"dcmconv._entry" in content


def _syntax_rows(syntaxes: list[TransferSyntaxState]) -> Iterator[Row]:
    for syntax in syntaxes:
        yield Row(
            uid=syntax.uid,
            name=syntax.name,
            state=syntax.state,
            decoder=syntax.decoder,
            note=syntax.note,
        )


def _plugins(host: Host) -> Iterator[Row]:
    for plugin in host.plugins:
        offers = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in plugin.offers.items())
        yield Row(
            plugin=plugin.name,
            distribution=f"{plugin.distribution} {plugin.version}",
            offers=offers,
        )


def _verdict(problems: list[str]) -> str:
    if not problems:
        return "Everything that dcmconv needs is installed."
    return f"{len(problems)} problem{'' if len(problems) == 1 else 's'}; see above."
