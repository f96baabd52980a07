"""The portable graymap."""

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.plugin import Opt, Picture, UnsupportedError, Writer


@dataclass(frozen=True, kw_only=True)
class Pgm(Writer):
    """Portable graymap, 8 or 16 bits."""

    suffix = ".pgm"
    takes_color = False

    bits: Annotated[Literal[8, 16], Opt("Bits of a gray value")] = 8

    def depth(self) -> int:
        """Return the bits of a gray value."""
        return self.bits

    def encode(self, picture: Picture) -> bytes:
        """Write the header, then the values, the high byte first."""
        if picture.is_color:
            raise UnsupportedError("A PGM file has no colors.", hint="Use --writer png.")
        head = f"P5 {picture.columns} {picture.rows} {2**self.bits - 1}\n"
        return head.encode() + picture.pixels.astype(">u2" if self.bits == 16 else "u1").tobytes()
