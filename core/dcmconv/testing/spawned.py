"""Run a function in a spawned process, which has only what a worker of a run would have."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["digest", "in_a_spawned_worker"]


def digest(values: NDArray[Any] | bytes) -> str:
    """Return a hash of an array's type, shape and values, or of bytes."""
    if isinstance(values, bytes):
        return hashlib.sha256(values).hexdigest()
    # Equal bytes of another type or shape are other values.
    description = f"{values.dtype.str} {values.shape} ".encode()
    return hashlib.sha256(description + np.ascontiguousarray(values).tobytes()).hexdigest()


@cache
def _worker() -> ProcessPoolExecutor:
    # One for the whole session: starting a process takes longer than any of the tests.
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def in_a_spawned_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a module-level function in a process that shares nothing with this one."""
    return _worker().submit(function, *arguments).result(timeout=120)
