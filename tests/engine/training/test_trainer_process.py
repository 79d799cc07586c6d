"""The trainer as a process: signals, locks, kills, and a disk that refuses."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from engine import storage
from engine.config import ModelConfig
from engine.errors import RunError, exit_status
from engine.network.stepper import Stepper
from engine.runs import launch, library, points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Paused,
    Progress,
    Refused,
    Resumed,
    Sampled,
    Saved,
    Started,
    Stopped,
    parse,
)
from engine.runs.logs import LineReader
from engine.runs.rundir import RunDirectory, status
from engine.text import sources
from engine.training import trainer
from engine.writing.generate import Generation
from tests.configs import a_config
from tests.engine.lives import until

Process = subprocess.Popen[bytes]
ENDLESS = 10_000_000


@pytest.fixture
def processes() -> list[Process]:
    """Trainers to be ended with the test, whatever comes of it."""
    started: list[Process] = []
    yield started  # type: ignore[misc]
    for process in started:
        process.kill()
        process.wait()


def a_run(steps: int, hidden: int = 8, **settings: float) -> RunDirectory:
    config = a_config(
        ModelConfig("lstm", hidden, 1),
        steps=steps,
        batch=8,
        seq_length=20,
        dropout=0.0,
        lr=0.03,
        threads=1,
        dtype="float32",
        device="cpu",
        sample_length=20,
        **settings,  # type: ignore[arg-type]
    )
    return launch.create("r", sources.obtain("hello"), config)


def of(run: RunDirectory, kind: type[Event]) -> list[Event]:
    return [e for e in run.events() if isinstance(e, kind)]


def answer(run: RunDirectory, request: str, value: float = 1.0) -> Event:
    id = run.ask(request, value)
    found = until(lambda: [e for e in run.events() if e.id == id])
    assert len(found) == 1
    return found[0]


def test_it_learns_the_worked_example(processes: list[Process]) -> None:
    run = a_run(250, evaluations=5)
    assert status(run, run.events()).word == "new"
    for name in ("engine", "torch", "json"):  # packages of other people's must not be imported
        (run.folder / name).mkdir()
        (run.folder / name / "__init__.py").write_text("raise SystemExit(77)")
    processes.append(launch.start(run))
    assert processes[0].wait(60) == 0
    assert run.log.read_text() == "", "nothing to complain of"
    lines = LineReader(run.events_path).read()
    events = [parse(line) for line in lines]
    assert None not in events and run.events() == events
    assert isinstance(events[0], Started) and isinstance(events[-1], Stopped)
    final = of(run, Evaluated)[-1]
    assert isinstance(final, Evaluated) and final.final and final.val_nats < 0.05
    assert status(run, run.events()).word == "finished" and not run.alive()
    assert run.owner()["pid"] == processes[0].pid

    for path in (run.best, run.latest):
        model = library.open_model(str(path))
        text = Generation(Stepper(model), model.alphabet.fit("hel").ids)
        while len(text) < 20:
            text.advance()
        assert text.text == "hello" * 4


def test_a_run_through_pause_signal_and_kill(processes: list[Process]) -> None:
    run = a_run(ENDLESS, save_every=0.3)
    processes.append(launch.start(run))
    until(lambda: of(run, Progress))
    assert run.alive() and status(run, run.events()).word == "running"
    with pytest.raises(RunError, match="running already"):
        launch.start(run)

    assert isinstance(answer(run, "pause"), Paused)
    assert status(run, run.events()).word == "paused"
    assert isinstance(answer(run, "pause"), Refused)
    assert isinstance(answer(run, "evaluate"), Evaluated)
    assert isinstance(answer(run, "sample"), Sampled)
    assert isinstance(answer(run, "save"), Saved)
    changed = answer(run, "lr", 0.5)
    assert isinstance(changed, Changed) and changed.value == pytest.approx(0.015)
    paused_at = run.events()[-1].step
    assert {e.step for e in run.events()[-5:]} == {paused_at}, "nothing was learnt meanwhile"
    assert isinstance(answer(run, "resume"), Resumed)
    until(lambda: of(run, Progress)[-1].step > paused_at)

    processes[0].send_signal(signal.SIGTERM)
    assert processes[0].wait(30) == 0
    stopped = run.events()[-1]
    assert isinstance(stopped, Stopped) and not stopped.finished
    assert run.states()[-1] == run.state_path(stopped.step)
    assert status(run, run.events()).word == "stopped"

    processes.append(launch.start(run))
    until(lambda: [e for e in of(run, Saved) if e.life == 1 and e.step > stopped.step])
    assert isinstance(answer(run, "pause"), Paused)
    processes[1].kill()
    processes[1].wait()
    assert status(run, run.events()).word == "killed" and not run.alive()
    saved = points.read_cursor(run.states()[-1]).step
    assert saved > stopped.step

    with open(run.events_path, "ab") as file:
        file.write(b'{"event": "prog')  # as a kill in the middle of a write would leave it
    (half := run.folder / ".latest.safetensors.1.tmp").write_bytes(b"half")
    processes.append(launch.start(run))
    until(lambda: [e for e in of(run, Progress) if e.life == 2])
    resumed = [e for e in of(run, Resumed) if e.life == 2]
    assert [e.step for e in resumed] == [saved]
    assert not [e for e in run.events() if e.life < 2 and e.step > saved]
    assert not half.exists()
    assert isinstance(answer(run, "stop"), Changed)
    assert processes[2].wait(30) == 0
    assert status(run, run.events()).word == "stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits are Linux's to set")
def test_a_disk_that_refuses(processes: list[Process]) -> None:
    from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit

    def largest_file(size: int) -> None:
        prlimit(processes[-1].pid, RLIMIT_FSIZE, (size, RLIM_INFINITY))

    run = a_run(ENDLESS, hidden=64, save_every=0.3)
    processes.append(launch.start(run))
    until(lambda: of(run, Progress))
    largest_file(20_000)  # room for events, none for a state
    paused = until(lambda: of(run, Paused))[0]
    assert isinstance(paused, Paused) and "cannot write" in paused.reason
    assert status(run, run.events()).word == "paused"
    assert isinstance(answer(run, "evaluate"), Refused)
    before = {p: p.read_bytes() for p in run.folder.glob("*.safetensors")}

    largest_file(RLIM_INFINITY)
    until(lambda: of(run, Resumed))
    until(lambda: of(run, Saved)[-1].step > paused.step)
    assert not [p for p in before if not p.exists() and "state" not in p.name]

    step = answer(run, "pause").step
    until(lambda: isinstance(run.events()[-1], Saved))
    size = run.events_path.stat().st_size + 10
    largest_file(size)  # the next event is torn
    id = run.ask("sample")
    until(lambda: run.events_path.stat().st_size == size)
    largest_file(RLIM_INFINITY)
    until(lambda: [e for e in of(run, Sampled) if e.id == id])
    assert [parse(line) for line in LineReader(run.events_path).read()].count(None) == 1

    largest_file(10)  # no room at all
    count = len(run.events())
    processes[-1].send_signal(signal.SIGTERM)
    assert processes[-1].wait(30) == 1
    assert len(run.events()) == count
    assert points.read_cursor(run.states()[-1]).step == step, "and the last state is whole"


def test_what_keeps_a_run_from_starting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_run(1)
    storage.remove_folder(run.corpus().folder)
    monkeypatch.setattr("sys.argv", ["trainer", str(run.folder)])
    assert exit_status(trainer.main) == 1
    said = capsys.readouterr().err
    assert said.startswith("helo: cannot read ") and said.count("\n") == 1
    run.log.write_text(said)
    assert status(run, run.events()).reason == said.strip()


def test_the_facts_of_the_machine_come_from_a_child() -> None:
    facts = launch.device_facts()
    assert "cpu" in facts["devices"] and facts["processors"] >= 1


def test_a_corpus_is_surveyed_once_the_pace_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(steps=3)
    asked: list[tuple[list[Event], str, float, str]] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(
        launch, "survey", lambda folder, *held: asked.append((run.events(), str(folder), *held))
    )
    assert trainer.live(run) == 0
    ((before, *held),) = asked
    assert [event.name for event in before] == ["started"]
    info = run.info()
    assert held == [info.corpus, info.config.validation, info.config.split]
