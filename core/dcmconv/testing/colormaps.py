"""What a colormap promises: 256 rows of red, green and blue, always the same."""

from __future__ import annotations

from typing import cast

import numpy as np

from dcmconv.model.components import Colormap
from dcmconv.testing.components import ComponentConformance
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["ColormapConformance"]


def _table_digest(colormap: Colormap) -> str:
    return digest(colormap.table())


class ColormapConformance(ComponentConformance):
    """The contract of a colormap; a subclass sets ``component``."""

    component: Colormap

    def test_the_table_has_256_rows_of_uint8_red_green_blue(self) -> None:
        table = self.component.table()
        assert isinstance(table, np.ndarray)
        assert (table.shape, table.dtype) == ((256, 3), np.dtype(np.uint8))

    def test_writing_into_a_table_changes_no_later_one(self) -> None:
        before = self.component.table().copy()
        table = self.component.table()
        if table.flags.writeable:
            table[:] = 255 - before
        assert np.array_equal(self.component.table(), before)

    def test_a_spawned_worker_makes_the_same_table(self) -> None:
        there = cast("str", in_a_spawned_worker(_table_digest, self.component))
        assert there == _table_digest(self.component)
