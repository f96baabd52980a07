"""What a component prints while it works in the program itself."""

from dcmconv.model.executor import Task
from dcmconv_builtins.executors.inline import InlinePool


def test_what_is_printed_at_work_never_mixes_with_the_programs_own_output(capsys):
    pool = InlinePool(work=print)

    pool.submit(Task(1, "\x1b[31mnoise"))
    pool.wait()

    assert capsys.readouterr().out == ""
