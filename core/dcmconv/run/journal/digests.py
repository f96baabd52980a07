"""Short hashes: what the run remembers millions of names by."""

from __future__ import annotations

import hashlib
import unicodedata

__all__ = ["digest_of", "folded_digest", "hex_of"]


def digest_of(text: str) -> int:
    """Return 64 bits for a name; two of ten million names are equal once in 300,000 runs."""
    return int.from_bytes(hashlib.blake2b(_bytes(text), digest_size=8).digest())


def folded_digest(path: str) -> int:
    """Return 64 bits that are equal for paths that some file system takes for one.

    Letter case and Unicode composition are folded away: Windows and macOS do not tell them apart.
    """
    if path.isascii():
        return digest_of(path.lower())
    return digest_of(unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold()))


def hex_of(text: str) -> str:
    """Return 8 hex digits of SHA-256: the suffix of a name that was taken or had to be changed."""
    return hashlib.sha256(_bytes(text)).hexdigest()[:8]


def _bytes(text: str) -> bytes:
    # File names are bytes: what is no UTF-8 stands in a str as lone surrogates.
    return text.encode("utf-8", "surrogatepass")
