"""Attributes that a chain names are checked against those that the readers list."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.made_up_readers import registry_with

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.errors import ChainError


def compiled(registry, **data):
    return compile_chain(chain_from_data(data, registry), registry)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"tags": "PatientId"}, id="tags"),
        pytest.param({"rules": [{"when": {"PatientId": "1"}, "skip": True}]}, id="when"),
        pytest.param({"outputs": ["png:name={PatientId}_{frame}"]}, id="name"),
        pytest.param(
            {"rules": [{"when": {"Modality": "CT"}, "outputs": ["png:name={PatientId:04d}"]}]},
            id="name-in-a-rule",
        ),
    ],
)
def test_misspelled_keyword_gets_a_suggestion(registry, data):
    message = r"No reader knows the attribute 'PatientId'; did you mean 'PatientID'\?\n.*0010,0020"
    with pytest.raises(ChainError, match=message):
        compiled(registry, **data)


def test_unknown_keyword_without_a_suggestion_is_rejected(registry):
    with pytest.raises(ChainError, match=r"No reader knows the attribute 'Xqzzy'\.\n"):
        compiled(registry, tags=["Xqzzy"])


def test_unknown_attributes_are_reported_at_their_locations(chain_file, registry):
    name = chain_file(
        """
        version: 1
        rules:
          - when: {Modality: CT, BodyPart: CHEST}
            normalize: voi
        outputs: [{use: png, name: "{SOPInstanceUId}"}]
        tags:
          - PatientID
          - PatientsName
        """
    )
    with pytest.raises(ChainError) as caught:
        compile_chain(load_chain(name, registry), registry)
    lines = [line for line in caught.value.message.splitlines() if line.startswith("chain.yaml")]
    assert [line.partition(": ")[0] for line in lines] == [
        "chain.yaml:3:26",
        "chain.yaml:5:28",
        "chain.yaml:8:5",
    ]
    assert "did you mean 'SOPInstanceUID'?" in lines[1]
    assert "did you mean 'PatientName'?" in lines[2]


def test_name_fields_need_not_be_attributes(registry):
    name = "{folder}/{name}_{frame:03d}_{frames}_{Modality}"
    assert compiled(registry, outputs=[{"use": "png", "name": name}]).lanes[0].name == name


def test_numeric_tags_are_not_checked(registry):
    data = {
        "tags": ["0009,1001", "6000,0010"],
        "rules": [{"when": {"00FF,aa01": "1"}, "skip": True}],
        "outputs": [{"use": "png", "name": "{0010,0020}"}],
    }
    assert compiled(registry, **data).tags == ("0009,1001", "6000,0010")


def test_attributes_of_every_reader_are_known(registry):
    with_microscope = registry_with(registry, microscope="Microscope")
    assert compiled(with_microscope, tags=["Magnification", "PatientID"])
    with pytest.raises(ChainError, match="'Magnificatoin'; did you mean 'Magnification'"):
        compiled(with_microscope, tags=["Magnificatoin"])
    with pytest.raises(ChainError, match=r"'Magnification'; did you mean 'MagnificationType'"):
        compiled(registry, tags=["Magnification"])


@pytest.mark.parametrize("target", ["Silent", "NotThere"], ids=["silent", "broken"])
def test_unlisted_attributes_allow_all_but_close_misspellings(registry, target):
    with_other = registry_with(registry, other=target)
    assert compiled(with_other, tags=["Magnification", "Stain", "PatientDog"])
    with pytest.raises(ChainError, match="did you mean 'PatientID'"):
        compiled(with_other, tags=["PatientId"])


def test_every_attribute_passes_if_no_reader_lists_any(registry):
    alone = registry_with(registry, silent="Silent")
    alone._offered["reader"] = alone._offered["reader"][1:]
    assert compiled(alone, tags=["PatientId"])


@pytest.mark.parametrize(
    ("chain", "is_imported"),
    [
        ("", False),
        ("tags=['0010,0020']", False),
        ("outputs=['png:name={name}_{frame}']", False),
        ("tags=['PatientID']", True),
    ],
)
def test_readers_are_imported_only_to_check_keywords(chain, is_imported):
    code = (
        "import sys; from dcmconv.plugins.registry import Registry;"
        "from dcmconv.chain.compile import compile_chain;"
        "from dcmconv.chain.loader import chain_from_data;"
        "registry = Registry.discover(only=());"
        f"compile_chain(chain_from_data(dict({chain}), registry), registry);"
        "print('dcmconv_builtins.readers.dicom' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(is_imported)
