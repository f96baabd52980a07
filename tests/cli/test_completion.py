import pytest
from support.program import dcmconv


def complete(line, **environment):
    words = line.split(" ")
    result = dcmconv(
        _DCMCONV_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=len(words) - 1,
        **environment,
    )
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dcmconv ru", ["run"]),
        ("dcmconv run -n wi", ["window"]),
        ("dcmconv run --colormap hot-i", ["hot-iron"]),
        ("dcmconv run -n window --window.ce", ["--window.center"]),
        ("dcmconv run --jpg.qual", ["--jpg.quality"]),
        ("dcmconv run -w jpg --jpg.subsampling a", ["auto"]),
        ("dcmconv run --on-existing re", ["resume", "replace"]),
        ("dcmconv chain show preset:art", ["preset:article", "preset:article-batch"]),
        ("dcmconv plugins show minm", ["minmax"]),
    ],
)
def test_the_shell_completes(line, words):
    assert complete(line) == words
