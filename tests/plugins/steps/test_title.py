import numpy as np
import pytest

from dcmconv.model.picture import Picture
from dcmconv_builtins.steps.title import Title

ATTRIBUTES = {"SOPInstanceUID": "1.2.840.10008.1", "PatientName": "Hong^길동"}


def gray(rows=200, columns=300, dtype=np.uint8, **fields):
    return Picture(pixels=np.zeros((rows, columns), dtype), attributes=ATTRIBUTES, **fields)


@pytest.mark.parametrize(
    ("position", "empty"), [("top", slice(100, None)), ("bottom", slice(0, 100))]
)
def test_text_over_the_picture_keeps_its_size(position, empty):
    drawn = Title(position=position).apply(gray()).pixels
    assert drawn.shape == (200, 300)
    assert drawn.max() == 255
    assert (drawn[empty] == 0).all()


@pytest.mark.parametrize(
    ("position", "kept"), [("above", slice(-200, None)), ("below", slice(0, 200))]
)
def test_text_above_or_below_covers_no_pixel(position, kept):
    pixels = np.random.default_rng(5).integers(0, 256, (200, 300), dtype=np.uint8)
    drawn = Title(position=position).apply(Picture(pixels=pixels, attributes=ATTRIBUTES)).pixels
    assert drawn.shape[0] > 200
    assert (drawn[kept] == pixels).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_text_is_white_on_every_kind_of_picture(dtype, channels):
    pixels = np.full((60, 200, *channels), 9, dtype)
    drawn = Title().apply(Picture(pixels=pixels, attributes=ATTRIBUTES)).pixels
    assert drawn.shape == pixels.shape
    assert drawn.dtype == dtype
    assert drawn.max() == np.iinfo(dtype).max


def test_white_letters_have_a_dark_outline():
    white = Picture(pixels=np.full((100, 300), 255, np.uint8), attributes=ATTRIBUTES)
    assert Title().apply(white).pixels.min() == 0


def test_only_colored_text_makes_a_picture_rgb():
    assert Title(color="#ffcc00").apply(gray()).pixels[..., 2].max() == 0
    assert Title(color="silver").apply(gray()).pixels.ndim == 2


def test_a_palette_is_resolved_before_text_is_drawn():
    palette = np.tile(np.array([10, 20, 30], np.uint8), (256, 1))
    drawn = Title().apply(gray(palette=palette))
    assert drawn.palette is None
    assert drawn.pixels[150, 0].tolist() == [10, 20, 30]


def test_a_picture_too_small_for_text_gets_a_border():
    given = gray(1, 1)
    drawn = Title().apply(given)
    assert drawn.rows > 20
    assert drawn.columns >= 20
    assert drawn.pixels.max() == 255


def test_frame_numbers_are_filled_in():
    first = Title(text="{frame}/{frames}").apply(gray(frame_number=3, frame_count=7)).pixels
    assert (first == Title(text="3/7").apply(gray()).pixels).all()


def test_an_empty_text_draws_nothing():
    given = gray()
    assert Title(text="{StudyDescription}").apply(given) is given


def test_a_line_end_in_a_value_becomes_a_space():
    given = Picture(pixels=np.zeros((200, 300), np.uint8), attributes={"ImageComments": "a\r\nb"})
    drawn = Title(text="{ImageComments}").apply(given).pixels
    assert (drawn == Title(text="a b").apply(gray()).pixels).all()


def test_the_note_on_missing_glyphs_names_no_character():
    drawn = Title(text="{PatientName}").apply(gray())
    [note] = drawn.notes
    assert note.startswith("2 characters have no glyph and became '?' in the title; name a font")


def test_right_to_left_text_is_drawn_with_a_note():
    drawn = Title(text="\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}").apply(gray())
    assert drawn.pixels.max() == 255
    assert "Right-to-left" in drawn.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "{a.b}"}, r"Invalid field.*keyword"),
        ({"text": "{"}, "is not a valid template"),
        ({"color": "greenish"}, "unknown color 'greenish'"),
    ],
)
def test_wrong_templates_and_colors_are_rejected(options, message):
    with pytest.raises(ValueError, match=message):
        Title(**options)


def test_text_is_drawn_after_the_colormap():
    assert Title.after_colormap
