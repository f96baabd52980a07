"""``dcmconv.open``: the frames of one input, read one at a time when they are asked for."""

from __future__ import annotations

import gc
import io
import os
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, changed, item, monochrome, save
from support.objects import pet

import dcmconv
from dcmconv import InputError, SkipInput, UsageError

CT = get_testdata_file("CT_small.dcm")
CINE = get_testdata_file("examples_ybr_color.dcm")
DESCRIPTORS = Path("/proc/self/fd")
WINDOW = "window:center=40,width=400"


def frames_of(count, *, rows=4, columns=5, **attributes):
    values = np.arange(count * rows * columns, dtype=np.uint16).reshape(count, rows, columns)
    return monochrome(values, **attributes)


def open_descriptors():
    return len(list(DESCRIPTORS.iterdir()))


class CountedReads(io.BufferedIOBase):
    """A file that counts the bytes that are read from it."""

    def __init__(self, content):
        self._content = io.BytesIO(content)
        self.count = 0

    def seekable(self):
        return True

    def read(self, size=-1, /):
        found = self._content.read(size)
        self.count += len(found)
        return found

    def seek(self, *where):
        return self._content.seek(*where)

    def tell(self):
        return self._content.tell()


class TestFrames:
    def test_an_instance_is_a_sequence_of_frames(self):
        with dcmconv.open(frames_of(5)) as instance:
            assert len(instance) == 5
            assert [frame.frame_number for frame in instance] == [1, 2, 3, 4, 5]
            assert instance[-1].frame_number == 5
            assert [frame.frame_number for frame in instance[1:4:2]] == [2, 4]
            assert [frame.frame_number for frame in reversed(instance)] == [5, 4, 3, 2, 1]
            assert instance[np.int64(2)].frame_index == 2
            assert instance[0] == instance[-5]

    @pytest.mark.parametrize("index", [5, -6])
    def test_an_index_beyond_the_frames_is_an_index_error(self, index):
        with dcmconv.open(frames_of(5)) as instance, pytest.raises(IndexError, match="0 to 4"):
            instance[index]

    def test_frames_are_decoded_by_their_index_and_no_other(self):
        with dcmconv.open(frames_of(5)) as instance:
            assert (
                instance.decode(-1).frame_number == instance.decode(np.int64(4)).frame_number == 5
            )
            for index in (5, -6):
                with pytest.raises(IndexError, match="0 to 4"):
                    instance.decode(index)
                with pytest.raises(IndexError, match="0 to 4"):
                    instance.attributes_of(index)

    def test_a_frame_is_not_one_array(self):
        with dcmconv.open(frames_of(2)) as instance:
            for given in (instance[0], instance):
                with pytest.raises(TypeError, match="choose stored_values or modality_values"):
                    np.asarray(given)

    def test_an_instance_is_open_already(self):
        with dcmconv.open(CT) as instance:
            for given in (instance, instance[0]):
                with pytest.raises(UsageError, match="is open already"):
                    dcmconv.open(given)

    def test_a_keyword_as_index_points_to_attributes(self):
        with dcmconv.open(CT) as instance, pytest.raises(TypeError, match=r"\.attributes"):
            instance["Modality"]

    def test_frames_have_their_values(self):
        with dcmconv.open(frames_of(3, RescaleSlope=2, RescaleIntercept=-10)) as instance:
            frame = instance[2]
            assert frame.shape == (4, 5)
            assert frame.stored_values[0, 0] == 40
            assert frame.modality_values[0, 0] == 70
            assert frame.modality_values.dtype == np.float64
            assert not frame.stored_values.flags.writeable

    def test_values_have_units(self):
        with dcmconv.open(CT) as instance:
            assert instance[0].units == "HU"
        values = np.array([[0, 100]], np.uint16)
        with dcmconv.open(pet(values), read="dicom:values=suvbw") as instance:
            assert instance[0].units == "SUVbw"
            # 100 * 2 Bq/ml at the scan, of 370 MBq / 2 in 74000 g.
            assert instance[0].modality_values[0, 1] == pytest.approx(200 * 74000 / 185e6)

    def test_real_world_values_have_their_units(self):
        unit = item(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="mm2/s")
        mapping = item(
            RealWorldValueFirstValueMapped=0,
            RealWorldValueLastValueMapped=4095,
            RealWorldValueSlope=0.5,
            RealWorldValueIntercept=1.0,
            MeasurementUnitsCodeSequence=[unit],
        )
        mapping["RealWorldValueFirstValueMapped"].VR = "US"
        mapping["RealWorldValueLastValueMapped"].VR = "US"
        file = changed(frames_of(1), RealWorldValueMappingSequence=[mapping])
        with dcmconv.open(file, read="dicom:values=real-world") as instance:
            assert instance[0].units == "mm2/s"
            assert instance[0].modality_values[0, 1] == 1.5

    def test_color_is_rgb(self):
        with dcmconv.open(CINE) as instance:
            assert instance[3].shape == (240, 320, 3)


class TestFacts:
    @pytest.mark.parametrize(
        "key",
        [
            "Modality",
            "0008,0060",
            "(0008,0060)",
            "00080060",
            (8, 0x60),
            0x00080060,
            np.uint32(0x00080060),
            (np.int64(8), np.int64(0x60)),
        ],
    )
    def test_attributes_have_many_keys(self, key):
        with dcmconv.open(CT) as instance:
            assert instance.attributes[key] == "CT"
            assert key in instance.attributes
            assert instance[0].render(normalize="minmax").attributes[key] == "CT"

    def test_attributes_are_a_mapping(self):
        with dcmconv.open(CT) as instance:
            assert instance.attributes.get("NumberOfFrames") is None
            assert {"PatientID", "Modality"} <= set(instance.attributes)
            assert "1CT1" not in repr(instance.attributes)
            with pytest.raises(KeyError):
                instance.attributes["NumberOfFrames"]
            for key in ((8, 0x60, 1), None, 1.5, b"Modality", -1, 1 << 32, ("0008", "0060")):
                assert key not in instance.attributes
                with pytest.raises(UsageError, match="not an attribute") as caught:
                    instance.attributes[key]
                assert "(0x0010, 0x0020)" in caught.value.hint

    def test_frames_have_attributes_of_their_own(self):
        file = frames_of(2)
        file.PerFrameFunctionalGroupsSequence = [
            item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])]) for z in (1, 2)
        ]
        with dcmconv.open(file) as instance:
            positions = [frame.attributes["ImagePositionPatient"] for frame in instance]
            assert positions == [(0, 0, 1), (0, 0, 2)]
            path = "PerFrameFunctionalGroupsSequence[1].PlanePositionSequence.ImagePositionPatient"
            assert instance.attributes[path] == (0, 0, 2)

    def test_facts_of_the_input(self):
        with dcmconv.open(CT) as instance:
            assert instance.transfer_syntax == "1.2.840.10008.1.2.1"
            assert (instance.rows, instance.columns) == (128, 128)
            assert instance.spacing[:2] == instance[0].spacing[:2] == (0.661468, 0.661468)
            assert repr(instance) == "<Instance 'CT_small.dcm': 1 frame, 1.2.840.10008.1.2.1>"
            assert repr(instance[0]).startswith("<InstanceFrame 1 of 1 of ")

    def test_notes_and_failures_are_those_of_a_run(self, tmp_path):
        noted = save(changed(frames_of(1), BurnedInAnnotation="YES"), tmp_path / "noted.dcm")
        [outcome] = dcmconv.run(noted, tmp_path / "out", normalize="minmax")
        with dcmconv.open(noted) as instance:
            assert instance[0].notes == instance.notes == tuple(outcome.notes) != ()
            assert instance[0].render(normalize="minmax").notes == tuple(outcome.notes)
        with (
            dcmconv.open(noted, policy="strict") as instance,
            pytest.raises(InputError, match="policy='strict': Burned In"),
        ):
            instance[0].stored_values  # noqa: B018 - reading is what raises

    def test_what_a_run_skips_cannot_be_opened(self):
        with pytest.raises(SkipInput, match="holds no picture"):
            dcmconv.open(get_testdata_file("rtplan.dcm"))

    def test_a_damaged_frame_is_named_and_the_others_are_read(self):
        content = bytearray(as_bytes(pydicom.dcmread(CINE)))
        with dcmconv.open(CINE) as whole:
            wanted = whole[1].stored_values
        start = content.index(b"\xff\xda", content.index(b"\xff\xd8")) - 200
        content[start : start + 150] = bytes(150)
        with dcmconv.open(content) as instance:
            with pytest.raises(InputError, match="Frame 1: ") as caught:
                instance[0].stored_values  # noqa: B018
            assert caught.value.hint
            assert np.array_equal(instance[1].stored_values, wanted)


class TestRender:
    def test_render_gives_the_picture_of_convert(self):
        with dcmconv.open(CINE) as instance:
            for chain in ({"normalize": "minmax"}, {"steps": "resize:max=32", "invert": True}):
                picture = instance[4].render(**chain)
                assert np.array_equal(
                    picture.pixels, dcmconv.convert(CINE, frame=5, **chain).pixels
                )
                assert picture.frame_number == 5

    def test_an_instance_and_its_frames_are_inputs(self):
        chain = dcmconv.Chain(normalize="minmax:scope=instance")
        with dcmconv.open(frames_of(3)) as instance:
            wanted = [picture.pixels for picture in chain.frames(frames_of(3))]
            assert [chain(frame).pixels.tolist() for frame in instance] == [
                pixels.tolist() for pixels in wanted
            ]
            assert np.array_equal(chain(instance, frame=2).pixels, wanted[1])
            assert not instance.is_closed
            for use in (
                lambda: chain(instance[0], frame=2),
                lambda: instance[0].render(frames=1),
            ):
                with pytest.raises(UsageError, match="a frame number as well") as caught:
                    use()
                assert "frame=2" in caught.value.hint

    def test_one_of_several_outputs_is_chosen_by_its_id(self):
        with dcmconv.open(CT) as instance:
            with pytest.raises(UsageError, match="makes 3 pictures") as caught:
                instance[0].render(chain="preset:chest-ct")
            assert "output='lung'" in caught.value.hint
            picture = instance[0].render(chain="preset:chest-ct", output="bone")
            wanted = dcmconv.convert(CT, chain="preset:chest-ct", output="bone")
            assert np.array_equal(picture.pixels, wanted.pixels)

    def test_a_frame_is_decoded_once_for_several_pictures(self):
        stream = CountedReads(as_bytes(frames_of(40, rows=512, columns=512)))
        with dcmconv.open(stream) as instance:
            frame = instance[7]
            frame.render(normalize="minmax")
            before = stream.count
            assert before >= 512 * 512 * 2
            frame.render(normalize=WINDOW)
            assert frame.stored_values.shape == (512, 512)
            assert stream.count == before

    @pytest.mark.parametrize(
        ("chain", "message"),
        [
            ({"read": "dicom:values=suvbw"}, "The chain says how inputs are read"),
            ({"policy": "strict"}, "The policy of the chain is strict"),
            ({"normalize": "minmax:scope=run"}, "statistics of the run"),
        ],
    )
    def test_what_an_open_input_cannot_honor_is_refused(self, chain, message):
        with (
            dcmconv.open(CT) as instance,
            pytest.raises(UsageError, match=message) as caught,
        ):
            instance[0].render(**chain)
        assert caught.value.hint

    def test_policy_of_the_input_holds_for_its_pictures(self):
        noted = changed(frames_of(1), BurnedInAnnotation="YES")
        with dcmconv.open(noted, policy="strict") as instance, pytest.raises(InputError):
            instance[0].render(normalize="minmax")


class TestLaziness:
    def test_opening_reads_no_pixels(self):
        stream = CountedReads(as_bytes(frames_of(2000, rows=64, columns=64)))
        with dcmconv.open(stream) as instance:
            assert len(instance) == 2000
            assert instance.attributes["Rows"] == 64
            assert instance[1999].attributes["Modality"] == "OT"
            assert stream.count < 128 << 10
            assert instance[1999].stored_values[0, 0] == (1999 * 64 * 64) % 65536
            assert stream.count < 256 << 10

    def test_memory_stays_flat(self, tmp_path):
        path = save(frames_of(200, rows=256, columns=256), tmp_path / "many.dcm")
        with dcmconv.open(path) as instance:
            instance[0].render(normalize="minmax")
            tracemalloc.start()
            for frame in instance:
                frame.modality_values.max()
                frame.render(normalize="minmax")
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        # The file has 25 MiB; float64 values of one frame take half a MiB.
        assert peak < 4 << 20, f"{peak >> 10} KiB"

    def test_threads_share_an_instance(self):
        class Hesitant(CountedReads):
            """Lets other threads go on between moving and reading."""

            def seek(self, *where):
                position = super().seek(*where)
                for _ in range(20):
                    os.sched_yield()
                return position

        stream = Hesitant(as_bytes(frames_of(64, rows=256, columns=512)))
        wrong = []

        def read(start):
            for index in range(start, 64, 4):
                first = int(instance[index].stored_values[0, 0])
                if first != (index * 256 * 512) % 65536 or instance[index].shape != (256, 512):
                    wrong.append(index)

        with dcmconv.open(stream) as instance, ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(read, start) for start in range(4)]:
                done.result()
        assert wrong == []

    def test_a_process_must_open_its_own(self):
        with dcmconv.open(CT) as instance, pytest.raises(TypeError, match="open it there"):
            pickle.dumps(instance[0])


class TestClosing:
    def test_a_closed_instance_says_so(self):
        with dcmconv.open(CT) as instance:
            frame = instance[0]
            frame.stored_values  # noqa: B018 - the frame in memory does not count
        assert instance.is_closed
        instance.close()
        for use in (lambda: frame.stored_values, frame.render, lambda: instance.rows):
            with pytest.raises(UsageError, match="is closed; its frames") as caught:
                use()
            assert "with block" in caught.value.hint
        assert repr(instance).endswith(", closed>")
        assert (instance.attributes["Modality"], len(instance)) == ("CT", 1)

    @pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts descriptors by /proc")
    def test_no_descriptor_stays_open(self, tmp_path):
        path = save(frames_of(40, rows=512, columns=512), tmp_path / "large.dcm")
        before = open_descriptors()
        with dcmconv.open(path) as instance:
            assert open_descriptors() == before + 1
            assert instance[0].shape == (512, 512)
        assert open_descriptors() == before

        instance = dcmconv.open(path)
        del instance
        gc.collect()
        assert open_descriptors() == before

    def test_a_file_of_the_caller_stays_open(self):
        with Path(CT).open("rb") as file:
            with dcmconv.open(file) as instance:
                assert instance[0].shape == (128, 128)
            assert not file.closed
