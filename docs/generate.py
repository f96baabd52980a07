"""Write the reference pages from the declarations: ``python docs/generate.py``.

Options come from the fields of components, commands from their flags, and hooks and errors from
their docstrings; the sentences around them are in ``reference_prose.py``.  With ``--check``,
nothing is written; if pages are stale, their names are printed and the exit code is 1.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import reference_prose as prose
from man_page import man_page
from reference_markdown import code, fenced, table, tidy

from dcmconv import errors, hooks
from dcmconv.chain.document import CHAIN_KEYS, RULE_KEYS
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.settings import RunSettings
from dcmconv.cli import exit_codes
from dcmconv.cli.app import GROUPS
from dcmconv.cli.app import HELP as PROGRAM_HELP
from dcmconv.cli.flags import Flag, default_of, describe
from dcmconv.cli.groups.chain_commands import add_to as add_chain_commands
from dcmconv.cli.groups.journal_commands import add_to as add_journal_commands
from dcmconv.cli.groups.plugin_commands import add_to as add_plugin_commands
from dcmconv.cli.provided_commands import command_class, flags_of_command
from dcmconv.cli.run_flags import HELP, run_flags
from dcmconv.model.components import Decoder, Normalizer, Step, Writer
from dcmconv.model.options import Component, option_fields
from dcmconv.plugins.registry import Registry
from dcmconv.run.journal.schema import journal_schema

FOLDER = Path(__file__).parent / "reference"
MAN = "../man/dcmconv.1"
MADE_BY_TESTS = ("conformance.md",)
MADE = "<!-- Made by docs/generate.py from the declarations. Do not edit. -->"


def pages() -> dict[str, str]:
    """Return file name and text of every page, for the built-in components."""
    registry = Registry.discover(only=())
    made = {f"{kind}s.md": _component_page(registry, kind) for kind in prose.COMPONENTS}
    made["presets.md"] = _preset_page(registry)
    made["commands.md"] = _command_page(registry)
    made["chain-keys.md"] = _chain_page(registry)
    made["hooks.md"] = _hook_page()
    made["errors.md"] = _error_page()
    made["python.md"] = _python_page()
    made["journal.md"] = _journal_page()
    return {name: f"{MADE}\n{tidy(text)}\n" for name, text in sorted(made.items())}


def main(words: list[str]) -> int:
    """Write every page, or report the stale ones; return the exit code."""
    made = pages()
    if "--check" in words:
        stale = [name for name, text in made.items() if _current(name) != text]
        known = {*made, *MADE_BY_TESTS}
        stale += [path.name for path in FOLDER.glob("*.md") if path.name not in known]
        stale += [] if _current(MAN) == _man() else [MAN]
        sys.stdout.write("".join(f"docs/reference/{name} is stale\n" for name in stale))
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "journal.schema.json").write_text(
        json.dumps(journal_schema(), indent=2) + "\n", encoding="utf-8"
    )
    (FOLDER / MAN).parent.mkdir(exist_ok=True)
    for name, text in {**made, MAN: _man()}.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def _man() -> str:
    names = ["run", *GROUPS, *Registry.discover(only=()).names("command")]
    listed = ", ".join(sorted(names))
    return man_page(PROGRAM_HELP, HELP, run_flags(), prose.EXIT_CODES, listed)


def _current(name: str) -> str:
    path = FOLDER / name
    return path.read_text("utf-8") if path.is_file() else ""


def _component_page(registry: Registry, kind: str) -> str:
    parts = [f"# {kind.capitalize()}s", prose.COMPONENTS[kind]]
    for name in registry.names(kind):
        component = registry.load(kind, name)
        parts += [
            f"## `{name}`",
            _docstring(component),
            *_facts(name, component),
            _options(component),
        ]
        if issubclass(component, Decoder):
            parts.append(_transfer_syntaxes(registry, component))
    return "\n\n".join(parts)


def _transfer_syntaxes(registry: Registry, decoder: type[Decoder]) -> str:
    names = registry.load("reader", "dicom").transfer_syntaxes()
    rows = [(code(uid), names.get(uid, "")) for uid in sorted(decoder.transfer_syntaxes)]
    return table(("Transfer Syntax", "name"), rows)


def _facts(name: str, component: type[Component]) -> Iterator[str]:
    """Yield sentences about what a component declares besides its options."""
    if component.shorthand:
        yield f"Short: {', '.join(map(code, component.short_forms(name)))}."
    if issubclass(component, Step):
        when = "after the colormap" if component.after_colormap else "before the colormap"
        yield f"Runs {when}. Accepts {_words(component.accepts)} values."
    if issubclass(component, Writer):
        suffixes = ", ".join(map(code, (component.suffix, *component.other_suffixes)))
        yield f"Suffix: {suffixes}. Accepts {_words(component.accepts)} values."
    if issubclass(component, Normalizer) and component.domain is not Normalizer.domain:
        yield "Gives stored or modality values, which only some writers accept."


def _options(component: type[Component]) -> str:
    rows = [
        (
            f"`{field.name}`",
            code(describe(field.annotation)),
            "required" if field.required else code(default_of(field)),
            _limits(field.opt),
            field.opt.help + _examples(field.opt) + _own_flag(field.opt),
        )
        for field in option_fields(component)
    ]
    if not rows:
        return "No options."
    return table(("option", "values", "default", "unit, limits", "meaning"), rows)


def _limits(opt: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [f"{signs[name]} {bound:g}" for name, bound in opt.bounds().items()]
    return ", ".join(filter(None, [opt.unit, *limits]))


def _examples(opt: Any) -> str:
    shown = [str(list(item) if isinstance(item, tuple) else item) for item in opt.examples]
    return f" (such as {', '.join(code(item) for item in shown)})" if shown else ""


def _own_flag(opt: Any) -> str:
    return f"; also {code(opt.flag)}" if opt.flag else ""


def _preset_page(registry: Registry) -> str:
    from importlib.resources import files

    parts = ["# Presets", prose.PRESETS]
    for name in registry.names("preset"):
        package, _, path = registry.find("preset", name).target.partition(":")
        text = (files(package) / path).read_text("utf-8").strip()
        parts += [f"## `preset:{name}`", fenced(text, "yaml")]
    return "\n\n".join(parts)


def _command_page(registry: Registry) -> str:
    parts = [
        "# Commands",
        prose.COMMANDS,
        *_command("run", HELP, run_flags()),
    ]
    for name in registry.names("command"):
        component = command_class(registry, name)
        parts += _command(name, _docstring(component), flags_of_command(component))
    groups = {
        "chain": add_chain_commands,
        "journal": add_journal_commands,
        "plugins": add_plugin_commands,
    }
    for group, add_to in groups.items():
        for name, help_text, flags in _in_group(add_to):
            parts += _command(f"{group} {name}", help_text, flags)
    return "\n\n".join(parts)


def _in_group(add_to: Any) -> Iterator[tuple[str, str, list[Flag]]]:
    """Yield name, help and flags of each command that a module adds to its group."""
    import typer

    group = typer.Typer()
    add_to(group)
    for name, command in typer.main.get_command(group).commands.items():  # type: ignore[attr-defined]
        flags = [
            Flag(
                name=param.name,
                type=str,
                words=tuple(word for word in param.opts if word.startswith("-")),
                help=param.help,
                metavar=param.metavar or "",
                required=param.required,
            )
            for param in command.params
        ]
        yield name, command.help or "", flags


def _command(name: str, help_text: str, flags: Iterable[Flag]) -> Iterator[str]:
    yield f"## `dcmconv {name}`"
    yield help_text
    rows = [
        (
            " ".join(code(word) for word in flag.words) or code(flag.metavar or flag.name.upper()),
            code(flag.metavar) if flag.words else "required" if flag.required else "",
            flag.default,
            flag.help,
        )
        for flag in flags
    ]
    if rows:
        yield table(("flag or argument", "value", "default", "meaning"), rows)


def _chain_page(registry: Registry) -> str:
    schema = chain_schema(registry)
    rule = schema["properties"]["rules"]["items"]
    sections = {
        "At the top level": _keys(CHAIN_KEYS, schema),
        "In a rule": _keys(RULE_KEYS, rule),
        "In an output": prose.OUTPUT,
        "In `run`": f"{_options(RunSettings)}\n\n{prose.EXECUTOR}",
        "Precedence": prose.PRECEDENCE,
    }
    parts = ["# Keys of a chain file", prose.CHAIN]
    for title, text in sections.items():
        parts += [f"## {title}", text]
    return "\n\n".join(parts)


def _keys(keys: Iterable[str], schema: dict[str, Any]) -> str:
    rows = [
        (f"`{key}`", _shape(schema["properties"][key]), prose.KEYS.get(key, "")) for key in keys
    ]
    return table(("key", "value", "meaning"), rows)


def _shape(schema: dict[str, Any]) -> str:
    """Return the form of a value, such as ``text`` or ``list of steps``."""
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return code("|".join(str(value) for value in schema["enum"] if value is not None))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        shapes = dict.fromkeys(_shape(each) for each in schema["oneOf"])
        return " or ".join(sorted(shapes, key=lambda shape: shape.startswith("list of")))
    if schema.get("type") == "array" and "$ref" in schema["items"]:
        return f"list of {_shape(schema['items'])}s"
    words = {"object": "mapping", "array": "list", "string": "text", "boolean": "true or false"}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(str(words.get(word, word)) for word in named)


def _journal_page() -> str:
    parts = ["# The journal", prose.JOURNAL]
    for name, kind in journal_schema()["$defs"].items():
        rows = [
            (code(field), _shape(value), value["description"])
            for field, value in kind["properties"].items()
        ]
        parts += [f"## {name}", kind["description"], table(("field", "value", "meaning"), rows)]
    return "\n\n".join(parts)


def _hook_page() -> str:
    parts = ["# Hooks", prose.HOOKS]
    for name, hook in vars(hooks.Specs).items():
        if name.startswith(f"{hooks.PROJECT}_"):
            names = list(inspect.signature(hook).parameters)[1:]
            parts += [f"## `{name}({', '.join(names)})`", inspect.getdoc(hook) or ""]
    return "\n\n".join(parts)


def _error_page() -> str:
    _check_codes(prose.EXIT_CODES)
    codes = [(code(number), text) for number, text in prose.EXIT_CODES.items()]
    classes = [getattr(errors, name) for name in errors.__all__]
    rows = [
        (code(cls.__name__), code(cls.exit_code), code(cls.default_reason), _summary(cls))
        for cls in classes
    ]
    return "\n\n".join(
        [
            "# Errors and exit codes",
            prose.ERRORS,
            "## Exit codes of `dcmconv`",
            table(("code", "meaning"), codes),
            "## Classes",
            prose.CLASSES,
            table(("class", "exit code", "reason", "meaning"), rows),
        ]
    )


def _check_codes(described: dict[int, str]) -> None:
    known = {value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")}
    known |= {getattr(errors, name).exit_code for name in errors.__all__}
    if known - set(described):
        raise SystemExit(
            f"reference_prose.py does not describe exit codes {known - set(described)}."
        )


def _python_page() -> str:
    import dcmconv

    parts = ["# Python", prose.PYTHON]
    for name in (
        "convert",
        "convert_frames",
        "Chain",
        "open",
        "Instance",
        "InstanceFrame",
        "RenderedPicture",
        "run",
        "BatchRun",
    ):
        thing = getattr(dcmconv, name)
        parts += [f"## `{name}`", _signature(thing), fenced(_docstring(thing))]
        if inspect.isclass(thing):
            for member in vars(thing):
                if member == "__call__" or (member[0] != "_" and member != "picture"):
                    parts += _member(thing, member)
    outcomes = ("Converted", "Skipped", "Failed", "OutputFile", "Summary", "Progress")
    parts += ["## Outcomes", prose.OUTCOMES]
    for name in outcomes:
        cls = getattr(dcmconv, name)
        fields = ", ".join(code(field.name) for field in dataclasses.fields(cls))
        parts += [f"### `{name}`", _docstring(cls), f"Fields: {fields}."]
    return "\n\n".join(parts)


def _member(owner: type, name: str) -> list[str]:
    """Return what the page says of a member of a class; nothing without a docstring."""
    value = getattr(owner, name)
    described = inspect.getdoc(value)
    if not described:
        return []
    title = f"{owner.__name__.lower()}(source)" if name == "__call__" else f".{name}"
    return [f"### `{title}`", *([_signature(value)] if callable(value) else []), fenced(described)]


def _signature(thing: Any) -> str:
    """Return a signature, with one line for each parameter if it is long."""
    signature = inspect.signature(thing)
    kept = [each for each in signature.parameters.values() if each.name != "self"]
    given = [each.replace(annotation=_Unquoted(each.annotation)) for each in kept]
    returned = signature.return_annotation
    shown = signature.replace(parameters=given, return_annotation=_Unquoted(returned))
    text = f"{thing.__name__}{shown}"
    if len(text) > 100:
        words = [str(each) for each in given]
        named = [index for index, each in enumerate(given) if each.kind == each.KEYWORD_ONLY]
        if named:
            words.insert(named[0], "*")
        lines = "".join(f"    {word},\n" for word in words)
        text = f"{thing.__name__}(\n{lines}) -> {returned}"
    return fenced(text.removesuffix(" -> None"))


class _Unquoted:
    """An annotation as it was written: ``inspect`` puts quotes around its text."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation

    def __repr__(self) -> str:
        return str(self._annotation)


def _docstring(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


def _summary(thing: Any) -> str:
    return _docstring(thing).partition("\n")[0]


def _words(words: Iterable[str]) -> str:
    *others, last = sorted(words)
    return f"{', '.join(others)} and {last}" if others else last


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
