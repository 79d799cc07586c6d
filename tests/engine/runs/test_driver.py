"""The driver of a race as a process: what ends it, and what becomes of its trainers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.errors import RunError
from engine.runs import launch, race, rundir
from engine.runs.events import Evaluated, Paused, Refused, Started, Stopped
from engine.runs.rundir import RACE, WAITS, RunDirectory, RunStatus, status
from engine.text import sources, survey
from engine.training.trainer import Trainer
from tests.configs import a_config
from tests.engine.lives import SMALL, a_run, until

Drive = Callable[..., subprocess.Popen[bytes]]


def a_leader(steps: int, evaluations: int) -> RunDirectory:
    settings = SMALL | {"steps": steps, "evaluations": evaluations, "save_every": 30.0}
    first = a_config(ModelConfig("gru", 8, 1), **settings)
    found = sources.obtain("hello")
    survey.obtain(found)  # else a process would, beside each race
    return race.lead(found, first, "helo race", "parameters")


@pytest.fixture
def drive() -> Iterator[Drive]:
    """Starts drivers; with them gone at the end, so are their trainers."""
    drivers: list[subprocess.Popen[bytes]] = []

    def start(leader: RunDirectory, *others: str) -> subprocess.Popen[bytes]:
        drivers.append(launch.drive(leader, others, "parameters"))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.kill()
        driver.wait()
    until(lambda: not any(run.alive() for run in rundir.runs()))


def under_way() -> list[RunDirectory]:
    """Two runs, one of which waits for its turn while the other steps; nothing before it is so."""
    found = list(rundir.runs())
    events = [run.events() for run in found]
    steps = [max((e.step for e in own if isinstance(e, Evaluated)), default=0) for own in events]
    waits = [any(isinstance(e, Paused) and e.reason == WAITS for e in own) for own in events]
    return found if len(found) == 2 and all(steps) and all(waits) else []


def ends(runs: list[RunDirectory]) -> list[Stopped]:
    """How they ended, once all have."""
    until(lambda: not any(run.alive() for run in runs))
    last = [run.events()[-1] for run in runs]
    assert all(isinstance(event, Stopped) for event in last)
    return last  # type: ignore[return-value]


def test_trainers_whose_driver_is_killed_save_and_stop(drive: Drive) -> None:
    driver = drive(a_leader(10_000_000, 100_000), "rnn")
    runs = until(under_way)
    driver.send_signal(signal.SIGKILL)
    for run, event in zip(runs, ends(runs), strict=True):
        assert not event.finished and run.state_path(event.step).exists()
        why = "what gave it its turns in the race is gone"
        assert status(run, run.events()) == RunStatus("stopped", why)
    with pytest.raises(RunError, match="race-1 is over"):
        race.leader("race-1")


def test_a_person_stops_a_race_but_gives_no_turns(drive: Drive) -> None:
    driver = drive(a_leader(10_000_000, 100_000), "rnn")
    runs = until(under_way)
    assert [run.name for run in runs] == ["race-1-gru", "race-1-rnn"]
    asked = [(run, run.ask(what)) for run in runs for what in ("pause", "resume")]
    for run, id in asked:
        answer = until(lambda: next((e for e in run.events() if e.id == id), None))  # noqa: B023
        assert isinstance(answer, Refused)
        assert answer.reason == "it takes turns in a race: `helo runs stop race-1` ends that"
    leader = race.leader("race-1")
    assert leader and leader.name == "race-1-gru"
    leader.leave("stop", text=RACE)
    assert driver.wait(30) == 0
    assert not any(run.alive() for run in runs), "it waits for them"
    for run, event in zip(runs, ends(runs), strict=True):
        assert (event.finished, event.note) == (False, "")
        assert run.state_path(event.step).exists()


def test_a_driver_that_is_told_to_stop_stops_the_race(drive: Drive) -> None:
    leader = a_leader(10_000_000, 100_000)
    driver = drive(leader)
    until(leader.lives)
    driver.terminate()
    assert driver.wait(30) == 0 and not leader.alive()
    assert [(event.finished, event.note) for event in ends([leader])] == [(False, "")]


def test_a_race_ends_by_itself(drive: Drive) -> None:
    leader = a_leader(20, 2)
    assert drive(leader).wait(60) == 0
    assert [event.finished for event in ends([leader])] == [True]


def test_what_keeps_a_race_from_beginning_is_in_the_leaders_log(drive: Drive) -> None:
    leader = a_leader(20, 2)
    shutil.rmtree(Path(leader.info().corpus))
    assert drive(leader, "rnn").wait(60) == 1
    assert leader.last_words().startswith("helo: cannot read ")
    assert leader.log.read_text().count("Traceback") == 0


def test_one_that_has_its_driver_trains_on() -> None:
    kept, left = a_run("kept", steps=3), a_run("left", steps=3)
    last = list(Trainer(kept, driver=os.getppid()).events())[-1]
    assert isinstance(last, Stopped) and (last.finished, last.note) == (True, "")
    begun, *_, last = Trainer(left, driver=os.getpid()).events()
    assert isinstance(begun, Started) and isinstance(last, Stopped)
    assert (last.step, last.finished) == (0, False) and "is gone" in last.note
