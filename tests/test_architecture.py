"""The structure of the code: which way imports point, what may print, how long things may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from support.source_code import calls, circles, definitions, functions, imports, modules, tree

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

READS_BETTER_ALONE = {"dcmconv._entry"}
"""Small modules with one importer that have a reason to be separate."""

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

LARGEST_FOLDER = 16
"""The most modules in one folder; more of them should be grouped by topic."""

SMALL = 80
"""A module with fewer lines and one importer belongs inside the importer."""


def part_of(name: str) -> str:
    """Return the part of the core that a module belongs to."""
    return [*name.split("."), ""][1]


def found_in(names, search) -> list[str]:
    """Return "module, line: what" for everything that a search finds in some modules."""
    return [f"{name}, line {line}: {what}" for name in names for what, line in search(name)]


def test_every_part_of_the_core_belongs_to_a_layer():
    assert {part_of(name) for name in CORE} - {""} <= set(RANK)


def test_imports_of_the_core_point_one_way():
    def upward(name):
        for imported, line in imports(name):
            inside = imported.startswith("dcmconv.")
            if inside and RANK[part_of(imported)] > RANK[part_of(name)]:
                yield imported, line

    # The package itself provides names of every layer, when they are first used.
    assert found_in([name for name in CORE if name != "dcmconv"], upward) == []


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {i for i, _ in imports(name) if i in modules()} for name in modules()}
    assert [circle for circle in circles(graph) if "dcmconv" not in circle] == []


def test_the_core_imports_no_format_and_no_built_in():
    def foreign(name):
        for imported, line in imports(name):
            if imported.split(".")[0] in FOREIGN_TO_THE_CORE:
                yield imported, line

    assert found_in(CORE, foreign) == []


def test_built_ins_use_only_the_front_doors():
    def private(name):
        for imported, line in imports(name):
            if imported.split(".")[0] == "dcmconv" and imported not in DOORS:
                yield imported, line

    assert found_in(BUILTINS, private) == []


def test_the_functions_of_the_standard_know_no_component():
    def components(name):
        for imported, line in imports(name):
            parts = imported.split(".")
            if parts[0] == "dcmconv_builtins" and parts[1] not in ("dicom", "lettering"):
                yield imported, line

    dicom = [name for name in BUILTINS if name.startswith("dcmconv_builtins.dicom")]
    assert found_in(dicom, components) == []


def test_only_the_command_line_prints_or_exits():
    def forbidden(name):
        # The command line may print, but not evaluate text.
        mine = {"eval", "exec"} if name.startswith(MAY_PRINT) else FORBIDDEN_CALLS
        yield from ((called, line) for called, line in calls(name) if called in mine)

    assert found_in(modules(), forbidden) == []


def test_no_file_is_longer_than_450_lines():
    code = set(modules()) - NUMBER_TABLES
    lengths = {name: len(modules()[name].read_text("utf-8").splitlines()) for name in code}
    assert {name: lines for name, lines in lengths.items() if lines > 450} == {}


def test_no_function_is_longer_than_40_lines():
    every = [found for name in modules() for found in functions(name)]
    assert [(function, lines) for function, lines in every if lines > 40] == []


def test_no_folder_holds_more_modules_than_a_reader_can_scan():
    folders = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert {str(f): count for f, count in folders.items() if count > LARGEST_FOLDER} == {}


def test_no_small_module_has_a_single_importer():
    importers = defaultdict(set)
    for name in modules():
        for imported, _ in imports(name):
            importers[imported].add(name)
    lonely = [
        name
        for name, path in modules().items()
        if path.name != "__init__.py"
        and len(importers[name]) == 1
        and len(path.read_text("utf-8").splitlines()) < SMALL
    ]
    assert set(lonely) - READS_BETTER_ALONE == set()


def test_no_module_defines_a_name_twice():
    def repeated(name):
        seen = set()
        for defined, line in definitions(name):
            if defined in seen:
                yield defined, line
            seen.add(defined)

    assert found_in(modules(), repeated) == []


def test_every_module_has_a_docstring():
    assert [name for name in modules() if not ast.get_docstring(tree(name))] == []


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has after a statement."""
    code = f"import sys; {statement}; print('\\n'.join({{n.split('.')[0] for n in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
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
