"""Deflate by igzip: the same bytes for the same rows, in whichever process."""

from __future__ import annotations

from isal import isal_zlib

from dcmconv_builtins.writers.png_filter import Bytes

__all__ = ["packed"]

LED_BY = 8


def packed(rows: Bytes, level: int) -> bytes:
    """Deflate filtered rows into one zlib stream (RFC 1950).

    The first bytes are flushed as a block of their own, which costs some 10 bytes.  ISA-L begins a
    stream of level 1 or 2 by hashing a register that it has not set, in the place of the third
    byte (2.32.1, ``tmp2`` under ``.write_first_byte`` in ``igzip_icf_body_h1_gr_bt.asm``).  It
    holds the address of the stream, which differs from process to process; and so, now and then,
    would what is packed.  The code for a handful of bytes makes no such slip, and once it has
    begun the stream, the other only goes on.

    Parameters
    ----------
    rows : uint8 array, contiguous
        What :func:`~dcmconv_builtins.writers.png_filter.filtered` returns.
    level : int
        Of igzip: 0, the fastest, to 3.
    """
    flat = rows.reshape(-1)
    stream = isal_zlib.compressobj(level)
    return b"".join(
        (
            stream.compress(flat[:LED_BY]),
            stream.flush(isal_zlib.Z_SYNC_FLUSH),
            stream.compress(flat[LED_BY:]),
            stream.flush(),
        )
    )
