"""Imports once, in the fork server, what every worker would import anew.

A component's module may name more in ``PRELOAD``: the libraries that it imports only when it works.
"""

from __future__ import annotations

import contextlib
import importlib
import os

__all__ = ["VARIABLE", "preload"]

VARIABLE = "DCMCONV_PRELOAD"
"""The environment variable that carries the names to the fork server."""


def preload(modules: list[str]) -> None:
    """Import modules and what they name in ``PRELOAD``.

    What cannot be imported is left to the worker that needs it, where the error belongs to a task.
    """
    for name in modules:
        with contextlib.suppress(BaseException):  # a plugin's import may even call sys.exit()
            module = importlib.import_module(name)
            for more in getattr(module, "PRELOAD", ()):
                with contextlib.suppress(BaseException):
                    importlib.import_module(more)


# The fork server knows one thing to do: to import this module.
if VARIABLE in os.environ:
    preload(os.environ[VARIABLE].split(","))
