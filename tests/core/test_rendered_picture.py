"""A picture in memory: an array, an image of Pillow, a file, and the values that it shows."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from support.dicom_files import color, monochrome
from support.objects import segment, segmentation

import dcmconv
from dcmconv import InputError, UsageError
from dcmconv.hooks import hookimpl
from dcmconv.plugins.registry import Registry

CT = get_testdata_file("CT_small.dcm")
WINDOW = "window:center=40,width=400"
LABELS = segmentation(
    np.uint8([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]),
    [(1, 5.0), (2, 5.0)],
    segments=[segment(1, "Liver"), segment(2, "Tumor")],
)
AS_LABELS = {"read": "dicom:segments=labels"}


def shown(given=CT, **chain):
    return dcmconv.convert(given, **({"normalize": WINDOW} | chain))


class TestArray:
    def test_asarray_gives_the_pixels_without_a_copy(self):
        picture = shown()
        array = np.asarray(picture)
        assert array.shape == picture.shape == (128, 128)
        assert np.shares_memory(array, picture.pixels)
        assert not array.flags.writeable

    def test_array_gives_a_copy_that_may_be_changed(self):
        picture = shown()
        array = np.array(picture)
        array += 1
        assert not np.shares_memory(array, picture.pixels)

    def test_a_dtype_is_converted(self):
        assert np.asarray(shown(), dtype=np.float32).dtype == np.float32

    @pytest.mark.parametrize(
        ("chain", "dtype"), [({}, np.float32), ({"colormap": "bone"}, None)], ids=["dtype", "map"]
    )
    def test_a_copy_that_is_forbidden_but_needed_is_an_error(self, chain, dtype):
        with pytest.raises(ValueError, match="a copy is needed"):
            shown(**chain).__array__(dtype, copy=False)
        assert shown().__array__(copy=False).shape == (128, 128)

    def test_a_colormap_is_applied(self):
        picture = shown(colormap="bone")
        assert np.array_equal(np.asarray(picture), picture.pixels)
        assert np.asarray(picture).shape == picture.shape == (128, 128, 3)


class TestPillow:
    @pytest.mark.parametrize(
        ("given", "chain", "mode"),
        [
            pytest.param(CT, {}, "L", id="gray"),
            pytest.param(CT, {"bits": 16}, "I;16", id="16-bits"),
            pytest.param(CT, {"colormap": "bone"}, "P", id="colormap"),
            pytest.param(CT, {"steps": ["title:text=x,color=red"]}, "RGB", id="drawn-in-color"),
            pytest.param(get_testdata_file("examples_ybr_color.dcm"), {}, "RGB", id="color"),
            pytest.param(LABELS, AS_LABELS, "P", id="labels"),
            pytest.param(CT, {"normalize": "none:values=modality"}, "I", id="unscaled"),
        ],
    )
    def test_mode_and_pixels_are_right(self, given, chain, mode):
        picture = shown(given, **chain)
        image = picture.to_pil()
        assert (image.mode, image.size) == (mode, (picture.shape[1], picture.shape[0]))
        if picture.picture.domain == "display":
            shows = image.convert("RGB") if mode == "P" else image
            assert np.array_equal(np.asarray(shows), picture.pixels)

    def test_color_of_16_bits_is_refused_by_name(self):
        picture = shown(color(np.zeros((2, 2, 3), np.uint8)), bits=16)
        with pytest.raises(UsageError, match="no mode for color with uint16") as caught:
            picture.to_pil()
        assert "bits=8" in caught.value.hint

    def test_plugins_may_make_images_of_other_libraries(self):
        class Hooks:
            @hookimpl
            def dcmconv_image(self, picture, library):
                return picture.pixels.shape if library == "shapes" else None

        events = Registry.discover(only=()).events
        events.manager.register(Hooks())
        picture = shown().picture
        assert events.image(picture, "shapes") == (128, 128)
        assert events.image(picture, "pillow").mode == "L"
        assert events.image(picture, "unknown") is None


class TestFacts:
    def test_repr_is_one_line(self):
        assert repr(shown()) == (
            "<RenderedPicture shape=(128, 128), dtype=uint8, "
            "tone='Window given, LINEAR 40/400 HU', spacing=0.661468 x 0.661468 mm>"
        )
        cine = dcmconv.convert(get_testdata_file("examples_ybr_color.dcm"), frame=3)
        assert "frame=3 of 30" in repr(cine)

    def test_facts_of_the_picture(self):
        picture = shown(steps=["resize:width=64,height=64"])
        assert picture.tone == "Window given, LINEAR 40/400 HU"
        assert picture.window == (-160, 239, "HU")
        assert (picture.window.center, picture.window.width) == (39.5, 399)
        assert picture.spacing.rows == pytest.approx(2 * 0.661468)
        assert picture.attributes["Modality"] == "CT"
        assert picture.frame_number == 1

    def test_notes_are_those_of_a_run(self, tmp_path):
        path = tmp_path / "a.dcm"
        noted = monochrome(np.arange(6, dtype=np.uint16).reshape(2, 3), WindowCenter=1)
        noted.BurnedInAnnotation = "YES"
        noted.save_as(path)
        [outcome] = dcmconv.run(path, tmp_path / "out")
        assert dcmconv.convert(path).notes == tuple(outcome.notes)
        assert any("Burned In" in note for note in outcome.notes)

    def test_attributes_stay_readable(self, tmp_path):
        path = tmp_path / "large.dcm"
        frames = np.zeros((40, 512, 512), np.uint16)
        monochrome(frames, SeriesDescription="Großhirn", SpecificCharacterSet="ISO_IR 192").save_as(
            path
        )
        picture = dcmconv.convert(path, normalize="minmax")
        path.unlink()
        assert picture.attributes["SeriesDescription"] == "Großhirn"


class TestModalityValues:
    @pytest.mark.parametrize(("bits", "colormap"), [(8, "none"), (16, "none"), (8, "jet")])
    @pytest.mark.parametrize("invert", [False, True])
    @pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
    def test_values_inside_the_window_are_within_half_a_step(self, bits, invert, kind, colormap):
        stored = np.arange(-1000, 1000, dtype=np.int16).reshape(40, 50)
        file = monochrome(stored, RescaleSlope=0.5, PhotometricInterpretation=kind)
        modality_values = stored * 0.5
        picture = shown(file, bits=bits, invert=invert, colormap=colormap)

        found = picture.to_modality_values()
        low, high = sorted(picture.window[:2])
        inside = (modality_values > low) & (modality_values < high)
        bound = picture.window.width / (2 * (2**bits - 1))
        assert np.abs(found - modality_values)[inside].max() <= bound * (1 + 1e-9)
        assert np.abs(found - np.clip(modality_values, low, high)).max() <= bound * (1 + 1e-9)
        assert found.dtype == np.float64

    def test_unscaled_values_are_exact(self):
        file = monochrome(np.array([[1, 3]], np.uint16), RescaleSlope=0.1)
        found = shown(file, normalize="none:values=modality").to_modality_values()
        assert found.tolist() == [[1 * 0.1, 3 * 0.1]]

    @pytest.mark.parametrize(
        ("given", "chain", "why"),
        [
            (get_testdata_file("examples_ybr_color.dcm"), {}, "they are colors"),
            (LABELS, AS_LABELS, "numbers of labels"),
            (CT, {"normalize": "none"}, "stored values; .*none:values=modality"),
            (CT, {"steps": ["title:text=x"]}, "something is drawn over them"),
            (CT, {"bits": 16, "colormap": "jet"}, "they are colors"),
            (
                CT,
                {"normalize": "window:center=40,width=400,function=SIGMOID"},
                "no straight line joins them .*SIGMOID",
            ),
            (monochrome(np.ones((2, 2), np.uint8)), {"normalize": "minmax"}, "the same value"),
        ],
    )
    def test_what_has_no_way_back_is_named(self, given, chain, why):
        picture = shown(given, **chain)
        with pytest.raises(UsageError, match=why) as caught:
            picture.to_modality_values()
        assert "modality_values" in caught.value.hint

    def test_layers_have_no_way_back(self):
        file = monochrome(np.arange(16, dtype=np.uint8).reshape(4, 4))
        file.ShutterShape = "RECTANGULAR"
        file.ShutterLeftVerticalEdge, file.ShutterRightVerticalEdge = 2, 3
        file.ShutterUpperHorizontalEdge, file.ShutterLowerHorizontalEdge = 2, 3
        with pytest.raises(UsageError, match="something is drawn over them"):
            shown(file).to_modality_values()


class TestFiles:
    def test_options_of_the_writer_are_keywords(self, tmp_path):
        picture = shown()
        picture.save(tmp_path / "low.jpg", quality=10)
        picture.save(tmp_path / "high.jpg")
        low, high = (tmp_path / name for name in ("low.jpg", "high.jpg"))
        assert low.stat().st_size < high.stat().st_size
        assert low.read_bytes() == picture.encode("jpg:quality=10")
        assert low.read_bytes() == picture.encode({"use": "jpg"}, quality=10)

    def test_a_file_that_is_open_is_written(self):
        buffer = io.BytesIO()
        shown().save(buffer, writer="jpg", quality=80)
        assert not buffer.closed
        assert Image.open(buffer).format == "JPEG"
        shown().save(png := io.BytesIO())
        assert Image.open(png).format == "PNG"

    def test_writer_takes_precedence_over_the_suffix(self, tmp_path):
        shown().save(tmp_path / "ct.data", writer="jpg")
        assert (tmp_path / "ct.data").read_bytes()[:2] == b"\xff\xd8"

    def test_options_come_on_top_of_those_of_the_chain(self, tmp_path):
        picture = dcmconv.Chain(outputs="jpg:quality=10", normalize=WINDOW)(CT)
        assert picture.encode() == shown().encode("jpg:quality=10")
        picture.save(tmp_path / "ct.jpg", optimize=True)
        assert (tmp_path / "ct.jpg").read_bytes() == shown().encode("jpg:quality=10,optimize=true")
        with pytest.raises(UsageError, match="writer is an object") as caught:
            picture.encode(picture.writer, quality=3)
        assert "where it is made" in caught.value.hint

    def test_an_unknown_option_is_an_error_with_a_suggestion(self, tmp_path):
        with pytest.raises(UsageError, match="did you mean 'quality'"):
            shown().save(tmp_path / "ct.jpg", qualiti=80)
        assert list(tmp_path.iterdir()) == []

    def test_more_bits_than_the_picture_has_are_an_error(self):
        with pytest.raises(UsageError, match="16 bits; this picture has 8") as caught:
            shown().encode("png", bits=16)
        assert "bits=16" in caught.value.hint
        assert Image.open(io.BytesIO(shown(bits=16).encode("png"))).mode == "I;16"

    @pytest.mark.parametrize("given", [None, "", 5, b"ct.png"])
    def test_what_is_no_file_is_an_error_of_usage(self, given):
        with pytest.raises(UsageError, match="Expected a path or a binary file"):
            shown().save(given)

    def test_hints_fit_one_picture(self, tmp_path):
        with pytest.raises(UsageError) as of_stdout:
            shown().save("-")
        assert of_stdout.value.hint.startswith("Name a file, or pass a binary file")
        with pytest.raises(UsageError, match=r"makes \.tif files") as of_suffix:
            shown().save(tmp_path / "ct.tif")
        assert "folder" not in of_suffix.value.hint
        with pytest.raises(InputError) as of_values:
            shown(normalize="none:values=modality").save(tmp_path / "ct.png")
        assert "normalize='minmax'" in of_values.value.hint

    def test_notebooks_show_a_png(self):
        assert Image.open(io.BytesIO(shown()._repr_png_())).size == (128, 128)
        assert Image.open(io.BytesIO(shown(LABELS, **AS_LABELS)._repr_png_())).format == "PNG"
        floats = monochrome(np.array([[0.5, -1]], np.float32))
        assert shown(floats, normalize="none:values=modality")._repr_png_() is None
