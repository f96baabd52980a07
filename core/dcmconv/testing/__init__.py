"""The conformance kit: two lines of test check a component against the contract of its kind.

>>> from dcmconv.testing import ColormapConformance
>>> class TestSepia(ColormapConformance):
...     component = Sepia()

Needs the extra ``dcmconv[testing]``.  A component is created in the main process and again in a
spawned one, so its class must be importable by name: define it in a module, not inside a test.
"""

from __future__ import annotations

import pytest

# Before the modules are imported, so that failing asserts show their values in other projects too.
pytest.register_assert_rewrite(
    "dcmconv.testing.components",
    "dcmconv.testing.decoders",
    "dcmconv.testing.executors",
    "dcmconv.testing.inputs",
    "dcmconv.testing.normalizers",
    "dcmconv.testing.steps",
    "dcmconv.testing.writers",
)

from dcmconv.testing.components import CommandConformance, ComponentConformance  # noqa: E402
from dcmconv.testing.decoders import DecoderConformance, EncodedSample  # noqa: E402
from dcmconv.testing.executors import ExecutorConformance  # noqa: E402
from dcmconv.testing.frames import FRAMES, PICTURES  # noqa: E402
from dcmconv.testing.inputs import ReaderConformance, SourceConformance  # noqa: E402
from dcmconv.testing.normalizers import NormalizerConformance  # noqa: E402
from dcmconv.testing.steps import ColormapConformance, StepConformance  # noqa: E402
from dcmconv.testing.writers import WriterConformance  # noqa: E402

__all__ = [
    "FRAMES",
    "PICTURES",
    "ColormapConformance",
    "CommandConformance",
    "ComponentConformance",
    "DecoderConformance",
    "EncodedSample",
    "ExecutorConformance",
    "NormalizerConformance",
    "ReaderConformance",
    "SourceConformance",
    "StepConformance",
    "WriterConformance",
]
