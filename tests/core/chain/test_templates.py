"""Templates of names and texts are checked before the first file is opened."""

from __future__ import annotations

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.errors import ChainError


def compiled(registry, **data):
    return compile_chain(chain_from_data(data, registry), registry)


@pytest.mark.parametrize("step", ["title", "figure"])
def test_unknown_attribute_in_a_step_text_is_rejected(registry, step):
    message = "No reader knows the attribute 'PatientsName'; did you mean 'PatientName'"
    with pytest.raises(ChainError, match=message) as caught:
        compiled(registry, steps=[{"use": step, "text": "{PatientsName} {frame}/{frames}"}])
    assert caught.value.hint.startswith("Fields that are not attributes: {frame}, {frames}.")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"outputs": ["png:name={SeriesNumber:zz}"]}, id="name"),
        pytest.param({"steps": [{"use": "title", "text": "{SeriesNumber:zz}"}]}, id="title"),
    ],
)
def test_invalid_format_in_a_template_is_rejected(registry, data):
    with pytest.raises(
        ChainError, match=r"Invalid format 'zz' for \{SeriesNumber\} in '\{SeriesNumber:zz\}'"
    ):
        compiled(registry, **data)


@pytest.mark.parametrize(
    ("field", "advice"),
    [
        ("stem", "; did you mean 'name'?"),
        ("input", "; did you mean 'name'?"),
        ("index", "; did you mean 'frame'?"),
        ("frmae", "; did you mean 'frame'?"),
        ("Nope", "."),
    ],
)
def test_suggestions_prefer_fields_to_attributes(registry, field, advice):
    with pytest.raises(ChainError) as caught:
        compiled(registry, outputs=[f"png:name={{{field}}}"])
    assert caught.value.message.endswith(f"No reader knows the attribute '{field}'{advice}")
    assert "{name}, {frame}, {frames}, {folder}" in caught.value.hint


def test_tags_may_have_brackets_everywhere(registry):
    plan = compiled(
        registry,
        tags=["(0028,0121)"],
        rules=[{"when": {"(0008,0060)": "CT"}, "skip": True}],
        outputs=[{"use": "png", "name": "{(0010,0020)}"}],
    )
    assert plan.tags == ("0028,0121",)
    assert plan.rules[0].when == {"0008,0060": ("CT",)}
