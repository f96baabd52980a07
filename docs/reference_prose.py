"""The sentences on the reference pages that no declaration says."""

from __future__ import annotations

COMPONENTS = {
    "reader": """\
A reader turns the bytes of one input into Frames.
The one that is surest of the content reads it; there is no option to choose one.
Give it options with `--read NAME:OPTIONS`, or `read:` in a chain; some have their own flag.""",
    "normalizer": """\
A normalizer decides how modality values become display values.
Choose it with `--normalize NAME`, or `normalize:` in a chain.""",
    "colormap": """\
A colormap gives gray pictures colors.
Choose it with `--colormap NAME`, or `colormap:` in a chain.""",
    "step": """\
A step changes a picture.
Add it with `--step NAME`, or `steps:` in a chain.
Several are done in their order; steps that draw come after the colormap.""",
    "writer": """\
A writer encodes a picture.
Choose it with `--writer NAME`, or `outputs:` in a chain.
Several give several pictures from one decode.""",
    "source": """\
A source finds inputs.
The one that claims an INPUT with the highest confidence walks it.""",
    "executor": """\
An executor is where the work is done.
Choose it with `run: {executor: NAME}` in a chain.
Without one, a handful of inputs is done in the program itself, and more in worker processes.""",
}

PRESETS = "Chains that come with dcmconv: `--chain preset:NAME`."

COMMANDS = "`python -m dcmconv` is the same program as `dcmconv`."

CHAIN = """\
A chain is YAML 1.2, or JSON.
An unknown key or a wrong value is refused before any input is opened, with its line, its column \
and the nearest right word.
`dcmconv chain schema` prints the JSON Schema for editors, with the options of every component \
that is installed.

A component is written as its name (`minmax`), in the short form (`window:center=40,width=400`), \
or as a mapping (`{use: window, center: 40, width: 400}`).
`id` gives it another name for `--set` and for the files of an output."""

OUTPUT = """\
The options of its [writer](writers.md), and `name`, `normalize`, `invert`, `steps`, `colormap` \
and `aspect` for this output alone."""

EXECUTOR = "`executor` names an [executor](executors.md)."

PRECEDENCE = """\
The later one wins:

1. defaults,
2. presets,
3. the chain file,
4. the environment variable `DCMCONV_SET`, such as `jpg.quality=95 run.workers=4`,
5. `--set`,
6. every other flag."""

KEYS = {
    "version": "The version of the format. It has to be there.",
    "extends": "Chain files or `preset:NAME`; this chain is laid over them.",
    "read": "Options of [readers](readers.md); those not named are there without.",
    "decoders": "UID or name of a Transfer Syntax to the decoder to use for it.",
    "normalize": "The [normalizer](normalizers.md). Default: `auto`.",
    "invert": "Swap black and white.",
    "steps": "[Steps](steps.md) in their order.",
    "colormap": "The [colormap](colormaps.md); `none` for none.",
    "aspect": "`square` makes pixels square that are not; `keep` leaves them. Default: `auto`, "
    "which is `square` for display values and `keep` for unscaled ones: those are never resampled.",
    "rules": "What is different for some instances; the first rule that matches counts.",
    "outputs": "[Writers](writers.md): one picture of each frame for each. Default: `png`.",
    "frames": "Frame numbers from 1, such as `1,3-5` or `10-`. Default: `all`.",
    "tags": "Keywords, or `GGGG,EEEE`: the columns of the table of tags.",
    "run": "How the run goes about its work; only `policy` decides what becomes a picture.",
    "when": "Attributes and the values accepted for each; all of them have to match.",
    "skip": "Leave these instances out.",
}

HOOKS = """\
A plugin is a module named in the entry point group `dcmconv`.
Its hooks are called in the main process only; none is in the path of a pixel.
The hooks of a kind return a mapping *name → `"module:Class"`*, or *name → \
`Offer("module:Class", summary)`*.
See [what a plugin is](../plugins/what-is-a-plugin.md)."""

ERRORS = """\
An error has two lines: what was found and what was needed, then what to type next.
One input that fails is one line in the journal, never the end of the run."""

EXIT_CODES = {
    0: "Everything that should become a picture did.",
    1: "The run went to its end, and some inputs failed.",
    2: "The command or the chain is wrong; nothing was done.",
    3: "There was nothing to convert.",
    4: "A plugin or a codec that the whole job needs is missing or broken.",
    5: "The run stopped early: the destination is full, read-only, gone or in use, an input failed "
    "under `--on-error stop`, or too many under `--max-failures`. The same command goes on from "
    "there.",
    6: "`run --verify` or `journal verify` found pictures that are gone or no longer what the "
    "journal says.",
    70: "A bug in dcmconv or in a plugin; a traceback is shown.",
    130: "Interrupted with Ctrl-C. The same command goes on from there.",
    129: "Ended by SIGHUP, for example because the terminal was closed. The same command goes on.",
    143: "Ended by SIGTERM. The same command goes on from there.",
}

CLASSES = """\
All are in `dcmconv.plugin`, for components to raise, except `ChainError`, which the core alone \
raises.
Who must act decides the class.
The reason is what the journal says where an error names none of its own."""

PYTHON = "Everything below is in `dcmconv`; it is what the command line uses."

OUTCOMES = "What iterating over a run gives, and what `run.summary` is afterwards."

JOURNAL = """A run writes `OUT/.dcmconv/journal.jsonl`: one JSON object per line, in UTF-8, appended
and never rewritten. The last line about a `locator` counts. Every line is of one of these kinds;
the same is available as a JSON Schema, [journal.schema.json](journal.schema.json).

`format` is the number of the line format. Lines of dcmconv 0.1.0 have none and are read as well. A
new field may appear under the same number, so ignore fields that you do not know; a changed meaning
gets a new number, and dcmconv rejects a number that it does not know. A last line without a line
break was cut by a crash and is ignored."""
