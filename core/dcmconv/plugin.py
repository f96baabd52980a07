"""The front door for components: everything that a component imports from dcmconv.

>>> from dcmconv.plugin import Colormap, Frame, Linear, Normalizer, Opt, Picture, Writer
"""

from __future__ import annotations

from dcmconv.errors import (
    DcmconvError,
    InputError,
    LimitError,
    OutputError,
    PluginError,
    SkipInput,
    UnsupportedError,
    UsageError,
)
from dcmconv.model.components import (
    ArrayNormalizer,
    Colormap,
    ColorTable,
    Command,
    Decoder,
    Ending,
    Heading,
    Host,
    InstalledPlugin,
    MaskNormalizer,
    NamedDecoder,
    Normalizer,
    Reader,
    Row,
    Rows,
    Source,
    Step,
    Writer,
)
from dcmconv.model.curve import Curve, CurveLike, Keep, Linear, Tone
from dcmconv.model.executor import Done, Executor, Job, Lost, Task, WorkerPool, WorkerState
from dcmconv.model.frame import Attributes, AttributeValue, Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale, Spacing, VoiWindow
from dcmconv.model.inputs import (
    DecodedFrame,
    EncodedFrame,
    FrameDescription,
    InputFile,
    Instance,
    JoinedBuffers,
    Reference,
    Rejected,
)
from dcmconv.model.layers import LabelName, Layer, View, default_label_color
from dcmconv.model.options import Component, Opt
from dcmconv.model.picture import Domain, Picture, ValueScale
from dcmconv.model.statistics import Scope, Statistics, StatisticsRequest
from dcmconv.model.template import Template, plain_tag, split_path

__all__ = [  # noqa: RUF022 - grouped by what a plugin author is writing
    # Base classes: what a plugin offers
    "Component",
    "Opt",
    "Reader",
    "Decoder",
    "Normalizer",
    "ArrayNormalizer",
    "MaskNormalizer",
    "Colormap",
    "Step",
    "Writer",
    "Source",
    "Executor",
    "Command",
    # Frames, and what a file says about them
    "Frame",
    "Attributes",
    "AttributeValue",
    "plain_tag",
    "split_path",
    "Lut",
    "Padding",
    "Palette",
    "Rescale",
    "Spacing",
    "VoiWindow",
    "Layer",
    "LabelName",
    "View",
    "default_label_color",
    "Statistics",
    "StatisticsRequest",
    "Scope",
    # Normalizers: tone curves
    "Tone",
    "Curve",
    "CurveLike",
    "Linear",
    "Keep",
    # Pictures: colormaps, steps and writers
    "Picture",
    "Domain",
    "ValueScale",
    "ColorTable",
    "Template",
    # Inputs: sources, readers and decoders
    "Reference",
    "Rejected",
    "InputFile",
    "JoinedBuffers",
    "Instance",
    "EncodedFrame",
    "FrameDescription",
    "DecodedFrame",
    "NamedDecoder",
    # Executors
    "WorkerPool",
    "WorkerState",
    "Job",
    "Task",
    "Done",
    "Lost",
    # Commands
    "Host",
    "InstalledPlugin",
    "Row",
    "Rows",
    "Heading",
    "Ending",
    # Errors: the class says who must act
    "DcmconvError",
    "UsageError",
    "InputError",
    "UnsupportedError",
    "LimitError",
    "OutputError",
    "PluginError",
    "SkipInput",
]
