"""Whether ``--out`` names one picture file or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from dcmconv.chain.plan import Plan
from dcmconv.errors import UsageError
from dcmconv.model.components import Writer

__all__ = ["names_a_file"]

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2", ".avif"}
)


def names_a_file(out: Path, plan: Plan) -> bool:
    """Return whether ``out`` names one picture rather than a folder.

    Raises
    ------
    UsageError
        If it looks like a picture that this plan does not make.
    """
    suffix = out.suffix.lower()
    if suffix not in PICTURE_SUFFIXES or out.is_dir():
        return False
    lanes = {lane.id: lane for lane in plan.all_lanes}
    if len(lanes) > 1:
        raise UsageError(
            f"{out} names one file, but the chain has {len(lanes)} outputs.",
            hint="Name a folder: -o pictures/",
        )
    made = {cast("Writer", lane.writer.load()).suffix.lower() for lane in lanes.values()}
    if _plain(suffix) not in map(_plain, made):
        raise UsageError(
            f"{out} ends in {suffix}, but the writer makes {' and '.join(sorted(made))}.",
            hint=f"Name it {out.with_suffix(min(made))}, or choose another writer; "
            "see: dcmconv plugins list",
        )
    return True


def _plain(suffix: str) -> str:
    return {".jpeg": ".jpg", ".tiff": ".tif"}.get(suffix, suffix)
