"""``dcmconv chain validate | show | schema | init``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.cli.completion import chain_names
from dcmconv.cli.flags import AS_JSON, Flag, add_command

if TYPE_CHECKING:
    import typer

    from dcmconv.chain.spec import ChainSpec
    from dcmconv.plugins.registry import Registry

__all__ = ["STARTER", "add_to", "save_chain"]

# Doubled braces are single ones in the file: str.format fills in its name.
STARTER = """\
# yaml-language-server: $schema=./dcmconv.schema.json
# Run it:    dcmconv run INPUT... --out OUT{chain_flag}
# Check it:  dcmconv chain validate {name}
version: 1
normalize: auto            # or minmax, or {{use: window, center: 40, width: 400}}
# rules:                   # the first match wins
#   - when: {{Modality: CT, BodyPartExamined: [CHEST, LUNG]}}
#     normalize: {{use: window, center: -600, width: 1500}}
steps: []                  # such as [{{use: resize, max: 1024}}]
outputs:                   # decoded once, one picture for each
  - {{use: jpg, quality: 92}}
"""

CHAIN = Flag(
    "chain",
    str,
    (),
    "A chain file, or preset:NAME.",
    "FILE|preset:NAME",
    default="the one that run uses in this folder",
    complete=chain_names,
)


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group."""
    add_command(
        group,
        "validate",
        _validate,
        [CHAIN, AS_JSON],
        help_text="Check a chain file and report every problem with its line.",
    )
    add_command(
        group,
        "show",
        _show,
        [CHAIN],
        help_text="Print a chain in full, including everything it extends.",
    )
    add_command(
        group,
        "schema",
        _schema,
        [Flag("out", str, ("-o", "--out"), "Write the schema to a file.", "FILE")],
        help_text="Print the JSON Schema of chain files, including installed plugins, for editors.",
    )
    add_command(
        group,
        "init",
        _init,
        [Flag("file", str, (), "File to create.", "FILE", default="dcmconv.yaml")],
        help_text="Create a chain file and its schema; existing files are kept.",
    )


def _validate(values: Mapping[str, Any]) -> int:
    from dcmconv.chain.compile import compile_chain
    from dcmconv.chain.loader import load_chain
    from dcmconv.cli.terminal import print_json, print_result
    from dcmconv.model.outcome import counted
    from dcmconv.plugins.registry import Registry

    registry, name = Registry.discover(), _name_of(values)
    plan = compile_chain(load_chain(name, registry), registry)
    lanes = list(dict.fromkeys(lane.id for lane in plan.all_lanes))
    if values["as_json"]:
        print_json({"chain": name, "outputs": lanes, "digest": plan.digest})
    else:
        rules = f"; {counted(len(plan.rules), 'rule')}" if plan.rules else ""
        outputs = f"{counted(len(lanes), 'output')} ({', '.join(lanes)})"
        print_result(f"{name} is valid: {outputs}{rules}.")
    return 0


def _show(values: Mapping[str, Any]) -> int:
    from dcmconv.chain.compile import compile_chain
    from dcmconv.chain.loader import load_chain
    from dcmconv.chain.show import chain_as_yaml
    from dcmconv.cli.terminal import print_result
    from dcmconv.plugins.registry import Registry

    registry = Registry.discover()
    chain = load_chain(_name_of(values), registry)
    compile_chain(chain, registry)  # reports problems that the printed chain would not show
    print_result(chain_as_yaml(chain).rstrip())
    return 0


def _name_of(values: Mapping[str, Any]) -> str:
    """Return the chain that is named, or the one that a run in this folder uses."""
    from dcmconv.chain.found import chain_in_use
    from dcmconv.cli.run_flags import CHAIN_OF_FOLDER
    from dcmconv.errors import UsageError

    name = values["chain"] or chain_in_use(None)
    if name is None:
        raise UsageError(
            f"No chain is named, and this folder has none: {CHAIN_OF_FOLDER}.",
            hint="Name a chain file or preset:NAME, or make one: dcmconv chain init",
        )
    return str(name)


def _schema(values: Mapping[str, Any]) -> int:
    from dcmconv.cli.terminal import print_result, say

    if not values["out"]:
        print_result(_schema_text().rstrip())
        return 0
    _write(Path(values["out"]), _schema_text())
    say(f"Wrote {values['out']}.")
    return 0


def _init(values: Mapping[str, Any]) -> int:
    from dcmconv.cli.terminal import print_result
    from dcmconv.errors import OutputError

    path = Path(values["file"] or "dcmconv.yaml")
    if path.exists():
        raise OutputError(f"{path} already exists.", hint="Choose another name, or edit the file.")
    # run finds it by its usual name in the folder where it is started.
    is_found = path == Path("dcmconv.yaml")
    _write(path, STARTER.format(name=path, chain_flag="" if is_found else f" --chain {path}"))
    _write(path.parent / "dcmconv.schema.json", _schema_text())
    print_result(f"Wrote {path} and its schema.\nNext: dcmconv chain validate {path}")
    return 0


def save_chain(path: Path, chain: ChainSpec, registry: Registry) -> None:
    """Write the chain of a command to a file that ``--chain`` reads as the same chain.

    Raises
    ------
    OutputError
        If the file exists with other content, or cannot be written.
    UsageError
        If ``path`` is a dash, which elsewhere is standard output.
    """
    from dcmconv.chain.show import chain_as_yaml
    from dcmconv.errors import OutputError, UsageError

    if str(path) == "-":
        raise UsageError(
            "--save-chain needs the name of a file.",
            hint="To print the chain on standard output: dcmconv run --dry-run",
        )
    text = chain_as_yaml(chain, registry)
    if path.exists() and path.read_bytes() != text.encode():
        raise OutputError(
            f"{path} already exists.", hint="Choose another name for --save-chain, or delete it."
        )
    _write(path, text)


def _schema_text() -> str:
    import json

    from dcmconv.chain.schema import chain_schema
    from dcmconv.plugins.registry import Registry

    return json.dumps(chain_schema(Registry.discover()), indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    from dcmconv.errors import OutputError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror}.", hint="Choose a file in another folder."
        ) from error
