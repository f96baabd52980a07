"""The kit finds what is wrong: each broken component fails the matching check."""

from __future__ import annotations

import numpy as np
import pytest
from support import broken_components

from dcmconv import testing
from dcmconv.plugin import FrameDescription

KIND = {
    broken_components.Colormap: testing.ColormapConformance,
    broken_components.Normalizer: testing.NormalizerConformance,
    broken_components.Step: testing.StepConformance,
    broken_components.Writer: testing.WriterConformance,
    broken_components.Reader: testing.ReaderConformance,
    broken_components.Decoder: testing.DecoderConformance,
}

ENCODED = testing.EncodedSample(
    broken_components.RAW,
    bytes(range(6)),
    FrameDescription(rows=2, columns=3, bits_allocated=8, bits_stored=8),
    np.arange(6).reshape(2, 3),
)


def failing_checks(component):
    """Return the names of the checks that a component fails."""
    [base] = [base for kind, base in KIND.items() if isinstance(component, kind)]
    samples = [ENCODED if base is testing.DecoderConformance else bytes(range(1, 9))]
    body = {"component": component, "samples": samples, "lossless": True}
    made = type("Conformance", (base,), body)()
    failed = set()
    for name in (name for name in dir(made) if name.startswith("test_")):
        try:
            getattr(made, name)()
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - any error counts as a failed check
            failed.add(name.removeprefix("test_"))
    return failed


@pytest.mark.parametrize(
    ("component", "check"),
    [
        (broken_components.NotFrozen(), "it_is_a_frozen_keyword_only_dataclass"),
        (broken_components.Positional(), "it_is_a_frozen_keyword_only_dataclass"),
        (broken_components.Undocumented(), "every_option_has_a_help_text"),
        (broken_components.Undocumented(), "the_docstring_starts_with_a_one_line_summary"),
        (broken_components.WithoutOpt(), "every_option_has_a_help_text"),
        (broken_components.UsesReservedWord(), "no_option_uses_a_reserved_word"),
        (broken_components.HidesMethod(), "no_option_hides_a_method"),
        (broken_components.InvalidFlag(), "short_flags_are_valid"),
        (broken_components.UnknownShorthand(), "values_without_a_name_fill_options"),
        (broken_components.AmbiguousShorthand(), "values_without_a_name_fill_options"),
        (broken_components.ChangingFingerprint(), "the_fingerprint_is_text_and_stable"),
        (broken_components.UsesOutputKey(), "no_option_uses_a_reserved_word"),
        (broken_components.IncompleteNames(), "attribute_names_are_complete_or_empty"),
        (broken_components.TooFewRows(), "the_table_is_uint8_with_256_rgb_rows"),
        (broken_components.SharedTable(), "modifying_a_table_does_not_affect_the_next"),
        (broken_components.ProcessDependent(), "a_spawned_worker_makes_the_same_table"),
        (broken_components.NotFinite(), "a_curve_keeps_the_shape_and_finite_values_finite"),
        (broken_components.NotPointwise(), "a_curve_maps_each_value_independently"),
        (broken_components.ModifiesInput(), "a_curve_keeps_the_shape_and_finite_values_finite"),
        (broken_components.WithoutHint(), "a_rejected_frame_gets_a_message_and_a_hint"),
        (broken_components.UnequalCurves(), "equal_frames_have_equal_curves"),
        (broken_components.DropsAttributes(), "attributes_and_frame_numbers_are_kept"),
        (broken_components.ChangesDtype(), "dtype_depth_and_domain_are_kept"),
        (broken_components.NotRepeatable(), "applying_it_twice_gives_the_same_picture"),
        (broken_components.NamesPatient(), "the_file_does_not_identify_the_patient"),
        (broken_components.NumbersFiles(), "encoding_twice_gives_the_same_bytes"),
        (broken_components.Transposed(), "the_file_opens_with_the_same_size"),
        (broken_components.Lossy(), "lossless_pixels_survive_the_round_trip"),
        (broken_components.RejectsOnePixel(), "every_gray_picture_is_encoded"),
        (broken_components.ClaimsEverything(), "it_does_not_recognize_an_empty_file"),
        (broken_components.ClaimsEverything(), "sniff_is_not_certain_of_random_bytes"),
        (broken_components.ClaimsEverything(), "frames_are_counted_from_one"),
        (broken_components.ClaimsEverything(), "half_a_file_is_rejected"),
        (broken_components.IndexesEmptyHead(), "it_does_not_recognize_an_empty_file"),
        (broken_components.ForwardOnly(), "frames_can_be_read_in_any_order"),
        (broken_components.PaddingDecoder(), "truncated_streams_are_rejected"),
        (broken_components.PaddingDecoder(), "a_stream_of_another_size_is_not_resized"),
        (broken_components.WrongValues(), "frames_have_the_expected_values"),
        (broken_components.WithoutUids(), "it_declares_transfer_syntax_uids"),
        (broken_components.WithoutUids(), "each_transfer_syntax_has_a_sample"),
        (broken_components.NumbersFrames(), "decoding_twice_gives_the_same_values"),
        (broken_components.Nameless(), "frames_name_their_photometric_interpretation"),
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
