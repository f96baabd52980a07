from __future__ import annotations

import pytest

from dcmconv.chain.spec import ComponentSpec
from dcmconv.chain.values import as_component, as_output, parse_frames, parse_inline
from dcmconv.errors import ChainError, UsageError


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        pytest.param("minmax", "minmax", {}, id="a-name-alone"),
        pytest.param(
            "window:center=-600,width=1500",
            "window",
            {"center": "-600", "width": "1500"},
            id="values-stay-text",
        ),
        pytest.param(" window : center = 40 ", None, None, id="no-space-before-the-colon"),
        pytest.param("window: center = 40", "window", {"center": "40"}, id="spaces-around-equals"),
        pytest.param("acme/window:center=1", "acme/window", {"center": "1"}, id="qualified-name"),
        pytest.param(
            'title:text="A, b",color=red',
            "title",
            {"text": "A, b", "color": "red"},
            id="quotes-protect-commas",
        ),
        pytest.param("title:text='say \"x\"'", "title", {"text": 'say "x"'}, id="the-other-quote"),
        pytest.param("title:text=O'Brien", "title", {"text": "O'Brien"}, id="an-apostrophe-inside"),
        pytest.param(
            "crop:rectangle=[10, 10,100,100]",
            "crop",
            {"rectangle": ["10", "10", "100", "100"]},
            id="brackets-make-lists",
        ),
        pytest.param("crop:rectangle=[]", "crop", {"rectangle": []}, id="an-empty-list"),
        pytest.param("x:a=['p,q',r]", "x", {"a": ["p,q", "r"]}, id="quotes-inside-a-list"),
        pytest.param(
            r"file:path=C:\maps\new.lut,x=1",
            "file",
            {"path": r"C:\maps\new.lut", "x": "1"},
            id="a-windows-path-survives",
        ),
        pytest.param("x:a=b=c", "x", {"a": "b=c"}, id="an-equals-sign-in-a-value"),
        pytest.param("x:a=null,b='null'", "x", {"a": None, "b": "null"}, id="null"),
        pytest.param("x:a=,b=1", "x", {"a": "", "b": "1"}, id="an-empty-value"),
        pytest.param(
            "title:text=UID:{SOPInstanceUID}",
            "title",
            {"text": "UID:{SOPInstanceUID}"},
            id="template",
        ),
    ],
)
def test_short_form_is_a_name_and_text_options(text, name, options):
    if name is None:
        with pytest.raises(ChainError, match="does not start with the name"):
            parse_inline(text)
        return
    assert parse_inline(text) == ComponentSpec(name, options)


@pytest.mark.parametrize(
    ("text", "bare", "options"),
    [
        pytest.param("window:lung", ("lung",), {}, id="a-word"),
        pytest.param("window:-600,1500", ("-600", "1500"), {}, id="numbers"),
        pytest.param("window: 40 , 400 ", ("40", "400"), {}, id="spaces-around-values"),
        pytest.param("resize:512,pad=true", ("512",), {"pad": "true"}, id="options-after-values"),
        pytest.param("title:UID:{PatientID}", ("UID:{PatientID}",), {}, id="colons"),
        pytest.param('title:"A, b",size=2', ("A, b",), {"size": "2"}, id="quotes-keep-commas"),
        pytest.param("title:'a=b'", ("a=b",), {}, id="quotes-keep-equals-signs"),
        pytest.param("title:''", ("",), {}, id="an-empty-text"),
        pytest.param("x:[1,2],null", (["1", "2"], None), {}, id="a-list-and-null"),
        pytest.param(r"file:C:\maps\new.lut", (r"C:\maps\new.lut",), {}, id="a-windows-path"),
        pytest.param("jpg:95,id=big", ("95",), {}, id="an-id"),
    ],
)
def test_values_without_a_name_come_first(text, bare, options):
    spec = parse_inline(text)
    assert (spec.bare, spec.options) == (bare, options)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        pytest.param("percentile:1,99,", "missing at the end of", id="a-comma-after-a-value"),
        pytest.param("window:,400", "A value is missing in 'window:,400'", id="a-comma-first"),
        pytest.param('x:"a', "The quote in '\"a' is not closed", id="open-quote-without-a-key"),
        pytest.param('x:"a"b', "Unexpected 'b' after a value in", id="text-after-a-bare-quote"),
        pytest.param(
            "window:center=1,40", "'40' in .* is not KEY=VALUE", id="a-comma-without-quotes"
        ),
        pytest.param("window:center=1,", "'' in .* is not KEY=VALUE", id="a-comma-at-the-end"),
        pytest.param("window:", "no options after the colon", id="a-colon-at-the-end"),
        pytest.param("window:center=1,center=2", "'center' is given twice", id="twice"),
        pytest.param('x:a="b', "The quote in '\"b' is not closed", id="open-quote"),
        pytest.param("x:a=[1,2", "The list in '\\[1,2' is not closed", id="open-list"),
        pytest.param('x:a="b"c', "Unexpected 'c' after a value in", id="text-after-a-quote"),
        pytest.param("", "does not start with the name", id="nothing"),
        pytest.param("../evil", "does not start with the name", id="a-path"),
    ],
)
def test_invalid_short_form_is_rejected_with_an_example(text, piece):
    with pytest.raises(ChainError, match=piece) as caught:
        parse_inline(text, "--normalize")
    assert caught.value.message.startswith(f"--normalize {text}: ")
    assert "NAME:KEY=VALUE" in caught.value.hint or "Remove one of them" in caught.value.hint


@pytest.mark.parametrize("text", ["resize=512", "jpg=95", "window=40,400"])
def test_an_equals_sign_instead_of_a_colon_is_suggested(text):
    with pytest.raises(ChainError) as caught:
        parse_inline(text)
    assert caught.value.hint == f"Did you mean '{text.replace('=', ':')}'?"


def test_id_is_not_an_option():
    assert parse_inline("resize:id=small,max=1024") == ComponentSpec(
        "resize", {"max": "1024"}, "small"
    )


def test_output_keys_are_not_options_of_the_writer():
    output = as_output(
        parse_inline(
            "png:id=raw16,bits=16,name={PatientID}/x,normalize='window:center=1,width=2',"
            "colormap=none,invert=true,steps=[flip,'resize:max=9'],aspect=keep"
        )
    )
    assert output.writer == ComponentSpec("png", {"bits": "16"}, "raw16")
    assert output.name == "{PatientID}/x"
    assert output.normalize == ComponentSpec("window", {"center": "1", "width": "2"})
    assert output.colormap == ComponentSpec("none")
    assert output.invert is True
    assert output.steps == (ComponentSpec("flip"), ComponentSpec("resize", {"max": "9"}))
    assert output.aspect == "keep"


def test_invert_accepts_only_true_and_false():
    with pytest.raises(ChainError, match=r"invert: expected true or false, got 'maybe'"):
        as_output(parse_inline("png:invert=maybe"))


def test_python_component_may_have_any_form():
    spec = ComponentSpec("window", {"center": 40})
    assert as_component(spec) is spec
    assert as_component({"use": "window", "center": 40}) == spec
    assert as_component("window:center=40") == ComponentSpec("window", {"center": "40"})


@pytest.mark.parametrize("text", ["2147483648", "1-99999999999", "9" * 5000])
def test_too_large_frame_numbers_are_rejected(text):
    with pytest.raises(UsageError, match="an instance has at most 2147483647 frames"):
        parse_frames(text)


def test_largest_frame_number_is_accepted():
    assert parse_frames("2147483647") == ((2147483647, 2147483647),)
