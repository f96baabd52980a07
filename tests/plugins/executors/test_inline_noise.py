"""What a component prints while it works in the program itself."""

from dcmconv.executor import Task
from dcmconv_builtins.executors.inline import _InlineCrew


def test_what_is_printed_at_work_never_mixes_with_the_programs_own_output(capsys):
    crew = _InlineCrew(work=print)

    crew.submit(Task(1, "\x1b[31mnoise"))
    crew.wait()

    assert capsys.readouterr().out == ""
