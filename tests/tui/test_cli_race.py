"""helo race, with real trainers; and what it shows."""

from __future__ import annotations

import io
import json
import math
import signal
from functools import partial
from threading import Event, Thread

import numpy as np
import pytest

from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import launch, race, recipe, rundir
from engine.runs.events import Failed, Stopped
from engine.runs.logs import append
from engine.text import sources
from tests.configs import a_config
from tests.engine.said import evaluated, started
from tui.cli.shared import output
from tui.cli.shared.chart import MARKS, NOTHING, chart, drawn
from tui.curves.series import Series

A_START = started(total_steps=9, parameters=7, train_chars=9, val_chars=9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--cells", "rnn,hopfield"), "--cells must be some of"),
        (("--cells", "rnn,rnn"), "more than once"),
        (("--cells", "rnn"), "two cells or more"),
        (("--cells", ""), "--cells must be some of"),
        (("--by", "luck"), "--by must be one of"),
        (("--seconds", "0"), "--seconds must be more than 0"),
        (("--seconds", "nan"), "--seconds must be"),
        (("--hidden", "0"), "--hidden must be between 1 and"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(cli, home, arguments, said):
    done = cli("race", "hello", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err and done.err.count("\n") == 1
    assert not (home / "runs").exists() and not (home / "corpora").exists()


def test_a_corpus_that_is_missing_or_too_small_is_refused(cli, home, tmp_path):
    (tmp_path / "short.txt").write_text("too short")
    done = cli("race", str(tmp_path / "short.txt"))
    assert (done.status, done.out) == (1, "")
    assert "corpus short is too small for a race" in done.err and done.err.count("\n") == 1
    done = cli("race", "nowhere")
    assert done.status == 1 and done.err.count("\n") == 1
    assert not (home / "runs").exists()


@pytest.fixture
def paced(monkeypatch):
    """A machine whose speed is known."""
    monkeypatch.setattr(launch, "pace", lambda *args, **options: [10_000.0] * len(recipe.LADDER))


def test_a_race_from_start_to_table(cli, paced):
    done = cli("race", "hello", "--cells", "gru,rnn", "--seconds", "0.5", "--hidden", "6", "--json")
    assert (done.status, done.err) == (0, "")
    *events, last = [json.loads(line) for line in done.out.splitlines()]
    runs = {"race-1-gru": "gru", "race-1-rnn": "rnn"}
    assert {(event["run"], event["cell"]) for event in events} == set(runs.items())
    turn = "race-1-gru"
    for event in events:  # no step is taken by one that has not the turn
        if event["event"] in ("started", "resumed"):
            turn = event["run"]
        if event["event"] in ("progress", "evaluated"):
            assert event["run"] == turn
    for run in runs:
        log = rundir.find(run).events_path.read_text().splitlines()
        own = [event for event in events if event["run"] == run]
        assert [json.loads(line)["step"] for line in log] == [event["step"] for event in own]
        assert rundir.status(rundir.find(run), rundir.find(run).events()).word == "finished"
    assert last["event"] == "table"
    rows = {row["run"]: row for row in last["rows"]}
    assert {name: row["cell"] for name, row in rows.items()} == runs
    first, second = rows.values()
    assert first["hidden"] == 6 < second["hidden"]
    assert abs(first["parameters"] - second["parameters"]) / first["parameters"] < 0.05
    assert first["steps"] == second["steps"] > 0
    for name, row in rows.items():
        assert row["status"] == "finished" and row["chars_per_second"] > 0 and row["seconds"] > 0
        assert row["val_nats"] == modelfile.load(rundir.find(name).best).history.best_val_nats
    raced = rundir.find("race-1-rnn")
    alone = launch.create("alone", raced.corpus(), raced.info().config)
    launch.start(alone).wait()
    weights = modelfile.load(alone.latest).weights
    for key, W in modelfile.load(raced.latest).weights.items():
        assert np.array_equal(W, weights[key]), "taking turns changes nothing"


class Process:
    """A trainer's process, which lives until it is ended where it is not over already."""

    def __init__(self, returncode=None):
        self.returncode = returncode

    def poll(self):
        return self.returncode

    def terminate(self):
        self.returncode = 0


def test_who_fails_is_told_and_the_others_go_on(cli, paced, monkeypatch):
    def start(run, tied):
        """A trainer that says all it has to say at once."""
        say = partial(append, run.events_path)
        say(A_START.to_json())
        if run.name.endswith("rnn"):
            say(Failed(life=0, step=1, reason="the loss is nan").to_json())
            return Process(1)
        say(evaluated(step=9, val_nats=0.5, protocol="stateful", final=True).to_json())
        say(Stopped(life=0, step=9, finished=True).to_json())
        return Process(0)

    monkeypatch.setattr(launch, "start", start)
    done = cli("race", "hello", "--cells", "rnn,gru,lstm", "--hidden", "8")
    assert (done.status, done.err) == (1, "helo: the loss is nan\n")
    lines = done.out.splitlines()
    assert lines[0] == "race-1: rnn, gru, lstm, equal parameters, on hello"
    assert "rnn  1/9  failed: the loss is nan" in lines
    assert "gru  9/9  validation 0.5000 nats, 0.7213 bits (final)" in lines
    assert [line.split()[-1] for line in lines[-3:]] == ["failed", "finished", "finished"]


@pytest.mark.parametrize("words", ["", "helo: the disk is full"])
def test_a_detached_one_goes_on_by_itself_or_says_why_not(cli, paced, monkeypatch, words):
    asked = []

    def drive(leader, others, by):
        asked.append((leader.name, others, by))
        if words:
            leader.log.write_text(words)
            return Process(1)
        append(leader.events_path, A_START.to_json())
        return Process()

    monkeypatch.setattr(launch, "drive", drive)
    done = cli("race", "hello", "--cells", "rnn,gru", "--hidden", "8", "--detach")
    assert asked == [("race-1-rnn", ["gru"], "parameters")]
    assert done.out == "" and done.err.count("\n") == 1
    if words:
        assert done.status == 1 and "race-1-rnn ended: the disk is full" in done.err
    else:
        assert done.status == 0 and done.err.startswith("race-1 continues: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_ends_the_trainers(cli, paced, monkeypatch, number):
    begun = []

    def start(run, tied):
        signal.raise_signal(number)
        begun.append(Process())
        return begun[-1]

    monkeypatch.setattr(launch, "start", start)
    done = cli("race", "hello", "--cells", "rnn,gru", "--hidden", "8")
    assert done.status == 128 + number
    assert [process.returncode for process in begun] == [0]
    assert "stopping: they save first" in done.err
    assert "stopped and saved: helo train --resume continues race-1-rnn" in done.err


def test_a_second_ctrl_c_does_not_wait(cli, paced, monkeypatch):
    def start(run, tied):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        process = Process()
        monkeypatch.setattr(process, "terminate", lambda: None)  # it takes its time
        return process

    monkeypatch.setattr(launch, "start", start)
    done = cli("race", "hello", "--cells", "rnn,gru", "--hidden", "8")
    assert done.status == 130
    assert "they save and stop by themselves" in done.err


def test_one_command_stops_a_race(cli, monkeypatch):
    first = a_config(ModelConfig("gru", 8, 1), seconds=5.0)
    leader = race.lead(sources.obtain("hello"), first, "helo race", "parameters")
    going = Event()

    def start(run, tied):
        for event in (A_START, Stopped(life=0, step=1, finished=False)):
            append(run.events_path, event.to_json())
        going.set()
        return Process()

    def turns():
        running = race.Race(leader, ["rnn"], "parameters")
        while not running.over:
            list(running.look())

    monkeypatch.setattr(launch, "start", start)
    driver = Thread(target=turns)
    driver.start()
    assert going.wait(20)
    done = cli("runs", "stop", "race-1")
    driver.join(20)
    assert (done.status, done.out, done.err) == (0, "", "race-1: race-1-gru stopped\n")
    again = cli("runs", "stop", "race-1")
    assert again.status == 1
    assert again.err == "helo: race-1 is over: `helo train --resume` continues one of its runs\n"
    assert "no run 'race-2'" in cli("runs", "stop", "race-2").err


def falling(*points):
    return Series.of(points)


def test_the_picture_has_a_mark_for_each_and_names_on_its_axes():
    curves = {"●": falling((0, 3.0), (1000, 1.0)), "▲": falling((500, 2.0))}
    lines = chart(NOTHING, curves, 40, 9)
    assert len(lines) == 9 and {len(line) for line in lines if "─" in line} == {40}
    assert lines[0].startswith("      3 ┤") and lines[0].index("●") == 9
    assert lines[6].startswith("      1 ┤") and lines[6].endswith("●")
    assert "▲" in lines[3] and lines[3].index("▲") in (24, 25)
    assert lines[8].split() == ["0", "500", "1,000"]


def test_a_line_lies_under_the_marks():
    line = falling(*((step, 4.0 - step / 50) for step in range(101)))
    picture = chart(line, {"◆": falling((50, 3.5), (100, 2.0))}, 40, 9)
    assert any("⠀" < char <= "⣿" for char in "".join(picture))
    assert picture[6].endswith("◆") and "".join(picture).count("◆") == 2


def test_a_picture_for_a_stdout_without_such_characters(monkeypatch):
    line = falling((0, 3.0), (500, 1.5), (1000, 1.0))
    curves = {mark: falling((i * 100, 2.0)) for i, mark in enumerate(MARKS)}
    rich = chart(line, curves, 40, 9)
    monkeypatch.setattr(output.sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    plain = chart(line, curves, 40, 9)
    assert "".join(plain).isascii() and len(plain) == len(rich)
    for mark in MARKS:
        assert [row.find(mark) for row in rich] == [row.find(drawn(mark)) for row in plain]
    assert set("".join(plain)) & set(".':")


def test_a_picture_of_little_or_nothing():
    assert chart(NOTHING, {}, 80, 10) == chart(NOTHING, {"●": NOTHING}, 80, 10) == []
    wild = falling((1, math.nan), (2, math.inf))
    assert chart(wild, {"●": wild}, 40, 9) == []
    alone = chart(NOTHING, {"●": falling((1, 2.0))}, 3, 1)
    assert "".join(alone).count("●") == 1
    assert all(chart(flat, {}, 40, 9) for flat in (falling((1, 2.0)), falling((0, 1), (0, 1))))
