"""Templates are data: fields from attributes, and nothing else."""

import pytest

from dcmconv.errors import InputError, UsageError
from dcmconv.model.template import Template


def test_fields_are_filled_using_their_formats():
    template = Template("{PatientID}/{SeriesNumber:04d}_{frame}")

    assert template.fill({"PatientID": "A", "SeriesNumber": 7, "frame": 2}) == "A/0007_2"
    assert template.fields == ("PatientID", "SeriesNumber", "frame")


def test_a_missing_value_is_empty_unless_the_caller_decides():
    template = Template("UID:{SOPInstanceUID}")

    assert template.fill({}) == "UID:"
    assert template.fill({}, missing=lambda name: f"no-{name}") == "UID:no-SOPInstanceUID"


def test_only_filled_fields_are_cleaned():
    assert Template("a/{x}").fill({"x": "b/c"}, clean=lambda t: t.replace("/", "_")) == "a/b_c"


def test_multiple_values_are_joined_as_in_dicom():
    assert Template("{ImageType}").fill({"ImageType": ("A", "B")}) == "A\\B"


@pytest.mark.parametrize("text", ["{a.b}", "{a[0]}", "{}", "{a!r}"])
def test_a_field_cannot_access_attributes_or_items(text):
    with pytest.raises(UsageError, match="Invalid field"):
        Template(text)


def test_an_unclosed_brace_is_rejected():
    with pytest.raises(UsageError, match="is not a valid template") as caught:
        Template("{PatientID")

    assert "{{" in caught.value.hint


def test_a_value_that_does_not_fit_the_format_is_named():
    with pytest.raises(
        InputError, match="SeriesNumber is text; the format ':04d' does not apply"
    ) as caught:
        Template("{SeriesNumber:04d}").fill({"SeriesNumber": "x"})

    assert "write {SeriesNumber} instead of {SeriesNumber:04d}" in caught.value.hint
    assert caught.value.reason == "name"


@pytest.mark.parametrize("form", ["zz", "04q", "99999d", "{frame}", ".99999f"])
def test_an_invalid_format_is_rejected(form):
    with pytest.raises(UsageError, match=r"is not a valid template|Invalid format .* for \{Series"):
        Template(f"{{SeriesNumber:{form}}}")


@pytest.mark.parametrize("form", ["04d", ".2f", ">20", "x", ""])
def test_a_format_valid_for_some_value_is_accepted(form):
    assert Template(f"{{SeriesNumber:{form}}}").fields == ("SeriesNumber",)


def test_a_tag_may_be_written_in_parentheses():
    made = Template("{(0010,0020)}")
    assert made.fields == ("0010,0020",)
    assert made.fill({"0010,0020": "A"}) == "A"


def test_a_tag_is_a_field():
    assert Template("{0010,0020}").fill({"0010,0020": "A"}) == "A"
