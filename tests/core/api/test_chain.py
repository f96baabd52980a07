"""``dcmconv.Chain``: compiled once, used for any number of inputs, in threads and processes."""

from __future__ import annotations

import gc
import inspect
import pickle
import subprocess
import sys
import threading
import tracemalloc
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, monochrome

import dcmconv
from dcmconv import Chain, InputError, RenderedPicture, SkipInput, UsageError
from dcmconv.api import conversion
from dcmconv.api.plans import ChainKeywords
from dcmconv.chain.document import CHAIN_KEYS
from dcmconv.plugin import Linear, Normalizer, Opt, Picture, Step
from dcmconv_builtins.normalizers.window import Window
from dcmconv_builtins.steps.resize import Resize
from dcmconv_builtins.writers.png import Png

CT = get_testdata_file("CT_small.dcm")
MR = get_testdata_file("MR_small.dcm")
CINE = get_testdata_file("examples_ybr_color.dcm")
THREE_FRAMES = as_bytes(monochrome(np.arange(12, dtype=np.uint16).reshape(3, 2, 2)))

CHAINS = {
    "one": {"normalize": "window:name=lung", "steps": ["resize:max=64"], "colormap": "bone"},
    "sixteen-bits": {"normalize": "minmax", "outputs": ["png:bits=16"]},
    "jpg": {"normalize": "percentile", "outputs": ["jpg:quality=70"], "invert": True},
    "several": {"chain": "preset:chest-ct"},
    "own-slots": {"outputs": [{"use": "jpg", "id": "a", "colormap": "jet", "normalize": "minmax"}]},
    "labels-and-values": {"normalize": "none"},
}


@pytest.mark.parametrize("source", [CT, MR], ids=["ct", "mr"])
@pytest.mark.parametrize("keywords", CHAINS.values(), ids=CHAINS.keys())
def test_bytes_are_those_of_the_files_of_a_run(tmp_path, keywords, source):
    made = Chain(**keywords)(source)
    pictures = [made] if isinstance(made, RenderedPicture) else made.values()
    (outcome,) = dcmconv.run(source, tmp_path, **keywords)

    files = [Path(tmp_path, output.path).read_bytes() for output in outcome.outputs]
    assert [picture.encode() for picture in pictures] == files


def test_several_outputs_are_a_mapping_for_every_input():
    chain = Chain.from_preset("chest-ct")

    assert chain.outputs == ("png", "lung", "mediastinum", "bone")
    assert list(chain(CT)) == ["lung", "mediastinum", "bone"]
    # Another rule applies, but the type of the result is that of the chain.
    assert list(chain(MR)) == ["png"]


def test_chosen_output_alone_is_rendered():
    counted = []

    @dataclass(frozen=True, kw_only=True)
    class Count(Step):
        name: Annotated[str, Opt("What to note")]

        def apply(self, picture: Picture) -> Picture:
            counted.append(self.name)
            return picture

    chain = Chain(
        outputs=[{"use": "png", "id": name, "steps": [Count(name=name)]} for name in ("a", "b")]
    )
    assert isinstance(chain(CT, output="b"), RenderedPicture)
    assert [type(each) for each in chain.frames(CT, output="b")] == [RenderedPicture]
    assert counted == ["b", "b"]


def test_unknown_output_names_those_that_exist():
    with pytest.raises(UsageError, match="no output 'lugn'; its outputs are png, lung") as caught:
        Chain.from_preset("chest-ct")(CT, output="lugn")
    assert caught.value.hint == "For example: output='png'"


def test_output_of_another_rule_is_a_skipped_input():
    with pytest.raises(SkipInput, match="makes no output 'lung' of this input"):
        Chain.from_preset("chest-ct")(MR, output="lung")


def test_frames_are_those_of_the_chain():
    chain = Chain(frames="2-3", normalize="none")

    assert chain(THREE_FRAMES).pixels.tolist() == [[4, 5], [6, 7]]
    assert chain(THREE_FRAMES, frame=1).pixels.tolist() == [[0, 1], [2, 3]]
    assert [each.pixels[0, 0] for each in chain.frames(THREE_FRAMES)] == [4, 8]
    assert [each.pixels[0, 0] for each in Chain(normalize="none").frames(THREE_FRAMES)] == [0, 4, 8]


@pytest.mark.parametrize("keywords", CHAINS.values(), ids=CHAINS.keys())
def test_chain_survives_yaml(tmp_path, keywords):
    chain = Chain(**keywords)
    text = chain.to_yaml(tmp_path / "chain.yaml")

    assert (tmp_path / "chain.yaml").read_text("utf-8") == text
    again = Chain.from_yaml(tmp_path / "chain.yaml")
    assert (again, hash(again), again.to_yaml()[:10]) == (chain, hash(chain), "version: 1")


@pytest.mark.parametrize("name", ["one", "sixteen-bits", "jpg", "own-slots", "labels-and-values"])
def test_repr_makes_the_same_chain(name):
    shown = repr(Chain(**CHAINS[name]))

    assert eval(shown, {"Chain": Chain}) == Chain(**CHAINS[name])  # noqa: S307 - our own text
    assert "\n" not in shown


def test_repr_shows_what_differs_from_the_defaults():
    chain = Chain(normalize="window:center=40,width=400", outputs=["png:bits=16"], frames="1,3-")

    assert repr(chain) == (
        "Chain(normalize='window:center=40,width=400', outputs=['png:bits=16'], frames='1,3-')"
    )
    assert (
        repr(Chain.from_preset("chest-ct")) == "Chain(rules=[{'when': {'Modality': ['CT']}, ...}])"
    )


def test_text_mapping_and_object_make_equal_chains():
    text = Chain(normalize="window:name=lung", steps=["resize:max=9"], outputs=["png:bits=16"])
    data = Chain(
        normalize={"use": "window", "name": "lung"},
        steps={"use": "resize", "max": 9},
        outputs=[{"use": "png", "bits": 16}],
    )
    objects = Chain(normalize=Window(name="lung"), steps=[Resize(max=9)], writer=Png(bits=16))

    assert len({text, data, objects}) == 1
    assert text != Chain(text, normalize="minmax")
    assert text != Chain(text, policy="strict")


def test_keywords_take_precedence_over_the_chain(tmp_path):
    path = tmp_path / "chain.yaml"
    path.write_text("version: 1\nnormalize: minmax\nsteps: [flip]\n", "utf-8")

    expected = Chain(normalize="voi", steps=["flip"])
    assert Chain.from_yaml(path, normalize="voi") == expected
    assert Chain(path, normalize="voi") == expected
    assert Chain(Chain.from_yaml(path), normalize="voi") == expected
    assert Chain(str(path), normalize="voi", steps=[]) == Chain(normalize="voi")


def test_run_takes_a_chain(tmp_path):
    chain = Chain(normalize="window:name=lung", steps=[Resize(max=64)], writer="jpg")
    (outcome,) = dcmconv.run(CT, tmp_path, chain=chain)

    assert Path(tmp_path, outcome.outputs[0].path).read_bytes() == chain(CT).encode()


def test_bits_are_those_of_every_output():
    assert Chain(bits=16)(CT).pixels.dtype == np.uint16
    assert Chain.from_preset("ml-16bit")(CT).pixels.dtype == np.uint16
    assert Chain.from_preset("ml-16bit", bits=8)(CT).pixels.dtype == np.uint8
    several = Chain.from_preset("chest-ct", bits=16)(CT).values()
    assert {picture.pixels.dtype.name for picture in several} == {"uint16"}
    assert Chain(bits=8, writer="jpg") == Chain(writer="jpg")
    with pytest.raises(UsageError, match="The writer 'jpg' has 8 bits; bits is 16"):
        Chain(bits=16, writer="jpg")
    with pytest.raises(UsageError, match="bits is 12; expected 8 or 16"):
        Chain(bits=12)


@pytest.mark.parametrize(
    ("keyword", "message", "hint"),
    [
        ("workers", "'workers' has no effect on a picture in memory", r"dcmconv\.run\(.*workers="),
        ("tags", "'tags' has no effect on a picture in memory", r"dcmconv\.run\(.*tags="),
        ("name", "'name' has no effect on a picture in memory", r"dcmconv\.run\(.*name="),
        ("normalise", "did you mean 'normalize'", "Known: chain, read"),
        ("window", "it is the name of a normalizer", r"Write normalize='window:\.\.\.'"),
        ("resize", "it is the name of a step", r"Write steps=\['resize:\.\.\.'\]"),
    ],
)
@pytest.mark.parametrize("call", [Chain, lambda **each: dcmconv.convert(CT, **each)])
def test_keyword_without_effect_is_refused_by_name(call, keyword, message, hint):
    with pytest.raises(UsageError, match=f"{message}(.|\n)*{hint}"):
        call(**{keyword: 2})


def test_keywords_are_those_of_a_chain_file():
    of_files = set(CHAIN_KEYS) - {"version", "extends", "run", "tags"}

    assert set(ChainKeywords.__annotations__) == of_files | {"writers", "writer", "bits", "policy"}
    for function in (Chain, Chain.from_yaml, Chain.from_preset, dcmconv.convert):
        assert set(ChainKeywords.__annotations__) <= set(inspect.signature(function).parameters)


@dataclass(frozen=True, kw_only=True)
class Halve(Step):
    """Halve each value."""

    def apply(self, picture: Picture) -> Picture:
        return picture.with_(pixels=picture.pixels // 2)


def test_class_of_the_caller_needs_no_plugin():
    chain = Chain(normalize="minmax", steps=[Halve()])

    assert chain(CT).pixels.max() == 127
    assert pickle.loads(pickle.dumps(chain))(CT).pixels.max() == 127  # noqa: S301
    with pytest.raises(UsageError, match="'Halve' has no name that a chain file could use"):
        chain.to_yaml()


INPUTS = (CT, MR, CINE, *map(get_testdata_file, ("JPEG2000.dcm", "MR_small_RLE.dcm", "rtdose.dcm")))
SHARED = {
    "normalize": "window:name=lung",
    "outputs": ["png", {"use": "jpg", "normalize": "percentile", "steps": ["title:text=A"]}],
}


def encoded(chain: Chain, source: str | bytes) -> list[bytes]:
    return [picture.encode() for picture in chain(source).values()]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_workers_get_a_pickled_chain(method):
    chain = Chain(**SHARED)
    expected = [encoded(chain, source) for source in INPUTS]  # before the fork: caches are full
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
        found = list(pool.map(encoded, [chain] * len(INPUTS), INPUTS))
    assert found == expected


def test_unpickled_chain_imports_no_chain_language(tmp_path):
    (tmp_path / "chain").write_bytes(pickle.dumps(Chain(normalize="minmax")))
    code = (
        "import pickle, sys, pathlib\n"
        f"chain = pickle.loads(pathlib.Path({str(tmp_path / 'chain')!r}).read_bytes())\n"
        f"print(chain({CT!r}).pixels.shape, 'pydantic' in sys.modules, 'yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "(128, 128) False False"


@pytest.fixture
def eager_threads():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


REACHED, RELEASED = threading.Event(), threading.Event()


@dataclass(frozen=True, kw_only=True)
class HeldLine(Linear):
    """A straight line that one thread is slow to take up."""

    @property
    def ends(self) -> tuple[float, float]:
        if threading.current_thread().name == "slow":
            REACHED.set()
            RELEASED.wait(timeout=30)
        return self.black, self.white


@dataclass(frozen=True, kw_only=True)
class Held(Normalizer):
    """Black to white at a ``HeldLine``."""

    def curve(self, frame):
        return HeldLine(black=0, white=500)


def row(first: int) -> bytes:
    values = np.arange(first, first + 256, dtype=np.int16).reshape(1, 256)
    return as_bytes(monochrome(values, RescaleIntercept=0))


def test_threads_do_not_share_a_table_that_grows():
    chain = Chain(normalize=Held())
    # Only the second row reaches beyond white, and must be clipped there.
    chain(row(0))
    slow = threading.Thread(target=chain, args=(row(400),), name="slow")
    slow.start()
    assert REACHED.wait(timeout=30)
    shown = chain(row(400)).pixels[0]
    RELEASED.set()
    slow.join()
    # 400 of 500 is 204 of 255.
    assert (shown[0], shown[100:].min()) == (204, 255)


@pytest.mark.usefixtures("eager_threads")
def test_threads_share_every_kind_of_input():
    chain = Chain(**SHARED)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda source: encoded(chain, source), INPUTS * 4))
    assert found == [encoded(chain, source) for source in INPUTS] * 4


def open_files() -> list[Path]:
    """Return what this process has open; only Linux tells."""
    folder = Path("/proc/self/fd")
    return [each.resolve() for each in folder.iterdir()] if folder.is_dir() else []


@pytest.mark.slow
def test_many_calls_leave_no_memory_and_no_files_behind():
    chain, keywords = Chain(normalize="window:name=lung"), {"chain": "preset:ml-16bit"}

    def work(times: int) -> None:
        for number in range(times):
            chain(CT)
            dcmconv.convert(CT, **keywords)
            # Chains that are used once are not kept for ever.
            dcmconv.convert(THREE_FRAMES, normalize=f"window:center={number},width=4")

    work(100)
    files = len(open_files())
    tracemalloc.start()
    try:
        work(100)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        work(500)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # The chains that are kept, at most 64, take 5 kB each; 500 would take 2,500 kB.  What tests
    # before this one left behind makes the figure vary.
    assert grown < 1_250_000
    assert len(open_files()) <= files


def test_frames_left_early_close_the_input(tmp_path):
    path = tmp_path / "cine.dcm"
    path.write_bytes(Path(CINE).read_bytes())
    frames = Chain().frames(path)
    next(frames)
    frames.close()

    assert path not in open_files()


def test_hints_name_keywords_and_not_flags(tmp_path):
    with pytest.raises(InputError, match="does not exist") as caught:
        Chain()(THREE_FRAMES, frame=9)
    assert caught.value.hint == "Choose existing frames, for example frames='1-3'"
    with pytest.raises(InputError) as caught:
        next(Chain(normalize="voi").frames(CT))
    assert caught.value.hint == "Use normalize='auto', which falls back to a window or min-max."


@pytest.mark.parametrize(
    "call",
    [
        lambda: Chain("preset:ml-8bit", normalize="minmax"),
        lambda: Chain.from_preset("ml-8bit", normalize="minmax"),
        lambda: dcmconv.convert(CT, chain="preset:ml-8bit", normalize="minmax"),
        lambda: next(dcmconv.convert_frames(CT, chain="preset:ml-8bit", normalize="minmax")),
        lambda: dcmconv.run(CT, "out", chain="preset:ml-8bit", normalize="minmax"),
    ],
)
def test_warning_about_a_replaced_rule_shows_the_line_of_the_call(call):
    conversion._HELD.clear()
    with pytest.warns(UserWarning, match="also replaces 'normalize' of the rule for Mod") as found:
        call()
    assert [each.filename for each in found] == [__file__]


@pytest.mark.filterwarnings("ignore:normalize also replaces")
def test_chain_that_starts_from_another_does_not_warn_again():
    start = Chain.from_preset("ml-8bit", normalize="minmax")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Chain(start, steps=[]).outputs == ("png",)


def test_writer_for_several_outputs_says_which():
    with pytest.raises(UsageError, match="several outputs: lung, mediastinum and bone") as caught:
        Chain.from_preset("chest-ct", writer="jpg")
    assert "outputs='all:jpg'" in caught.value.hint
    pictures = Chain.from_preset("chest-ct", writer="all:jpg")(CT)
    assert [picture.encode()[:2] for picture in pictures.values()] == [b"\xff\xd8"] * 3


@pytest.mark.parametrize("name", ["normalize", "plan"])
def test_a_chain_refuses_changes(name):
    chain = Chain(normalize="minmax")
    with pytest.raises(AttributeError, match="a Chain never changes"):
        setattr(chain, name, "voi")
    assert pickle.loads(pickle.dumps(chain)) == chain  # noqa: S301 - our own bytes


def test_what_cannot_be_a_chain_file_or_a_preset_is_an_error_of_usage():
    with pytest.raises(UsageError, match="Expected the path of a chain file, got None"):
        Chain.from_yaml(None)
    with pytest.raises(UsageError, match="Unknown preset 'None'"):
        Chain.from_preset(None)
