"""What a log is reduced to, and where its lines stand."""

from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.logs.reduce import reduce_log

PYTHON = """Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/pyspark/worker.py", line 3, in main
    process()
    ^^^^^^^^^
  File "/opt/job.py", line 7, in f
    raise ValueError("permission denied")
ValueError: bad
"""
JAVA = """26/02/25 12:00:03 ERROR Executor: Exception in task 1.0
java.lang.IllegalStateException: outer
\tat org.apache.spark.sql.Thing.run(Thing.scala:3)
\t... 12 more
Caused by: java.io.IOException: inner
\tat com.acme.Io.read(Io.java:9)
"""


def test_frames_their_code_and_marks_are_left_out() -> None:
    log = reduce_log(PYTHON)
    assert [line.text for line in log.lines] == ["ValueError: bad"]
    assert log.lines[0].number == 7
    assert "pyspark" in log.frames
    assert "frames: pyspark" in log.text


def test_causes_lie_deeper_in_the_same_record() -> None:
    first, outer, inner = reduce_log(JAVA).lines
    assert first.event == outer.event == inner.event
    assert (outer.depth, inner.depth) == (0, 1)
    assert "org.apache.spark.sql" in reduce_log(JAVA).frames


def test_each_record_has_its_number_and_chatter_is_left_out() -> None:
    text = (
        "2026-03-02 04:11:09 INFO started\n"
        "2026-03-02 04:11:10 ERROR one\n"
        "2026-03-02 04:11:11 ERROR two"
    )
    lines = reduce_log(text).lines
    assert [line.number for line in lines] == [2, 3]
    assert lines[0].event < lines[1].event


def test_colours_go_and_json_strings_are_opened() -> None:
    assert reduce_log("\x1b[31;1mERROR\x1b[0m x").lines[0].text == "ERROR x"
    opened = reduce_log('{"message": "a failed\\nCaused by: b \\"c\\""}')
    assert [line.text for line in opened.lines][1] == 'Caused by: b "c""}'
    assert [line.number for line in opened.lines] == [1, 1]


def test_lines_are_counted_at_newlines_only() -> None:
    text = "progress 1%\rprogress 2%\rConnectionRefusedError\r\na\fb\vc\x1cd\u2028e\n\nlast\n"
    said = [(line.number, line.text) for line in reduce_log(text).lines]
    assert said[:3] == [(1, "progress 1%"), (1, "progress 2%"), (1, "ConnectionRefusedError")]
    assert [number for number, _ in said[3:]] == [2, 2, 2, 2, 2, 4]


@given(st.text(max_size=400) | st.text(alphabet="a \r\n\f\v\x1c\x1e\u2028\\n", max_size=80))
def test_lines_are_numbered_in_order(text: str) -> None:
    numbers = [line.number for line in reduce_log(text).lines]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)
