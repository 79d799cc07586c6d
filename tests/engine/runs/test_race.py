"""Races: equal sizes, turns, and those who fall. The trainers here say what the test lets them say."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import MOST_HIDDEN, ModelConfig
from engine.errors import CorpusError, RunError, UsageError
from engine.network.parameters import count
from engine.runs import launch, race, recipe, rundir
from engine.runs.events import Evaluated, Event, Failed, Paused, Planned, Resumed, Started, Stopped
from engine.runs.logs import append
from engine.runs.race import Race, Racer
from engine.runs.rundir import RACE, WAITS, RunDirectory
from engine.text import sources
from tests.configs import a_config
from tests.engine import said

TOTAL = 40


@given(
    st.sampled_from(list(CELLS)),
    st.sampled_from(list(CELLS)),
    st.integers(1, 3),
    st.one_of(st.integers(1, 600), st.just(MOST_HIDDEN)),
    st.integers(2, 500),
)
def test_no_other_size_is_nearer(cell: str, other: str, layers: int, hidden: int, V: int) -> None:
    model = ModelConfig(cell, hidden, layers)
    found = race.matched(model, other, V)
    assert (found.cell, found.layers) == (other, layers)
    wanted = count(model, V)
    for H in (found.hidden - 1, found.hidden + 1):
        if 1 <= H <= MOST_HIDDEN:
            nearest = abs(count(found, V) - wanted)
            assert nearest <= abs(count(replace(found, hidden=H), V) - wanted)
    assert race.matched(model, cell, V) == model


@pytest.mark.parametrize(
    ("cells", "by", "said"),
    [
        (["rnn", "nought"], "parameters", "'nought'"),
        (["rnn", ""], "parameters", "must be some of"),
        (["rnn", "gru", "rnn"], "parameters", "rnn more than once"),
        (["rnn", "gru", "vanilla"], "parameters", "rnn more than once"),
        (["gru"], "parameters", "two cells or more"),
        (["rnn", "gru"], "luck", "--by must be one of parameters, seconds, not 'luck'"),
    ],
)
def test_what_is_no_race_is_refused(cells: list[str], by: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        race.check(cells, by)


def test_cells_are_entered_under_any_of_their_names() -> None:
    assert race.check(["vanilla", "lstm", "cifg"], "seconds") == ["rnn", "lstm", "coupled"]


def test_a_corpus_without_a_validation_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("too short" * 20)
    with pytest.raises(CorpusError, match="corpus short is too small for a race"):
        race.check_corpus(sources.obtain(str(tmp_path / "short.txt")))


class Silent:
    """A trainer's process that lives until it is told otherwise."""

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.terminated = 0

    def poll(self) -> int | None:
        return self.returncode

    def terminate(self) -> None:
        self.terminated += 1


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start", lambda run, tied: Silent())
    monkeypatch.setattr(RunDirectory, "alive", lambda run: True)


def entrants(by: str = "parameters", cells: tuple[str, ...] = ("lstm", "rnn", "gru")):
    """What `race.enter` takes."""
    first = a_config(ModelConfig(cells[0], 20, 1), seconds=5.0, lr=0.01, seed=3)
    leader = race.lead(sources.obtain("hello"), first, "helo race", by)
    return leader, cells[1:], by


def say(run: RunDirectory, *events: Event) -> None:
    for event in events:
        append(run.events_path, event.to_json())


def started(run: RunDirectory) -> Started:
    return said.started(
        total_steps=TOTAL, parameters=7, train_chars=9, val_chars=9, dtype="bfloat16"
    )


def evaluated(step: int, nats: float = 1.0, final: bool = False) -> Evaluated:
    return said.evaluated(step=step, val_nats=nats, final=final)


def asked(racer: Racer) -> list[str]:
    path = racer.run.control_path
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["request"] for line in lines]


def look(running: Race) -> None:
    for _ in running.look():
        pass


def turns(running: Race, steps: int) -> list[str]:
    """Whose turn it is, while each that has one evaluates at once and rests."""
    seen = []
    for step in range(steps):
        look(running)
        racer = running.turn
        assert racer
        seen.append(racer.model.cell)
        first = [] if racer.started else [started(racer.run)]
        say(racer.run, *first, evaluated(step), Paused(life=0, step=step, reason=WAITS))
    return seen


def test_equal_parameters_take_equal_steps(home: Path) -> None:
    runs = race.enter(*entrants())
    leader = next(runs)
    say(leader, started(leader))
    configs = [leader.info().config, *(run.info().config for run in runs)]
    V = len(sources.obtain("hello").info.alphabet)
    sizes = [count(config.model, V) for config in configs]
    assert [c.model.cell for c in configs] == ["lstm", "rnn", "gru"]
    assert max(sizes) / min(sizes) < 1.05 and configs[1].model.hidden > 30
    assert [(c.seconds, c.steps) for c in configs] == [(5.0, None), (None, TOTAL), (None, TOTAL)]
    assert {c.seed for c in configs} == {3}
    assert [(c.device, c.dtype, c.threads) for c in configs[1:]] == [("cpu", "bfloat16", 1)] * 2
    assert [c.lr for c in configs[1:]] == [recipe.learning_rate(c.model) for c in configs[1:]]
    assert sorted(path.name for path in (home / "runs").iterdir()) == [
        "race-1-gru",
        "race-1-lstm",
        "race-1-rnn",
    ]
    assert {run.info().race for run in rundir.runs()} == {"race-1"}
    assert race.free_name() == "race-2"


def test_equal_seconds_have_equal_units() -> None:
    runs = race.enter(*entrants("seconds"))
    leader = next(runs)
    say(leader, started(leader))
    configs = [run.info().config for run in (leader, *runs)]
    assert {(c.seconds, c.steps, c.model.hidden) for c in configs} == {(5.0, None, 20)}


def test_a_first_one_that_cannot_begin_ends_it_in_its_words() -> None:
    running = Race(*entrants())
    look(running)
    assert running.turn and running.turn.process
    running.turn.run.log.write_text("helo: too much memory: --batch 3 fits\n")
    running.turn.process.returncode = 1
    with pytest.raises(RunError, match=r"race-1-lstm ended: too much memory: --batch 3 fits; see"):
        look(running)


def test_they_take_turns_from_evaluation_to_evaluation() -> None:
    running = Race(*entrants())
    assert turns(running, 7) == ["lstm", "rnn", "gru", "lstm", "rnn", "gru", "lstm"]
    look(running)
    assert asked(running.racers[0]) == ["pause", "resume", "pause", "resume", "pause"]
    assert asked(running.racers[2]) == ["pause", "resume", "pause"]


def test_a_pause_for_the_disk_is_no_end_of_a_turn() -> None:
    running = Race(*entrants())
    look(running)
    assert running.turn
    full = Paused(life=0, step=1, reason="no space left")
    say(running.turn.run, started(running.turn.run), full)
    look(running)
    assert running.turn is running.racers[0] and not running.turn.resting


def test_who_ends_or_falls_is_left_out_and_the_others_go_on() -> None:
    running = Race(*entrants())
    turns(running, 3)
    look(running)
    first, second, third = running.racers
    assert running.turn is first and first.process and second.process and third.process
    say(first.run, evaluated(TOTAL, 0.9), Stopped(life=0, step=TOTAL, finished=True))
    second.process.returncode = -9
    look(running)
    assert "pause" not in asked(first)[2:], "the last evaluation needs no pause"
    first.process.returncode = 0
    look(running)
    assert running.turn is third and not running.over
    say(third.run, Failed(life=0, step=3, reason="the loss is nan"))
    third.process.returncode = 1
    look(running)
    assert running.over and running.turn is None
    assert [racer.status for racer in running.racers] == [0, -9, 1]


def test_a_turn_ends_where_there_are_more_steps_to_come_as_planned_anew() -> None:
    running = Race(*entrants("seconds"))
    turns(running, 3)
    look(running)
    first = running.racers[0]
    pauses = asked(first).count("pause")
    say(first.run, Planned(life=0, step=30, total_steps=60), evaluated(TOTAL))
    look(running)
    assert first.total_steps == 60 and asked(first).count("pause") == pauses + 1
    say(first.run, Planned(life=0, step=45, total_steps=50), evaluated(50))
    look(running)
    assert asked(first).count("pause") == pauses + 1, "the last evaluation needs no pause"


def test_the_table_compares_losses_of_one_protocol() -> None:
    running = Race(*entrants(cells=("lstm", "rnn")))
    turns(running, 2)
    look(running)
    first, second = running.racers
    say(first.run, evaluated(30, math.nan), evaluated(TOTAL, 0.8), evaluated(TOTAL, 0.5, True))
    look(running)
    assert [row.val_nats for row in running.standings()] == [0.8, 1.0]
    say(second.run, evaluated(TOTAL, 0.9), evaluated(TOTAL, 0.6, True))
    look(running)
    assert [row.val_nats for row in running.standings()] == [0.5, 0.6]


def test_what_a_new_beginning_voids_is_forgotten() -> None:
    running = Race(*entrants())
    turns(running, 1)
    look(running)
    racer = running.racers[0]
    say(racer.run, evaluated(10, 0.2), Resumed(life=1, step=5), evaluated(10, 0.4))
    look(running)
    assert [e.val_nats for e in racer.evaluations] == [1.0, 0.4]


def test_stopping_ends_all_and_nobody_comes_in() -> None:
    running = Race(*entrants())
    turns(running, 2)
    running.stop()
    look(running)
    processes = [racer.process for racer in running.racers]
    assert [process.terminated for process in processes if process] == [1, 1]
    assert not running.over
    for process in processes:
        assert process
        process.returncode = 0
    look(running)
    running.stop()
    assert running.over and len(running.racers) == 2
    assert [process.terminated for process in processes if process] == [1, 1]


def test_a_stop_of_the_race_is_asked_of_the_one_that_leads() -> None:
    entered = entrants()
    leader = entered[0]
    assert not race.goes_on(leader)
    running = Race(*entered)
    turns(running, 2)
    found = race.leader("race-1")
    assert found and found.folder == leader.folder
    leader.leave("stop")
    look(running)
    processes = [racer.process for racer in running.racers if racer.process]
    assert [process.terminated for process in processes] == [0, 0, 0], (
        "only one run of it was meant"
    )
    leader.leave("stop", text=RACE)
    look(running)
    assert [process.terminated for process in processes] == [1, 1, 1]
    for process in processes:
        process.returncode = 0
    look(running)
    assert running.over and race.leader("race-1")
    del running
    with pytest.raises(RunError, match="race-1 is over"):
        race.leader("race-1")
    assert race.leader("race-2") is None
