"""What a user gets: wheel, sdist, a plain and an editable install, and a program that starts."""

from __future__ import annotations

import shutil
import tarfile
import zipfile

import pytest
from support.environments import ROOT, build, fresh_environment

IN_THE_WHEEL = [
    "dcmconv/py.typed",
    "dcmconv_builtins/py.typed",
    "dcmconv_builtins/presets/article.yaml",
    "dcmconv_builtins/presets/chest-ct.yaml",
    "dcmconv_builtins/hooks.py",
    "dcmconv/testing/__init__.py",
]

UNWANTED = (".pyc", ".so", ".dcm", ".orig")

WHERE = (
    "import dcmconv, dcmconv_builtins; print(dcmconv.__file__); print(dcmconv_builtins.__file__)"
)


def names_in(wheel):
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_two_packages_and_their_metadata(wheel):
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    [info] = [top for top in tops if top.endswith(".dist-info")]
    data = f"{info.removesuffix('.dist-info')}.data"
    assert tops == {"dcmconv", "dcmconv_builtins", info, data}
    assert [name for name in names_in(wheel) if name.startswith(data)] == [
        f"{data}/data/share/man/man1/dcmconv.1"
    ]


@pytest.mark.parametrize("name", IN_THE_WHEEL)
def test_the_wheel_has_the_data_files(wheel, name):
    assert name in names_in(wheel)


def test_the_wheel_has_a_font_and_its_license(wheel):
    names = names_in(wheel)
    assert [n for n in names if n.startswith("dcmconv_builtins/fonts/") and n.endswith(".ttf")]
    assert [n for n in names if ".dist-info/licenses/" in n and "fonts/" in n]


def test_the_wheel_has_every_module_of_the_checkout(wheel):
    here = {
        path.relative_to(ROOT / root).as_posix()
        for root in ("core", "plugins")
        for path in (ROOT / root).rglob("*.py")
    }
    assert here == {name for name in names_in(wheel) if name.endswith(".py")}


def test_the_wheel_has_no_build_leftovers(wheel):
    assert [name for name in names_in(wheel) if name.endswith(UNWANTED)] == []


def test_a_wheel_made_from_the_sdist_is_the_same(wheel, sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    again = build(unpacked, tmp_path / "dist", "wheel")
    assert sorted(names_in(again)) == sorted(names_in(wheel))


def test_the_sdist_has_what_a_packager_needs_to_test(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"}
    assert wanted <= names


def assert_the_program_starts(environment):
    output = environment.run("dcmconv", "--version").stdout
    assert output == environment.run("python", "-m", "dcmconv", "--version").stdout
    version = environment.run("python", "-c", "import dcmconv; print(dcmconv.__version__)").stdout
    assert version.strip() in output
    assert "minmax" in environment.run("dcmconv", "plugins", "list").stdout


def test_an_installed_wheel_runs(wheel, tmp_path):
    environment = fresh_environment(tmp_path / "env")
    environment.install(wheel)
    places = environment.run("python", "-c", WHERE).stdout.split()
    assert all(place.startswith(str(tmp_path)) for place in places)
    assert_the_program_starts(environment)


@pytest.fixture
def checkout(tmp_path):
    """A copy, so that a build leaves nothing behind in the checkout."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "benchmarks")
    return shutil.copytree(ROOT, tmp_path / "checkout", ignore=ignored)


def test_pip_install_of_a_checkout_runs(checkout, tmp_path):
    environment = fresh_environment(tmp_path / "env")
    environment.install(checkout)
    assert_the_program_starts(environment)


def test_an_editable_install_runs_from_the_checkout(checkout, tmp_path):
    environment = fresh_environment(tmp_path / "env")
    environment.install("--editable", checkout)
    places = environment.run("python", "-c", WHERE).stdout.split()
    assert places == [
        str(checkout / "core" / "dcmconv" / "__init__.py"),
        str(checkout / "plugins" / "dcmconv_builtins" / "__init__.py"),
    ]
    assert_the_program_starts(environment)
