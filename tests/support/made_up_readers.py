"""Readers of made-up formats, in a separate module so that a target can name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from dcmconv.plugin import Frame, Instance, Opt, Reader, UsageError
from dcmconv.plugins.registry import Offered, Registry


class Bytes(Reader):
    """The base of all: knows nothing, opens nothing."""

    @classmethod
    def sniff(cls, head, name):
        return 0

    def open(self, source):
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Silent(Bytes):
    """Does not say which attributes it has."""

    layers: Annotated[tuple[str, ...], Opt("What lies over it", flag="--layer")] = ()
    bold: Annotated[bool, Opt("Whether it is bold", flag="--bold")] = False
    frames: Annotated[str, Opt("What run has a flag for already", flag="--frames")] = ""


@dataclass(frozen=True, kw_only=True)
class Microscope(Bytes):
    """Lists the attributes that it has."""

    table: Annotated[str, Opt("A file")] = ""

    @classmethod
    def attribute_names(cls):
        return {"Magnification", "Stain"}

    def fingerprint(self):
        try:
            return Path(self.table).read_text("utf-8") if self.table else ""
        except OSError:
            raise UsageError(f"{self.table} cannot be read.", hint="Name a file.") from None


@dataclass(frozen=True, kw_only=True)
class Arrays(Bytes):
    """Reads arrays, which are no files."""

    @classmethod
    def accepts_object(cls, value):
        return isinstance(value, np.ndarray)

    def open(self, source):
        frame = Frame(stored_values=source.value, bits_stored=8)
        return Instance(frame_count=1, read_frame=lambda index: frame)


def registry_with(registry: Registry, **readers: str) -> Registry:
    """Return a registry that offers readers of this module in addition to its own."""
    offers = [
        Offered("reader", name, f"{__name__}:{target}", "acme", "acme-readers", "1.0")
        for name, target in readers.items()
    ]
    offered = {kind: registry.offered(kind) for kind in registry._offered}
    offered["reader"] += offers
    return Registry(registry.events, registry.plugins, registry.problems, offered)
