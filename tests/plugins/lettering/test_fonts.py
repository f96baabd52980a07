import numpy as np
import pytest

from dcmconv.errors import UsageError
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text

FONTS = FontSet()


@pytest.mark.parametrize(
    "text", ["UID:1.2.840", "Müller^Jürgen", "Ωμέγα", "Иванов", "王^小東", "ヤマダ^タロウ"]
)
def test_the_bundled_fonts_cover(text):
    assert FONTS.drawable(text) == (text, 0)


def test_missing_characters_become_question_marks():
    assert FONTS.drawable("Hong^길동") == ("Hong^??", 2)


def test_missing_variants_become_their_base_letter():
    text = "\N{CIRCLED LATIN CAPITAL LETTER R}\N{MATHEMATICAL ITALIC SMALL B}"
    assert FONTS.drawable(text) == ("Rb", 0)


def test_control_characters_are_removed_except_line_ends():
    assert FONTS.drawable("a\x00\x1b\u200eb\nc") == ("ab\nc", 0)


def test_a_line_is_split_where_the_font_changes():
    runs = FONTS.runs("A王B", 12)
    assert [text for _, text in runs] == ["A", "王", "B"]
    assert runs[0][0] is runs[2][0]
    assert runs[0][0] is not runs[1][0]


def test_an_unreadable_font_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nofont\.ttf cannot be read[\s\S]*TrueType"):
        FontSet(str(tmp_path / "nofont.ttf")).first(12)


def test_a_file_that_is_not_a_font_is_rejected(tmp_path):
    path = tmp_path / "text.ttf"
    path.write_text("not a font")
    with pytest.raises(UsageError, match=r"is not a font that FreeType can read[\s\S]*TrueType"):
        FontSet(str(path)).first(12)


def block(text, size=20.0):
    return TextBlock(tuple(text.split("\n")), size, FONTS)


def test_text_that_fits_is_unchanged():
    assert fit_text(block("abc"), columns=1000, smallest=9) == block("abc")


def test_text_that_is_too_wide_is_shrunk_first():
    fitted = fit_text(block("a" * 40), columns=300, smallest=9)
    assert len(fitted.lines) == 1
    assert 9 <= fitted.size < 20
    assert fitted.columns <= 300


def test_text_that_gets_too_small_is_wrapped():
    words = "one two three four five six seven eight nine ten"
    fitted = fit_text(block(words), columns=60, smallest=9)
    assert fitted.columns <= 60
    assert " ".join(fitted.lines) == words


def test_a_word_that_is_too_long_is_broken():
    uid = "1.2.840.113619.2.55.3.604688119.971.1234567890.123"
    fitted = fit_text(block(f"UID:{uid}"), columns=60, smallest=9)
    assert fitted.columns <= 60
    assert "".join(fitted.lines) == f"UID:{uid}"


def test_a_limit_of_rows_shrinks_text_further():
    fitted = fit_text(block("word " * 60), columns=100, rows=60, smallest=9)
    assert fitted.rows <= 60
    assert fitted.columns <= 100


def test_no_letter_touches_the_edge_of_its_coverage():
    for text in ("UID:1.2", "jÅ|_", "王"):
        coverage = block(text, 33.0).coverage().outlined
        frame = np.concatenate([coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]])
        assert frame.max() == 0
        assert coverage.max() == 255
