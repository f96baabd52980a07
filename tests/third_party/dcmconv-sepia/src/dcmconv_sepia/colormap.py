"""The brown of old photographs."""

from dataclasses import dataclass

import numpy as np

from dcmconv.plugin import Colormap, ColorTable


@dataclass(frozen=True, kw_only=True)
class Sepia(Colormap):
    """Black to white by way of brown."""

    def table(self) -> ColorTable:
        """Return the 256 colors."""
        level = np.linspace(0, 1, 256)[:, np.newaxis]
        return np.round(255 * level ** np.array([0.8, 1.0, 1.3])).astype(np.uint8)
