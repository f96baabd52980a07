"""Recipes for all known kinds of bad files, by name; no binary files and no patient data.

>>> from hostile.recipes import RECIPES
>>> content = RECIPES["zero-byte"]()
"""

from __future__ import annotations

from collections.abc import Callable

from hostile import (
    recipes_codec,
    recipes_color,
    recipes_container,
    recipes_content,
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
    recipes_content,
)

RECIPES: dict[str, Callable[[], bytes]] = {
    name: make for part in PARTS for name, make in part.RECIPES.items()
}
"""Recipe name to a function that makes the bytes of the file."""

COUNT = sum(len(part.RECIPES) for part in PARTS)
"""The sum of all parts; it is larger than ``len(RECIPES)`` if a name occurs in two of them."""
