"""What follows from measured times."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from benchmarks.chart import chart
from benchmarks.goals import goal_lines
from benchmarks.report import BEGIN, END, EXPECT, publish, tables
from benchmarks.results import Gain, Results, Row


def row(tool="dcmconv", small=(1.0,), large=(3.0,), pictures=1, counts=(100, 1100), **other):
    words = {"task": "ct-jpg-window", "words": "exact", "agree": True, **other}
    return Row(
        tool=tool, small=list(small), large=list(large), pictures=pictures, counts=counts, **words
    )


def results(*rows, **other):
    return Results({"system": "a machine"}, False, 1, {"dcmconv": "1"}, {}, list(rows), **other)


def test_a_picture_costs_the_slope_and_a_run_starts_where_the_line_meets_zero():
    measured = row()
    assert measured.marginal == pytest.approx(2.0)
    assert measured.start == pytest.approx(0.8)


def test_pictures_of_a_file_with_many_frames_are_counted_one_by_one():
    assert row(pictures=10).marginal == pytest.approx(0.2)


def test_the_median_round_counts_not_the_worst():
    assert row(small=[1, 1, 1], large=[3, 9, 4]).marginal == pytest.approx(3.0)


def test_a_tool_that_was_not_timed_has_no_figures():
    peer = row("peer", small=(), large=())
    assert peer.marginal is None
    assert peer.start is None
    assert results(row(), peer).times("ct-jpg-window", "peer") is None


def test_a_peer_that_takes_twice_as_long_is_two_times():
    assert results(row(), row("peer", large=(5.0,))).times("ct-jpg-window", "peer") == 2.0


def test_the_c_limit_at_half_our_cost_is_a_goal_that_was_not_reached():
    lines = "\n".join(goal_lines(results(row(), row("C limit", large=(2.0,)))))
    assert "share of the C limit | ≥ 70% | 50% (50% to 50%) | **not reached**" in lines
    assert "start-up of a run, s CPU | ≤ 0.50 | 0.80 | **not reached**" in lines


def test_a_goal_that_some_rounds_reach_and_some_miss_is_undecided():
    ours = row(small=(1.0, 1.0), large=(2.0, 5.0))
    limit = row("C limit", small=(1.0, 1.0), large=(3.0, 3.0))
    lines = "\n".join(goal_lines(results(ours, limit)))
    assert "80% (50% to 200%) | undecided: the rounds differ too much" in lines


def test_a_gain_without_a_free_processor_decides_nothing():
    gains = [Gain("dcmconv", [10.0], [10.0]), Gain("C limit", [2.0], [2.0])]
    assert "undecided: no second processor was free" in "\n".join(goal_lines(results(gains=gains)))


def test_memory_and_gain_are_goals_as_well():
    gains = [Gain("dcmconv", [10.0], [5.0]), Gain("C limit", [2.0], [1.0])]
    memory = {"dcmconv": {"1000": 100_000_000, "10000": 105_000_000}}
    lines = "\n".join(goal_lines(results(gains=gains, memory=memory)))
    assert "share of C's | ≥ 95% | 100% | reached" in lines
    assert "larger run to smaller | ≤ 1.10 | 1.05 | reached" in lines
    assert "MB | ≤ 200 | 105 | reached" in lines


def test_results_survive_json():
    import json

    before = results(row(), gains=[Gain("dcmconv", [1.0], [1.0])])
    assert Results.from_data(json.loads(json.dumps(before.as_data()))) == before


def test_the_table_names_every_tool_and_says_why_one_has_no_time():
    text = tables(results(row(), row("peer", small=(), large=(), words="within 121", agree=False)))
    assert "| dcmconv | 2.00 | 2.00 to 2.00 | 0.80 |  | exact |" in text
    assert "| peer | - | | | | within 121 |" in text


def test_only_text_between_the_markers_changes(tmp_path):
    page = tmp_path / "performance.md"
    expect, expected = EXPECT
    page.write_text(f"first\n{expect}\nold\n{expected}\nsecond\n{BEGIN}\nold\n{END}\nafter\n")
    publish(results(row()), page)
    text = page.read_text()
    assert text.startswith(f"first\n{expect}\n")
    assert f"{expected}\nsecond\n{BEGIN}\n" in text
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


def test_a_million_pictures_of_one_ms_take_a_quarter_of_an_hour(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("\n".join([*EXPECT, BEGIN, END]))
    publish(results(row(large=(2.0,))), page)
    assert "| CT slices to JPG | 0.28 | 1,000 |" in page.read_text()


def test_a_task_that_is_measured_again_replaces_its_rows():
    kept, before = row(task="ct-png-window"), row(large=(9.0,))
    merged = results(before, row("gone"), kept)
    merged.add([row()])
    assert [(each.task, each.tool) for each in merged.rows] == [
        ("ct-png-window", "dcmconv"),
        ("ct-jpg-window", "dcmconv"),
    ]
    assert merged.row("ct-jpg-window", "dcmconv").marginal == pytest.approx(2.0)


def test_a_task_that_misses_its_goal_is_named():
    lines = "\n".join(goal_lines(results(row(), row("careful", large=(3.8,)))))
    assert "| all | 0 of 1; not ct-jpg-window 1.40 x | **not reached** |" in lines
    lines = "\n".join(goal_lines(results(row(), row("careful", large=(4.0,)))))
    assert "1.5 times as fast as the careful script | all | 1 of 1 | reached |" in lines


def test_a_task_that_became_slower_is_named():
    lines = "\n".join(goal_lines(results(row(), row("0.1.0", large=(2.8,)))))
    assert "not slower than 0.1.0 | all | 0 of 1; not ct-jpg-window 0.90 x" in lines


def test_the_overview_has_both_scripts_and_sizes():
    peers = row("careful", large=(5.0,), size=80_000), row("0.1.0", large=(2.0,))
    text = tables(results(row(size=70_000), *peers))
    assert "| 2.00 | 4.00 | 2.00 x | 1.00 | 0.50 x | 70 and 80 | exact |" in text


def test_a_page_without_markers_is_unchanged(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="must have the lines"):
        publish(results(row()), page)
    assert page.read_text() == "nothing"


def test_the_chart_has_a_bar_for_every_time_and_the_longest_is_the_slowest():
    picture = ElementTree.fromstring(  # noqa: S314 - our own
        chart(results(row(), row("peer", large=(21.0,))))
    )
    bars = picture.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 2
    assert float(bars[0].get("width")) < float(bars[1].get("width"))
