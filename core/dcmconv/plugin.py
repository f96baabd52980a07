"""The front door for components: all that a reader, normalizer, colormap, step or writer imports.

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
from dcmconv.model.decoding import DecodedFrame, FrameDescription
from dcmconv.model.executor import Done, Executor, Job, Lost, Task, WorkerPool
from dcmconv.model.frame import Attributes, AttributeValue, Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale, Spacing, VoiWindow
from dcmconv.model.inputs import EncodedFrame, InputFile, Instance, Reference, Rejected
from dcmconv.model.layers import LabelName, Layer, View, default_label_color
from dcmconv.model.options import Component, Opt
from dcmconv.model.picture import Domain, Picture, ValueScale
from dcmconv.model.statistics import Scope, Statistics, StatisticsRequest
from dcmconv.model.template import Template

__all__ = [
    "ArrayNormalizer",
    "AttributeValue",
    "Attributes",
    "ColorTable",
    "Colormap",
    "Command",
    "Component",
    "Curve",
    "CurveLike",
    "DcmconvError",
    "DecodedFrame",
    "Decoder",
    "Domain",
    "Done",
    "EncodedFrame",
    "Ending",
    "Executor",
    "Frame",
    "FrameDescription",
    "Heading",
    "Host",
    "InputError",
    "InputFile",
    "InstalledPlugin",
    "Instance",
    "Job",
    "Keep",
    "LabelName",
    "Layer",
    "LimitError",
    "Linear",
    "Lost",
    "Lut",
    "MaskNormalizer",
    "NamedDecoder",
    "Normalizer",
    "Opt",
    "OutputError",
    "Padding",
    "Palette",
    "Picture",
    "PluginError",
    "Reader",
    "Reference",
    "Rejected",
    "Rescale",
    "Row",
    "Rows",
    "Scope",
    "SkipInput",
    "Source",
    "Spacing",
    "Statistics",
    "StatisticsRequest",
    "Step",
    "Task",
    "Template",
    "Tone",
    "UnsupportedError",
    "UsageError",
    "ValueScale",
    "View",
    "VoiWindow",
    "WorkerPool",
    "Writer",
    "default_label_color",
]
