"""The kit finds what is wrong: each careless component fails the check that is named for it."""

from __future__ import annotations

import pytest
from support import careless, careless_words

from dcmconv import testing

KIND = {
    careless.Colormap: testing.ColormapConformance,
    careless.Normalizer: testing.NormalizerConformance,
    careless.Step: testing.StepConformance,
    careless.Writer: testing.WriterConformance,
    careless.Reader: testing.ReaderConformance,
}


def failing_checks(component):
    """Return the names of the checks that a component does not pass."""
    [base] = [base for kind, base in KIND.items() if isinstance(component, kind)]
    body = {"component": component, "samples": [bytes(range(1, 9))], "lossless": True}
    made = type("Conformance", (base,), body)()
    failed = set()
    for name in (name for name in dir(made) if name.startswith("test_")):
        try:
            getattr(made, name)()
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever a careless component raises is what is looked for
            failed.add(name.removeprefix("test_"))
    return failed


@pytest.mark.parametrize(
    ("component", "check"),
    [
        (careless.Thawed(), "it_is_a_frozen_keyword_only_dataclass"),
        (careless.Positional(), "it_is_a_frozen_keyword_only_dataclass"),
        (careless.Wordless(), "every_option_says_what_it_means"),
        (careless.Wordless(), "the_docstring_begins_with_a_summary_of_one_line"),
        (careless.Undeclared(), "every_option_says_what_it_means"),
        (careless.Reserved(), "no_option_takes_a_word_of_the_chain"),
        (careless_words.Hiding(), "no_option_hides_a_method"),
        (careless_words.Shouting(), "flags_of_their_own_can_be_typed"),
        (careless_words.Changing(), "its_fingerprint_is_text_and_stays"),
        (careless_words.Namesake(), "no_option_takes_a_word_of_the_chain"),
        (careless_words.Forgetting(), "it_lists_every_name_that_its_attributes_have_or_none"),
        (careless.Short(), "the_table_has_256_rows_of_uint8_red_green_blue"),
        (careless.Shared(), "writing_into_a_table_changes_no_later_one"),
        (careless.Local(), "a_spawned_worker_makes_the_same_table"),
        (careless.Endless(), "a_curve_keeps_the_shape_and_is_finite_where_its_input_is"),
        (careless.Looking(), "a_curve_looks_at_one_value_at_a_time"),
        (careless.Writing(), "a_curve_keeps_the_shape_and_is_finite_where_its_input_is"),
        (careless.Curt(), "a_refusal_says_what_is_missing_and_what_to_do"),
        (careless.Fickle(), "equal_frames_have_equal_curves"),
        (careless.Forgetful(), "attributes_and_frame_numbers_stay"),
        (careless.Widening(), "type_depth_and_domain_stay"),
        (careless.Random(), "twice_gives_the_same"),
        (careless.Gossip(), "nothing_in_the_file_names_the_patient"),
        (careless.Stamped(), "twice_gives_the_same_bytes"),
        (careless.Turned(), "the_file_opens_at_the_same_size"),
        (careless.Dim(), "gray_and_color_come_back_as_they_were"),
        (careless.Choosy(), "every_gray_picture_becomes_bytes"),
        (careless.Greedy(), "it_knows_nothing_in_an_empty_file"),
        (careless.Greedy(), "random_bytes_are_not_its_format_for_certain"),
        (careless.Greedy(), "frames_are_counted_from_one"),
        (careless.Greedy(), "half_a_file_is_refused"),
        (careless.Jumpy(), "it_knows_nothing_in_an_empty_file"),
        (careless.Streaming(), "a_frame_can_be_read_alone_and_again"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_careless_component_fails_the_check_named_for_it(component, check):
    assert check in failing_checks(component)


def test_a_synthetic_frame_is_made_anew_each_time():
    for name, make in testing.FRAMES.items():
        assert make() is not make(), name
        assert not make().stored_values.flags.writeable, name


def test_a_synthetic_picture_is_read_only():
    for name, make in testing.PICTURES.items():
        assert not make().pixels.flags.writeable, name
