"""What is installed, found once for a command line and not for each of its parts."""

from __future__ import annotations

from functools import lru_cache

from dcmconv.plugins.registry import Registry

__all__ = ["installed"]


@lru_cache(maxsize=4)
def installed(blocked: tuple[str, ...] = ()) -> Registry:
    """Return the registry without the plugins that are to be left out.

    ``installed.cache_clear()`` forgets it: every command line begins with that.
    """
    return Registry.discover(blocked=blocked)
