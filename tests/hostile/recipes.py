"""Every bad file that is known, by name: small recipes, nothing binary, nobody's data.

>>> from hostile.recipes import RECIPES
>>> content = RECIPES["zero-byte"]()
"""

from __future__ import annotations

from collections.abc import Callable

from hostile import (
    recipes_codec,
    recipes_color,
    recipes_container,
    recipes_header,
    recipes_length,
    recipes_objects,
    recipes_structure,
    recipes_tone,
)

PARTS = (
    recipes_container,
    recipes_structure,
    recipes_header,
    recipes_length,
    recipes_tone,
    recipes_color,
    recipes_codec,
    recipes_objects,
)

RECIPES: dict[str, Callable[[], bytes]] = {
    name: make for part in PARTS for name, make in part.RECIPES.items()
}
"""Name to a function that makes the file's bytes; in the order of the parts."""

COUNT = sum(len(part.RECIPES) for part in PARTS)
"""How many there are by the parts' own count: no name may stand in two of them."""
