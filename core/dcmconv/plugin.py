"""The front door for components: all that a reader, normalizer, colormap, step or writer imports.

>>> from dcmconv.plugin import Colormap, Frame, Linear, Normalizer, Opt, Picture, Writer
"""

from __future__ import annotations

from dcmconv.curve import Curve, CurveLike, Keep, Linear, Tone
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
from dcmconv.executor import Crew, Done, Executor, Job, Lost, Task
from dcmconv.frame import (
    Attributes,
    AttributeValue,
    Frame,
    Lut,
    Padding,
    Palette,
    Rescale,
    Spacing,
    VoiWindow,
)
from dcmconv.host import Host, InstalledPlugin
from dcmconv.inputs import EncodedFrame, InputFile, Instance, Reference, Refusal
from dcmconv.kinds import (
    ArrayNormalizer,
    Colormap,
    ColorTable,
    Command,
    Ending,
    Heading,
    MaskNormalizer,
    Normalizer,
    Reader,
    Row,
    Rows,
    Source,
    Step,
    Writer,
)
from dcmconv.layers import LabelName, Layer, View, default_label_color
from dcmconv.options import Component, Opt
from dcmconv.picture import Domain, Picture, ValueScale
from dcmconv.statistics import Scope, Statistics
from dcmconv.survey import Survey
from dcmconv.template import Template

__all__ = [
    "ArrayNormalizer",
    "AttributeValue",
    "Attributes",
    "ColorTable",
    "Colormap",
    "Command",
    "Component",
    "Crew",
    "Curve",
    "CurveLike",
    "DcmconvError",
    "Domain",
    "Done",
    "EncodedFrame",
    "Ending",
    "Executor",
    "Frame",
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
    "Normalizer",
    "Opt",
    "OutputError",
    "Padding",
    "Palette",
    "Picture",
    "PluginError",
    "Reader",
    "Reference",
    "Refusal",
    "Rescale",
    "Row",
    "Rows",
    "Scope",
    "SkipInput",
    "Source",
    "Spacing",
    "Statistics",
    "Step",
    "Survey",
    "Task",
    "Template",
    "Tone",
    "UnsupportedError",
    "UsageError",
    "ValueScale",
    "View",
    "VoiWindow",
    "Writer",
    "default_label_color",
]
