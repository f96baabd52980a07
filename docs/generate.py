"""Write the reference pages from the declarations: ``python docs/generate.py``.

Nothing on these pages is written by hand.  A component's options come from its fields, commands from
their flags, hooks and errors from their docstrings.  A test fails when a page is stale.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dcmconv import errors, hooks
from dcmconv.chain.document import CHAIN_KEYS, RULE_KEYS
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.settings import RunSettings
from dcmconv.cli import guard
from dcmconv.cli.chain_commands import add_to as add_chain_commands
from dcmconv.cli.component_flags import default_of, describe
from dcmconv.cli.flags import Flag
from dcmconv.cli.plugin_commands import add_to as add_plugin_commands
from dcmconv.cli.provided import command_class, flags_of_command
from dcmconv.cli.run_flags import HELP, RUN_FLAGS
from dcmconv.kinds import Normalizer, Step, Writer
from dcmconv.options import Component, option_fields
from dcmconv.registry import Registry

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by docs/generate.py from the declarations. Do not edit. -->"

COMPONENTS = {
    "reader": "A reader turns the bytes of one input into Frames.\n"
    "The one that is surest of the content reads it; there is no option to choose one.",
    "normalizer": "A normalizer decides how modality values become display values: "
    "`--normalize NAME`, or `normalize:` in a chain.",
    "colormap": "A colormap gives gray pictures colors: `--colormap NAME`, or `colormap:` in a chain.",
    "step": "A step changes a picture: `--step NAME`, or `steps:` in a chain.\n"
    "Several are done in their order; steps that draw come after the colormap.",
    "writer": "A writer encodes a picture: `--writer NAME`, or `outputs:` in a chain.\n"
    "Several give several pictures from one decode.",
    "source": "A source finds inputs. The first that claims an INPUT walks it.",
    "executor": "An executor is where the work is done: `run: {executor: NAME}` in a chain.\n"
    "Without one, a handful of inputs is done in the program itself, more in worker processes.",
}

REASONS = {
    0: "Everything that should become a picture did.",
    1: "The run went to its end, and some inputs failed.",
    2: "The command or the chain is wrong; nothing was done.",
    3: "There was nothing to convert.",
    4: "A plugin or a codec that the whole job needs is missing or broken.",
    5: "The run stopped early: the destination is full, read-only or in use, or an input failed "
    "under `--on-error stop`. The same command goes on from there.",
    70: "A bug in dcmconv or in a plugin; a traceback is shown.",
    130: "Interrupted with Ctrl-C. The same command goes on from there.",
    143: "Ended by SIGTERM. The same command goes on from there.",
}


def pages() -> dict[str, str]:
    """Return the text of every page by its file name, for the built-in components."""
    registry = Registry.discover(only=())
    made = {f"{kind}s.md": _component_page(registry, kind) for kind in COMPONENTS}
    made["presets.md"] = _preset_page(registry)
    made["commands.md"] = _command_page(registry)
    made["chain-keys.md"] = _chain_page(registry)
    made["hooks.md"] = _hook_page()
    made["errors.md"] = _error_page()
    made["python.md"] = _python_page()
    return {name: f"{MADE}\n{_tidy(text)}\n" for name, text in sorted(made.items())}


def main() -> int:
    """Write every page; return 0."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def _component_page(registry: Registry, kind: str) -> str:
    parts = [f"# {kind.capitalize()}s", COMPONENTS[kind]]
    for name in registry.names(kind):
        component = registry.load(kind, name)
        parts += [f"## `{name}`", _docstring(component), *_facts(component), _options(component)]
    return "\n\n".join(parts)


def _facts(component: type[Component]) -> Iterator[str]:
    """Yield in words what a kind declares beside its options."""
    if issubclass(component, Step):
        when = "after the colormap" if component.after_colormap else "before the colormap"
        yield f"Works {when}, on {_words(component.accepts)} values."
    if issubclass(component, Writer):
        yield f"Writes `{component.suffix}`; takes {_words(component.accepts)} values."
    if issubclass(component, Normalizer) and getattr(component, "gives", "display") == "keep":
        yield "Gives stored or modality values, which only some writers take."


def _options(component: type[Component]) -> str:
    rows = [
        (
            f"`{field.name}`",
            _code(describe(field.annotation)),
            "required" if field.required else _code(default_of(field)),
            _limits(field.opt),
            field.opt.help + _examples(field.opt),
        )
        for field in option_fields(component)
    ]
    if not rows:
        return "It has no options."
    return _table(("option", "values", "default", "unit, limits", "meaning"), rows)


def _limits(opt: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [f"{signs[name]} {bound:g}" for name, bound in opt.bounds().items()]
    return ", ".join(filter(None, [opt.unit, *limits]))


def _examples(opt: Any) -> str:
    shown = [str(list(item) if isinstance(item, tuple) else item) for item in opt.examples]
    return f" (such as {', '.join(_code(item) for item in shown)})" if shown else ""


def _preset_page(registry: Registry) -> str:
    from importlib.resources import files

    parts = ["# Presets", "Chains that come with dcmconv: `--chain preset:NAME`."]
    for name in registry.names("preset"):
        package, _, path = registry.find("preset", name).target.partition(":")
        text = (files(package) / path).read_text("utf-8").strip()
        parts += [f"## `preset:{name}`", f"```yaml\n{text}\n```"]
    return "\n\n".join(parts)


def _command_page(registry: Registry) -> str:
    parts = [
        "# Commands",
        "`python -m dcmconv` is the same program as `dcmconv`.",
        *_command("run", HELP, RUN_FLAGS),
    ]
    for name in registry.names("command"):
        component = command_class(registry, name)
        parts += _command(name, _docstring(component), flags_of_command(component))
    for group, add_to in (("chain", add_chain_commands), ("plugins", add_plugin_commands)):
        for name, help_text, flags in _recorded(add_to):
            parts += _command(f"{group} {name}", help_text, flags)
    return "\n\n".join(parts)


def _recorded(add_to: Any) -> list[tuple[str, str, list[Flag]]]:
    """Return name, help and flags of the commands that a module adds to its group."""
    module = sys.modules[add_to.__module__]
    found: list[tuple[str, str, list[Flag]]] = []

    def record(app: Any, name: str, body: Any, flags: list[Flag], *, help_text: str) -> None:
        found.append((name, help_text, flags))

    original = vars(module)["add_command"]
    vars(module)["add_command"] = record
    try:
        add_to(None)
    finally:
        vars(module)["add_command"] = original
    return found


def _command(name: str, help_text: str, flags: Iterable[Flag]) -> Iterator[str]:
    yield f"## `dcmconv {name}`"
    yield help_text
    rows = [
        (
            " ".join(_code(word) for word in flag.words) or _code(flag.metavar or flag.name.upper()),
            _code(flag.metavar) if flag.words else "required" if flag.required else "",
            flag.default,
            flag.help,
        )
        for flag in flags
    ]
    if rows:
        yield _table(("flag or argument", "value", "default", "meaning"), rows)


def _chain_page(registry: Registry) -> str:
    schema = chain_schema(registry)
    rule = schema["properties"]["rules"]["items"]
    return "\n\n".join(
        [
            "# Keys of a chain file",
            "A chain is YAML 1.2, or JSON. An unknown key or a wrong value is refused before any "
            "input is opened, with its line, its column and the nearest right word.\n"
            "`dcmconv chain schema` prints the JSON Schema for editors, with the options of every "
            "component that is installed.",
            "A component is written as its name (`minmax`), in the short form "
            "(`window:center=40,width=400`), or as a mapping "
            "(`{use: window, center: 40, width: 400}`).\n"
            "`id` gives it another name for `--set` and for the files of an output.",
            "## At the top",
            _keys(CHAIN_KEYS, schema),
            "## In a rule",
            _keys(RULE_KEYS, rule),
            "## In an output",
            "The options of its [writer](writers.md), and `name`, `normalize`, `invert`, `steps`, "
            "`colormap` and `aspect` for this output alone.",
            "## In `run`",
            _options(RunSettings),
            "`executor` names an [executor](executors.md).",
            "## What goes first",
            "Defaults, then presets, then the chain file, then `DCMCONV_SET` "
            "(such as `jpg.quality=95 run.workers=4`), then `--set`, then every other flag: "
            "the later one wins.",
        ]
    )


def _keys(keys: Iterable[str], schema: dict[str, Any]) -> str:
    rows = [
        (f"`{key}`", _shape(schema["properties"][key]), MEANINGS.get(key, ""))
        for key in keys
    ]
    return _table(("key", "value", "meaning"), rows)


MEANINGS = {
    "version": "The version of the format. It has to be there.",
    "extends": "Chain files or `preset:NAME`; this chain is laid over them.",
    "normalize": "The [normalizer](normalizers.md). Default: `auto`.",
    "invert": "Swap black and white.",
    "steps": "[Steps](steps.md) in their order.",
    "colormap": "The [colormap](colormaps.md); `none` for none.",
    "aspect": "`square` makes pixels square that are not; `keep` leaves them. Default: `square`.",
    "rules": "What is different for some instances; the first rule that matches counts.",
    "outputs": "[Writers](writers.md): one picture of each frame for each. Default: `png`.",
    "frames": "Frame numbers from 1, such as `1,3-5` or `10-`. Default: `all`.",
    "tags": "Keywords, or `GGGG,EEEE`: the columns of the table of tags.",
    "run": "How the run goes about its work; nothing in it changes a picture.",
    "when": "Attributes and the values accepted for each; all of them have to match.",
    "skip": "Leave these instances out.",
}


def _shape(schema: dict[str, Any]) -> str:
    """Say in a word what form a value has."""
    if "const" in schema:
        return _code(str(schema["const"]))
    if "enum" in schema:
        return _code("|".join(str(value) for value in schema["enum"]))
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(dict.fromkeys(_shape(each) for each in schema["oneOf"]))
    if schema.get("type") == "array" and "$ref" in schema["items"]:
        return f"list of {_shape(schema['items'])}s"
    words = {"object": "mapping", "array": "list", "string": "text", "boolean": "true or false"}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(words.get(word, word) for word in named)


def _hook_page() -> str:
    parts = [
        "# Hooks",
        "A plugin is a module named in the entry point group `dcmconv`.\n"
        "Its hooks are called in the main process only; none is in the path of a pixel.\n"
        "The hooks of a kind return a mapping *name → `\"module:Class\"`*, or "
        "*name → `Offer(\"module:Class\", summary)`*.\n"
        "See [what a plugin is](../plugins/what-is-a-plugin.md).",
    ]
    for name, hook in vars(hooks.Specs).items():
        if name.startswith(f"{hooks.PROJECT}_"):
            names = list(inspect.signature(hook).parameters)[1:]
            parts += [f"## `{name}({', '.join(names)})`", inspect.getdoc(hook) or ""]
    return "\n\n".join(parts)


def _error_page() -> str:
    rows = [(_code(code), text) for code, text in REASONS.items()]
    own = [
        (_code(name), _code(cls.exit_code), _code(cls.default_reason), _docstring(cls).split("\n")[0])
        for name, cls in ((name, getattr(errors, name)) for name in errors.__all__)
    ]
    _check_codes(REASONS)
    return "\n\n".join(
        [
            "# Errors and exit codes",
            "An error has two lines: what was found and what was needed, then what to type next.\n"
            "One input that fails is one line in the journal, never the end of the run.",
            "## Exit codes of `dcmconv`",
            _table(("code", "meaning"), rows),
            "## Classes",
            "All are in `dcmconv.plugin`, for components to raise, except `ChainError`, which the "
            "core alone raises. Who must act decides the class.",
            _table(("class", "exit code", "reason", "meaning"), own),
        ]
    )


def _check_codes(told: dict[int, str]) -> None:
    known = {value for name, value in vars(guard).items() if name.startswith("EXIT_")}
    known |= {getattr(errors, name).exit_code for name in errors.__all__}
    if known - set(told):
        raise SystemExit(f"docs/generate.py says nothing of exit codes {known - set(told)}.")


def _python_page() -> str:
    import dcmconv

    parts = ["# Python", "Everything below is in `dcmconv`; it is what the command line uses."]
    for name in ("convert", "convert_frames", "run", "RenderedPicture"):
        thing = getattr(dcmconv, name)
        parts += [f"## `{name}`", _signature(thing), _fenced(_docstring(thing))]
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and inspect.getdoc(value) and member != "picture":
                    parts += [f"### `.{member}`", _fenced(inspect.getdoc(value) or "")]
    outcomes = ("Converted", "Skipped", "Failed", "Summary")
    parts += ["## Outcomes", "What iterating over a run gives, and `run.summary`."]
    for name in outcomes:
        cls = getattr(dcmconv, name)
        fields = ", ".join(_code(field.name) for field in dataclasses.fields(cls))
        parts += [f"### `{name}`", _docstring(cls), f"Fields: {fields}."]
    return "\n\n".join(parts)


def _signature(thing: Any) -> str:
    text = str(inspect.signature(thing)).replace("'", "")
    return f"```text\n{thing.__name__}{text}\n```"


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def _docstring(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


def _words(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _code(value: Any) -> str:
    return f"`{value}`" if str(value) else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _tidy(text: str) -> str:
    """Turn reST's double backquotes to Markdown's single ones."""
    return re.sub(r"``([^`\n]+)``", r"`\1`", text).strip()


if __name__ == "__main__":
    sys.exit(main())
