"""The conformance kit: two lines of test give a component the whole contract of its kind.

>>> from dcmconv.testing import ColormapConformance
>>> class TestSepia(ColormapConformance):
...     component = Sepia()

Needs the extra ``dcmconv[testing]``.  A component is made in the main process and again in a
spawned one, so its class must be importable by name: keep it in a module, not in the test.
"""

from __future__ import annotations

import pytest

# Before the modules are imported, so that a failing assert shows its values to strangers, too.
pytest.register_assert_rewrite(
    "dcmconv.testing.colormaps",
    "dcmconv.testing.components",
    "dcmconv.testing.executors",
    "dcmconv.testing.normalizers",
    "dcmconv.testing.readers",
    "dcmconv.testing.sources",
    "dcmconv.testing.steps",
    "dcmconv.testing.writers",
)

from dcmconv.testing.colormaps import ColormapConformance  # noqa: E402
from dcmconv.testing.components import CommandConformance, ComponentConformance  # noqa: E402
from dcmconv.testing.executors import ExecutorConformance  # noqa: E402
from dcmconv.testing.frames import FRAMES, PICTURES  # noqa: E402
from dcmconv.testing.normalizers import NormalizerConformance  # noqa: E402
from dcmconv.testing.readers import ReaderConformance  # noqa: E402
from dcmconv.testing.sources import SourceConformance  # noqa: E402
from dcmconv.testing.steps import StepConformance  # noqa: E402
from dcmconv.testing.writers import WriterConformance  # noqa: E402

__all__ = [
    "FRAMES",
    "PICTURES",
    "ColormapConformance",
    "CommandConformance",
    "ComponentConformance",
    "ExecutorConformance",
    "NormalizerConformance",
    "ReaderConformance",
    "SourceConformance",
    "StepConformance",
    "WriterConformance",
]
