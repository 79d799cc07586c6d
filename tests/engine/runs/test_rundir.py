"""The run directory: what a watcher reads, and what it may write."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ModelConfig
from engine.errors import CorpusError, NotFoundError, RunError, StorageError, UsageError
from engine.runs import rundir
from engine.runs.events import Event, Failed, Paused, Resumed, Saved, Stopped
from engine.runs.logs import LineReader, append, close_torn_tail
from engine.runs.rundir import RunDirectory, parse_request, status
from engine.text import sources
from tests.configs import a_config
from tests.engine.said import progress, started

CONFIG = a_config(ModelConfig("gru", 8, 1), steps=10)


@pytest.fixture
def run() -> RunDirectory:
    return rundir.create("r", sources.obtain("hello"), CONFIG, versions={"helo": "0"}, command="x")


HOLD = """
import sys
import tempfile
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds(run: RunDirectory) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.folder / "trainer.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_run_describes_itself(run: RunDirectory) -> None:
    info = run.info()
    assert (info.name, info.config, info.corpus_name, info.command) == ("r", CONFIG, "hello", "x")
    assert run.corpus().info.sha256 == info.corpus_sha256
    assert rundir.find("r").folder == rundir.find(str(run.folder)).folder == run.folder
    assert [r.name for r in rundir.runs()] == ["r"]


def test_names() -> None:
    found = sources.obtain("hello")
    names = [rundir.create(None, found, CONFIG, versions={}).name for _ in range(3)]
    assert names == ["hello-gru-1", "hello-gru-2", "hello-gru-3"]
    with pytest.raises(RunError, match="already"):
        rundir.create("hello-gru-1", found, CONFIG, versions={})
    with pytest.raises(UsageError):
        rundir.create("../x", found, CONFIG, versions={})


@pytest.mark.parametrize("ref", ["", "none", "x" * 5000, "~nobody-of-that-name/r", "\udce9"])
def test_what_is_no_run(ref: str) -> None:
    with pytest.raises(NotFoundError):
        rundir.find(ref)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"config": 3}', '{"config": {}}'])
def test_a_damaged_description_is_refused_in_one_line(run: RunDirectory, text: str) -> None:
    (run.folder / rundir.RUN).write_text(text)
    with pytest.raises(RunError) as caught:
        run.info()
    assert "\n" not in str(caught.value)


def test_a_run_of_a_newer_helo_says_so(run: RunDirectory) -> None:
    about = json.loads((run.folder / rundir.RUN).read_text())
    assert about["version"] == rundir.VERSION
    for version, says in ((2, "newer helo"), ("1", "damaged")):
        (run.folder / rundir.RUN).write_text(json.dumps(about | {"version": version}))
        with pytest.raises(RunError, match=says):
            run.info()


WRONG_RUNS = (
    {"name": 3},
    {"versions": ["torch"]},
    {"versions": {"torch": 2}},
    {"symbols": None},
    {"race": []},
    {"more": 1},
    *({"config": {"lr": lr}} for lr in ("x", math.nan, math.inf, -1, [1])),
    *({"config": {"steps": n}} for n in (10**400, True, 1.5, "9")),
    *({"config": {"prompt": odd}} for odd in (3, None, ["a"])),
    {"config": {"more": 1}},
    {"config": {"model": {"cell": "gru", "hidden": 8, "layers": 1, "more": 1}}},
    {"config": {"model": []}},
)


@pytest.mark.parametrize("wrong", WRONG_RUNS, ids=range(len(WRONG_RUNS)))
def test_a_description_of_the_wrong_form_is_refused(
    run: RunDirectory, wrong: dict[str, object]
) -> None:
    about = json.loads((run.folder / rundir.RUN).read_text())
    changed = dict(wrong)
    config = about["config"] | changed.pop("config", {})  # type: ignore[operator]
    (run.folder / rundir.RUN).write_text(json.dumps(about | {"config": config} | changed))
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        run.info()


def test_what_is_deep_large_or_no_file_is_refused(run: RunDirectory) -> None:
    path = run.folder / rundir.RUN
    path.write_text("[" * 100_000)
    with pytest.raises(RunError, match="deep"):
        run.info()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunError, match="not a regular file"):
        run.info()


def test_another_text_under_the_same_name_is_noticed(run: RunDirectory) -> None:
    info = json.loads((run.folder / rundir.RUN).read_text())
    (run.folder / rundir.RUN).write_text(json.dumps(info | {"corpus_sha256": "0" * 64}))
    with pytest.raises(CorpusError, match="not the text"):
        run.corpus()


def test_whole_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "log"
    reader = LineReader(path)
    assert reader.read() == []
    for written, read in [
        (b"one\ntw", ["one"]),
        (b"o", []),
        (b"\n\nthree\n", ["two", "", "three"]),
        (b"", []),
        ("vier \u2028 \u0085 \x0c\r\n".encode(), ["vier \u2028 \u0085 \x0c\r"]),
        (b"\xff\n", ["\ufffd"]),
    ]:
        with open(path, "ab") as file:
            file.write(written)
        assert reader.read() == read
    assert LineReader(path, offset=4).read()[0] == "two"


@given(st.lists(st.text("ab\u2028", max_size=5)), st.text("ab"), st.integers(1, 20))
def test_lines_read_in_slices_are_the_lines(lines: list[str], torn: str, most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_text("".join(f"{line}\n" for line in lines) + torn)
        reader, slices = LineReader(path), list[list[str]]()
        while not slices or reader.more:
            slices.append(reader.read(most))
    assert [line for part in slices for line in part] == lines
    assert all(len("\n".join(part[:-1]).encode()) < most for part in slices)


def test_events_are_folded_and_a_torn_tail_is_closed(run: RunDirectory) -> None:
    for event in (started(0, 0), progress(0, 5), progress(0, 9)):
        append(run.events_path, event.to_json())
    with open(run.events_path, "ab") as file:
        file.write(b'{"event": "progr')
    close_torn_tail(run.events_path)
    close_torn_tail(run.events_path)
    after = [started(1, 5), Resumed(life=1, step=5)]
    for event in after:
        append(run.events_path, event.to_json())
    assert run.events() == [started(0, 0), progress(0, 5), *after]
    assert run.events_path.read_bytes().count(b"\n") == 6


def test_there_may_be_no_log_to_close(run: RunDirectory) -> None:
    close_torn_tail(run.events_path)
    assert not run.events_path.exists() and run.events() == []
    run.events_path.touch()
    close_torn_tail(run.events_path)
    assert run.events_path.read_bytes() == b""


def test_a_log_that_cannot_be_written(run: RunDirectory) -> None:
    run.events_path.mkdir()
    with pytest.raises(StorageError):
        append(run.events_path, "x")
    with pytest.raises(StorageError):
        close_torn_tail(run.events_path)


def test_alive_is_a_lock_that_someone_holds(run: RunDirectory) -> None:
    assert not run.alive()
    with another_process_holds(run):
        assert run.alive() and run.alive()
    assert not run.alive(), "the system frees the lock of a process that was killed"
    with run.lock():
        assert run.alive()
    assert not run.alive()


def test_a_process_id_is_no_life(run: RunDirectory) -> None:
    run.write_owner()
    assert run.owner()["pid"] == os.getpid()
    assert not run.alive()
    deep, odd = "[" * 100_000, '{"pid": 1, "host": 2, "start": 1e999}'
    for damaged in ("{", "[]", deep, odd):
        (run.folder / "owner.json").write_text(damaged)
        assert run.owner() == {}


def test_asking(run: RunDirectory) -> None:
    with pytest.raises(RunError, match="not running"):
        run.ask("pause")
    assert not run.control_path.exists()
    with another_process_holds(run):
        first, second = run.ask("pause"), run.ask("lr", 0.5)
        third = run.ask("mark", text="gold")
    requests = [parse_request(line) for line in LineReader(run.control_path).read()]
    assert [(r.id, r.request, r.value, r.text) for r in requests if r] == [
        (first, "pause", 1.0, ""),
        (second, "lr", 0.5, ""),
        (third, "mark", 1.0, "gold"),
    ]
    assert first != second


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"id": "a"}', "3"])
def test_what_is_no_request(line: str) -> None:
    assert parse_request(line) is None


@pytest.mark.parametrize(
    "line",
    ["[" * 100_000, '{"id": "z", "request": "lr", "value": ' + "9" * 5000 + "}"],
    ids=range(2),
)
def test_a_line_that_nobody_can_be_answered_on_is_skipped(line: str) -> None:
    assert parse_request(line) is None
    assert parse_request(json.dumps({"id": "x" * 65, "request": "lr"})) is None
    assert parse_request(json.dumps({"id": "", "request": "lr"})) is None


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"value": 10**400}, "value"),
        ({"value": math.nan}, "value"),
        ({"value": -math.inf}, "value"),
        ({"value": True}, "value"),
        ({"value": "2"}, "value"),
        ({"text": 3}, "text"),
        ({"text": "x" * 257}, "256 characters"),
    ],
)
def test_a_request_that_cannot_be_has_a_problem(about: dict[str, object], says: str) -> None:
    asked = parse_request(json.dumps({"id": "a", "request": "lr"} | about))
    assert asked and (asked.id, asked.request) == ("a", "") and says in asked.problem


STOPPED, FINISHED = (Stopped(life=0, step=9, finished=done) for done in (False, True))


@pytest.mark.parametrize(
    ("events", "alive", "word"),
    [
        ([], False, "new"),
        ([], True, "running"),
        ([started(0, 0), progress(0, 3)], True, "running"),
        ([started(0, 0), progress(0, 3)], False, "killed"),
        ([started(0, 0), Paused(life=0, step=3), Saved(life=0, step=3, file="")], True, "paused"),
        ([started(0, 0), Paused(life=0, step=3)], False, "killed"),
        ([started(0, 0), Paused(life=0, step=3), Resumed(life=0, step=3)], True, "running"),
        ([started(0, 0), STOPPED], False, "stopped"),
        ([started(0, 0), FINISHED], False, "finished"),
        ([started(0, 0), STOPPED, started(1, 9)], True, "running"),
        ([started(0, 0), STOPPED, started(1, 9)], False, "killed"),
        ([started(0, 0), Failed(life=0, step=3, reason="nan")], False, "failed"),
    ],
)
def test_a_run_in_a_word(run: RunDirectory, events: list[Event], alive: bool, word: str) -> None:
    if not alive:
        assert status(run, events).word == word
        return
    with another_process_holds(run):
        assert status(run, events).word == word


def test_the_word_has_a_reason(run: RunDirectory) -> None:
    assert status(run, [Failed(life=0, step=3, reason="the loss is nan")]).reason == (
        "the loss is nan"
    )
    assert "--resume r" in status(run, [started(0, 0)]).reason
    run.log.write_text("Traceback\nImportError: no torch\n")
    assert status(run, []).reason == "ImportError: no torch"


def test_states_are_in_order(run: RunDirectory) -> None:
    for step in (100, 9, 1_000_000_00):
        run.state_path(step).touch()
    assert run.states() == [run.state_path(step) for step in (9, 100, 1_000_000_00)]


def test_a_prompt_of_odd_bytes_is_kept(home: Path) -> None:
    config = a_config(steps=1, prompt="caf\udce9")
    made = rundir.create("odd", sources.obtain("hello"), config, versions={})
    assert made.info().config.prompt == "caf\udce9"
