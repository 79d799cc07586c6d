"""What tests of screens share: a run whose trainer is played by the test, and waiting without sleeping."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import textual.app
import textual.pilot
from filelock import BaseFileLock
from textual import _wait
from textual.pilot import Pilot

from engine import places
from engine.config import ModelConfig, TrainConfig
from engine.runs import launch, rundir
from engine.runs.events import Event, Sampled, Stopped
from engine.runs.logs import append
from engine.runs.longer import NO_LONGER, Longer
from engine.runs.rundir import RunDirectory
from engine.text import corpus
from engine.text.corpus import Corpus
from tests.configs import a_config
from tests.engine import said
from tests.tui.training import FACTS, PACE

PATIENCE = 20.0
DEVICE_FACTS = launch.device_facts
TEXT = "Now is the winter of our discontent\nMade glorious summer by this sun of York;\n" * 20


async def until(
    pilot: Pilot[object], true: Callable[[], object], patience: float = PATIENCE
) -> None:
    """Let the app work until `true()` is."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        await pilot.pause(0.02)


@pytest.fixture(name="until")
def _until() -> Callable[..., object]:
    return until


class FakeRun:
    """A run directory and what its trainer would do to it."""

    def __init__(self, found: Corpus, name: str | None, race: str) -> None:
        config = a_config(model=ModelConfig("gru", 8, 1), steps=1000)
        self.run: RunDirectory = rundir.create(name, found, config, versions={}, race=race)
        self._lock: BaseFileLock = self.run.lock()

    def live(self) -> None:
        """Hold the lock as a trainer does."""
        self._lock.acquire()

    def die(self) -> None:
        """Let go of it without a word."""
        self._lock.release()

    def say(self, *events: Event | str) -> None:
        """Write events, or raw lines, to the log."""
        for event in events:
            append(self.run.events_path, event if isinstance(event, str) else event.to_json())

    def begin(self, life: int = 0, step: int = 0, batch: int = 16) -> None:
        """Live, and say so."""
        self.live()
        self.say(
            said.started(
                life,
                step,
                total_steps=1000,
                batch=batch,
                seq_length=40,
                parameters=1234,
                train_chars=1400,
                val_chars=160,
                threads=2,
            )
        )

    def progress(self, step: int, nats: float, life: int = 0) -> None:
        learnt = {"chars": step * 640, "seconds": step / 10, "train_nats": nats}
        speed = {"lr": 0.004, "grad_norm": 0.5, "chars_per_second": 6400.0}
        self.say(said.progress(life, step, **learnt | speed))

    def evaluated(
        self, step: int, nats: float, id: str = "", final: bool = False, took: float = 0.0
    ) -> None:
        seen = {"chars": step * 640, "seconds": step / 10, "predictions": 160}
        self.say(said.evaluated(step=step, id=id, val_nats=nats, final=final, took=took, **seen))

    def sampled(self, step: int, text: str) -> None:
        self.say(Sampled(life=0, step=step, prompt="\n", text=text))

    def finish(self) -> None:
        self.say(Stopped(life=0, step=1000, finished=True))
        self.die()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def winter(home: Path) -> Corpus:
    """A small corpus in the library."""
    return corpus.add([TEXT], "winter", "a play")


@pytest.fixture
def fake_run(winter: Corpus, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FakeRun]]:
    """Makes run directories; all their trainers are gone at the end. Logs are read often."""
    monkeypatch.setattr("tui.train.pane.TICK", 0.1)
    made: list[FakeRun] = []

    def make(name: str | None = None, race: str = "") -> FakeRun:
        made.append(FakeRun(winter, name, race))
        return made[-1]

    yield make
    for run in made:
        run.die()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a key Textual waits twice until the process idles, each time a second if it does not, as while
    a passage is written. Here that ends sooner: what a key leads to is waited for by `until`."""
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 0.005)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 0.00025)
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", partial(_wait.wait_for_idle, max_sleep=0.05))


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of bundled models of the test's own."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(places, "bundled", lambda: folder)
    return folder


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No screen measures this machine, or asks a process with torch what it can do."""
    monkeypatch.setattr(launch, "pace", lambda *args, **named: PACE)
    monkeypatch.setattr(launch, "device_facts", lambda: FACTS)


@pytest.fixture
def asked(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process with torch is asked after all."""
    monkeypatch.setattr(launch, "device_facts", DEVICE_FACTS)


@pytest.fixture(autouse=True)
def surveyed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Nothing is surveyed beside the tests; gives the folders of the corpora that would be."""
    folders: list[Path] = []

    def survey(folder: Path, validation: float = TrainConfig.validation, split: str = "") -> None:
        folders.append(folder)

    monkeypatch.setattr(launch, "survey", survey)
    return folders


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunDirectory]]:
    """Trainers that are started are processes that only wait; gives the runs they were started for."""
    runs: list[RunDirectory] = []
    children = []

    def start(
        run: RunDirectory, processes: int = 1, longer: Longer = NO_LONGER
    ) -> subprocess.Popen[bytes]:
        runs.append(run)
        wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        children.append(subprocess.Popen(wait, stdin=subprocess.PIPE))
        return children[-1]

    monkeypatch.setattr(launch, "start", start)
    yield runs
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def facts_wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What the device can do is told once this is set."""
    event = threading.Event()

    def facts() -> dict[str, object]:
        assert event.wait(20)
        return FACTS

    monkeypatch.setattr(launch, "device_facts", facts)
    yield event
    event.set()
