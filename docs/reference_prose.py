"""The sentences on the reference pages that are not derived from a declaration."""

from __future__ import annotations

COMPONENTS = {
    "reader": """\
A reader turns the bytes of one input into Frames.
The reader with the highest confidence in the content reads an input; it cannot be chosen by hand.
Set its options with `--read NAME:OPTIONS`, or `read:` in a chain; some have their own flag.""",
    "decoder": """\
A decoder turns the codestream of one frame into stored values.
Each Transfer Syntax has one pinned decoder; `dcmconv doctor` shows which one.
Choose another one with `--decoder UID=NAME`, or `decoders:` in a chain. \
If a decoder fails, no other is tried.""",
    "normalizer": """\
A normalizer decides how modality values become display values.
Choose it with `--normalize NAME`, or `normalize:` in a chain.""",
    "colormap": """\
A colormap gives gray pictures colors.
Choose it with `--colormap NAME`, or `colormap:` in a chain.""",
    "step": """\
A step changes a picture.
Add one with `--step NAME`, or `steps:` in a chain.
Steps run in the given order; steps that draw run after the colormap.""",
    "writer": """\
A writer encodes a picture.
Choose it with `--writer NAME`, or `outputs:` in a chain.
With several writers, each frame is decoded once and gives several pictures.""",
    "source": """\
A source finds inputs.
The source that claims an INPUT with the highest confidence walks it; `NAME:...` names a source.""",
    "executor": """\
An executor runs the tasks of a run.
Choose it with `--executor NAME`, or `run: {executor: NAME}` in a chain.
By default, a handful of inputs is converted in the main process, and more in worker processes.""",
}

PRESETS = "Chains that come with dcmconv. Use one with `--chain preset:NAME`."

COMMANDS = "`python -m dcmconv` is the same program as `dcmconv`."

CHAIN = """\
A chain file is YAML 1.2 or JSON.
Unknown keys and wrong values are reported before any input is opened, each with its line, its \
column and a suggestion.
`dcmconv chain schema` prints a JSON Schema for editors, with the options of every installed \
component.

A component is written as its name (`minmax`), in the short form (`window:center=40,width=400`, \
or `window:40,400` without the names of the options), \
or as a mapping (`{use: window, center: 40, width: 400}`).
`id` gives it another name, for `--set` and for the file names of an output."""

OUTPUT = """\
The options of its [writer](writers.md), and `name`, `normalize`, `invert`, `steps`, `colormap` \
and `aspect` for this output only."""

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
    "version": "The version of the format. Required.",
    "extends": "Chain files or `preset:NAME` that this chain is based on; its own values take "
    "precedence.",
    "read": "Options of [readers](readers.md). Readers that are not listed keep their defaults.",
    "decoders": "UID or name of a Transfer Syntax, and the [decoder](decoders.md) to use for it.",
    "normalize": "The [normalizer](normalizers.md). Default: `auto`.",
    "invert": "Swap black and white.",
    "steps": "[Steps](steps.md), in order.",
    "colormap": "The [colormap](colormaps.md); `none` for none.",
    "aspect": "`square` resamples pixels that are not square; `keep` does not. Default: `auto`: "
    "`square` for display values, `keep` for unscaled values, which are never resampled.",
    "rules": "Different settings for some instances; the first rule that matches applies.",
    "outputs": "[Writers](writers.md): each makes one picture of each frame. Default: `png`.",
    "frames": "Frame numbers from 1, such as `1,3-5` or `10-`. Default: `all`.",
    "tags": "Columns of the tag table: keywords, tags as `GGGG,EEEE`, paths, `rows`, `columns`, "
    "`tone`, or lists such as `default` and `article`.",
    "run": "How the run does its work. Only `policy` decides which inputs become pictures.",
    "when": "Attributes, and the [conditions](../how-to/select-inputs.md) of each; all must match.",
    "skip": "Skip these instances.",
}

HOOKS = """\
A plugin is a module named in the entry point group `dcmconv`.
Its hooks are called in the main process only, and never for a frame or a pixel, except \
`dcmconv_image`, which Python programs call for a picture.
The hook of a kind returns a mapping *name → `"module:Class"`*, or *name → \
`Offer("module:Class", summary)`*.
See [what a plugin is](../plugins/what-is-a-plugin.md)."""

ERRORS = """\
An error message has two parts: what was found and what was expected, then what to type next.
An input that fails is one line in the journal and never ends the run.

With `--json`, a command that fails also prints one JSON object on stdout, as its last line; \
stderr and the exit code stay the same.
Its fields are `kind` (always `error`), `reason`, `message`, `hint` and `exit_code`.
Failed inputs are no errors of the command: they are counted in the summary.
A run that Ctrl-C stops prints its summary, and no error."""

EXIT_CODES = {
    0: "Everything that should become a picture did.",
    1: "The run finished, and some inputs failed.",
    2: "The command or the chain is wrong; nothing was done.",
    3: "There was nothing to convert.",
    4: "A plugin or a codec that the whole job needs is missing or broken.",
    5: "The run stopped early: the destination is full, read-only, gone or in use, an input failed "
    "with `--on-error stop`, or more failed than `--max-failures` allows. The same command "
    "continues the run.",
    6: "`run --verify` or `journal verify` found pictures that are missing or differ from the "
    "journal.",
    70: "A bug in dcmconv or in a plugin; a traceback is shown.",
    129: "Ended by SIGHUP, for example because the terminal was closed. The same command "
    "continues the run.",
    130: "Interrupted with Ctrl-C. The same command continues the run.",
    143: "Ended by SIGTERM. The same command continues the run.",
}

CLASSES = """\
All are in `dcmconv.plugin`, for components to raise, except `ChainError`, which only the \
core raises.
The class says who must act.
The reason is what the journal records unless an error has its own reason."""

PYTHON = """Everything below is in the module `dcmconv`. In the signatures, `InputLike` is a path,
bytes, a binary file or a pydicom `Dataset`. `ComponentLike` is a component as a text, a mapping or
an object: `"window:name=lung"`, `{"use": "window", "name": "lung"}`, `Window(name="lung")`;
`Components` is one of them or several. `ChainLike` is the path of a chain file, `"preset:NAME"`, a
mapping with the [keys of a chain file](chain-keys.md), or a `Chain`."""

OUTCOMES = """\
Iterating over a run yields outcomes; afterwards, `run.summary` is a `Summary`.
`Outcome` is the union of `Converted`, `Skipped` and `Failed`: `outcome.status == "converted"` and \
`isinstance` tell type checkers which one it is.
None of them can be changed.
`message` and `hint` name keywords here and flags in the journal; `path` of a picture is absolute \
here and relative to the output folder in the journal."""

JOURNAL = """A run writes `OUT/.dcmconv/journal.jsonl`: one JSON object per line, in UTF-8, appended
and never rewritten. The last line about a `locator` counts. Every line is of one of the kinds
below, which are also available as a JSON Schema: [journal.schema.json](journal.schema.json).

`format` is the number of the line format. Lines of dcmconv 0.1.0 have none and are read as well. A
new field may appear under the same number, so ignore unknown fields. A changed meaning gets a new
number, and dcmconv rejects numbers that it does not know. A last line without a line break was cut
off by a crash and is ignored."""
