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
        (careless.Wordless(), "every_option_has_a_help_text"),
        (careless.Wordless(), "the_docstring_starts_with_a_one_line_summary"),
        (careless.Undeclared(), "every_option_has_a_help_text"),
        (careless.Reserved(), "no_option_uses_a_reserved_word"),
        (careless_words.Hiding(), "no_option_hides_a_method"),
        (careless_words.Shouting(), "short_flags_are_valid"),
        (careless_words.Changing(), "the_fingerprint_is_text_and_stable"),
        (careless_words.Namesake(), "no_option_uses_a_reserved_word"),
        (careless_words.Forgetting(), "attribute_names_are_complete_or_empty"),
        (careless.Short(), "the_table_is_uint8_with_256_rgb_rows"),
        (careless.Shared(), "modifying_a_table_does_not_affect_the_next"),
        (careless.Local(), "a_spawned_worker_makes_the_same_table"),
        (careless.Endless(), "a_curve_keeps_the_shape_and_finite_values_finite"),
        (careless.Looking(), "a_curve_maps_each_value_independently"),
        (careless.Writing(), "a_curve_keeps_the_shape_and_finite_values_finite"),
        (careless.Curt(), "a_rejected_frame_gets_a_message_and_a_hint"),
        (careless.Fickle(), "equal_frames_have_equal_curves"),
        (careless.Forgetful(), "attributes_and_frame_numbers_are_kept"),
        (careless.Widening(), "dtype_depth_and_domain_are_kept"),
        (careless.Random(), "applying_it_twice_gives_the_same_picture"),
        (careless.Gossip(), "the_file_does_not_identify_the_patient"),
        (careless.Stamped(), "encoding_twice_gives_the_same_bytes"),
        (careless.Turned(), "the_file_opens_with_the_same_size"),
        (careless.Dim(), "lossless_pixels_survive_the_round_trip"),
        (careless.Choosy(), "every_gray_picture_is_encoded"),
        (careless.Greedy(), "it_does_not_recognize_an_empty_file"),
        (careless.Greedy(), "sniff_is_not_certain_of_random_bytes"),
        (careless.Greedy(), "frames_are_counted_from_one"),
        (careless.Greedy(), "half_a_file_is_rejected"),
        (careless.Jumpy(), "it_does_not_recognize_an_empty_file"),
        (careless.Streaming(), "frames_can_be_read_in_any_order"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_broken_component_fails_the_matching_check(component, check):
    assert check in failing_checks(component)


def test_each_call_makes_a_new_synthetic_frame():
    for name, make in testing.FRAMES.items():
        assert make() is not make(), name
        assert not make().stored_values.flags.writeable, name


def test_a_synthetic_picture_is_read_only():
    for name, make in testing.PICTURES.items():
        assert not make().pixels.flags.writeable, name
