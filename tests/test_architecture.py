"""The shape of the house: which way imports point, who may print, how long a thing may be."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from support.source_code import calls, functions, imports, modules, tree

LAYERS = [
    ["errors"],
    ["model"],
    ["plugin"],
    ["hooks"],
    ["plugins"],
    ["chain"],
    ["render"],
    ["run"],
    ["api"],
    ["testing"],
    ["cli", "_entry", "__main__"],
]
"""Below may not import from above; modules of one layer may import each other."""

RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

FOREIGN_TO_THE_CORE = {
    "dcmconv_builtins",
    "pydicom",
    "PIL",
    "imagecodecs",
    "isal",
    "pylibjpeg",
    "openjpeg",
    "rle",
    "av",
    "matplotlib",
}

DOORS = {"dcmconv.plugin", "dcmconv.hooks"}

NUMBER_TABLES = {"dcmconv_builtins.colormaps.viridis"}
"""Files that are a table of numbers, and may be longer than a file of code."""

MAY_PRINT = ("dcmconv.cli", "dcmconv._entry", "dcmconv.__main__")

FORBIDDEN_CALLS = {
    "print",
    "sys.exit",
    "sys.stdout.write",
    "sys.stderr.write",
    "logging.basicConfig",
    "eval",
    "exec",
    "pickle.load",
    "os.system",
}

CORE = [name for name in modules() if name.split(".")[0] == "dcmconv"]
BUILTINS = [name for name in modules() if name.split(".")[0] == "dcmconv_builtins"]


def part_of(name: str) -> str:
    """Return the part of the core that a module belongs to."""
    return [*name.split("."), ""][1]


def test_every_part_of_the_core_has_its_place_in_the_order():
    assert {part_of(name) for name in CORE} - {""} <= set(RANK)


# The front page itself hands out names of every layer, when they are asked for.
@pytest.mark.parametrize("name", [name for name in CORE if name != "dcmconv"])
def test_imports_of_the_core_point_one_way(name):
    wrong = [
        f"line {line}: {imported}"
        for imported, line in imports(name)
        if imported.startswith("dcmconv.") and RANK[part_of(imported)] > RANK[part_of(name)]
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CORE)
def test_the_core_imports_no_format_and_no_built_in(name):
    found = {imported.split(".")[0] for imported, _ in imports(name)}
    assert found & FOREIGN_TO_THE_CORE == set()


@pytest.mark.parametrize("name", BUILTINS)
def test_a_built_in_comes_in_by_the_front_doors(name):
    found = {imported for imported, _ in imports(name) if imported.split(".")[0] == "dcmconv"}
    assert found <= DOORS


@pytest.mark.parametrize(
    "name", [name for name in BUILTINS if name.startswith("dcmconv_builtins.dicom")]
)
def test_the_standard_s_functions_know_no_component(name):
    ours = {imported for imported, _ in imports(name) if imported.startswith("dcmconv_builtins")}
    assert {one for one in ours if one.split(".")[1] not in ("dicom", "lettering")} == set()


@pytest.mark.parametrize("name", modules())
def test_only_the_command_line_prints_or_exits(name):
    found = {(called, line) for called, line in calls(name) if called in FORBIDDEN_CALLS}
    if name.startswith(MAY_PRINT):
        found = {(called, line) for called, line in found if called in ("eval", "exec")}
    assert found == set()


@pytest.mark.parametrize("name", sorted(set(modules()) - NUMBER_TABLES))
def test_a_file_fits_in_a_short_sitting(name):
    assert len(modules()[name].read_text("utf-8").splitlines()) <= 450


@pytest.mark.parametrize("name", modules())
def test_a_function_does_one_thing(name):
    assert [(function, lines) for function, lines in functions(name) if lines > 40] == []


@pytest.mark.parametrize("name", modules())
def test_a_module_begins_by_saying_what_it_is(name):
    assert ast.get_docstring(tree(name))


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has after a statement."""
    told = f"import sys; {statement}; print('\\n'.join({{n.split('.')[0] for n in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", told], check=True, capture_output=True, text=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        pytest.param(
            "import dcmconv",
            {"numpy", "pydantic", "yaml", "typer", "rich", "pluggy", *FOREIGN_TO_THE_CORE},
            id="the-front-page-is-light",
        ),
        pytest.param(
            "import dcmconv_builtins.hooks",
            {"numpy", "pydantic", "yaml", "typer", "rich", *FOREIGN_TO_THE_CORE}
            - {"dcmconv_builtins"},
            id="a-hook-module-is-light",
        ),
        pytest.param(
            "import dcmconv.plugin",
            {"pydantic", "pluggy", "yaml", "typer", "rich", *FOREIGN_TO_THE_CORE},
            id="the-door-for-components-brings-only-numpy",
        ),
        pytest.param(
            "import dcmconv.run.worker",
            {"pydantic", "pluggy", "yaml", "typer", "rich", *FOREIGN_TO_THE_CORE},
            id="a-worker-starts-with-numpy-alone",
        ),
    ],
)
def test_imports_are_light(statement, heavy):
    assert loaded_after(statement) & heavy == set()
