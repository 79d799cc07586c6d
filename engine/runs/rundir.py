"""The run directory: everything that passes between a trainer and whoever watches it.

run.json  events.jsonl  control.jsonl  state-<step>.safetensors  mark-<name>.safetensors
latest.safetensors  best.safetensors  begin.safetensors  owner.json  trainer.lock  trainer.log
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from engine import names, outside, places
from engine.config import TrainConfig
from engine.errors import (
    CorpusError,
    DamagedError,
    LostError,
    NotFoundError,
    RunError,
    StorageError,
)
from engine.names import RUN
from engine.runs.events import Event, Failed, Paused, Resumed, Started, Stopped, fold, parse
from engine.runs.logs import LineReader, append, close_torn_tail
from engine.storage import check_name, is_held, make_folder, storage_error, write_json
from engine.text import corpus
from engine.text.corpus import Corpus
from engine.vocab import Alphabet
from engine.words import quoted

VERSION = 1
"""The version of a run's folder, in `run.json`."""
REQUESTS = (
    *("pause", "resume", "stop", "save", "evaluate", "sample"),
    *("lr", "clip", "dropout", "mark", "back"),
)
RACE = "race"
"""The text of requests in a race: a pause or resume with it ends or begins a turn, a stop ends the race."""
WAITS = "it waits for its turn in the race"
"""The reason of a pause between two turns."""
_LONGEST_ID, _LONGEST_TEXT = 64, 256
"""Characters of a request's own id and text, at most."""


@dataclass(frozen=True)
class RunInfo:
    """The contents of `run.json`, which is written once."""

    name: str
    config: TrainConfig
    corpus: str
    """The folder of the imported corpus when the run was created."""
    corpus_name: str
    corpus_sha256: str
    created: str
    versions: dict[str, str]
    command: str = ""
    init_from: str = ""
    """What the weights started from, if anything: a model file, or RUN@STEP, a kept point of another
    run."""
    symbols: str = ""
    """The alphabet, if it is not the corpus': with the characters of the model it started from."""
    race: str = ""
    """The race it belongs to, if any."""
    race_by: str = ""
    """What is equal there, one of `race.MEASURES`."""

    @property
    def place(self) -> Path:
        """The folder of the imported corpus now."""
        lines = self.config.model.lines
        return corpus.found_again(Path(self.corpus), self.corpus_sha256, lines)

    def alphabet(self, own: Alphabet) -> Alphabet:
        """The run's alphabet, from its corpus' `own`.

        Raises AlphabetError.
        """
        return Alphabet(tuple(self.symbols), own.units) if self.symbols else own


@dataclass(frozen=True)
class _Owner:
    """The contents of `owner.json`."""

    pid: int
    host: str
    start: float


@dataclass(frozen=True)
class Request:
    """A request to a trainer. `value` is the factor for "lr", the value for "clip" and "dropout";
    `text` is the name for "mark", the point for "back", and may be `RACE`."""

    id: str
    request: str
    value: float = 1.0
    text: str = ""
    problem: str = ""
    """Why it must be refused, if so."""


@dataclass(frozen=True)
class _Named:
    """The part of a request that an answer needs."""

    id: str
    request: str


def parse_request(line: str) -> Request | None:
    """The request on a line of control.jsonl, or None if there is none. A request that can be answered
    but not carried out has a `problem`, and asks for nothing."""
    try:
        data = outside.parse_json(line)
        named = outside.convert(_Named, data)
    except DamagedError:
        return None
    if not 0 < len(named.id) <= _LONGEST_ID:
        return None
    try:
        asked = outside.convert(Request, data)
    except DamagedError as error:
        return Request(named.id, "", problem=str(error))
    if max(len(asked.text), len(asked.request)) > _LONGEST_TEXT:
        return Request(named.id, "", problem=f"text is longer than {_LONGEST_TEXT} characters")
    return replace(asked, problem="")


class RunDirectory:
    """One run's folder. Creating this object touches no file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events_path = folder / "events.jsonl"
        self.control_path = folder / "control.jsonl"
        self.latest = folder / "latest.safetensors"
        self.best = folder / "best.safetensors"
        self.begin = folder / "begin.safetensors"
        """What the run started from, if that was a kept point of another run."""
        self.log = folder / "trainer.log"

    @property
    def name(self) -> str:
        return self.folder.name

    def state_path(self, step: int) -> Path:
        return self.folder / f"state-{step:09d}.safetensors"

    def states(self) -> list[Path]:
        """The kept states, oldest first."""
        return sorted(self.folder.glob("state-*.safetensors"))

    def mark_path(self, name: str) -> Path:
        return self.folder / f"mark-{name}.safetensors"

    def marks(self) -> list[Path]:
        """The states kept for ever, by name."""
        return sorted(self.folder.glob("mark-*.safetensors"))

    def mark_name(self, path: Path) -> str:
        """The name of the mark at a path; "" for a state."""
        return path.stem.removeprefix("mark-") if path.stem.startswith("mark-") else ""

    def info(self) -> RunInfo:
        """Read `run.json`.

        Raises RunError if it is missing, damaged, or written by a newer helo.
        """
        path = self.folder / RUN
        with outside.reading(path, RunError):
            data = outside.parse_json(outside.read(path, outside.LARGE))
            # the run may depend on an unknown setting
            return outside.convert(RunInfo, outside.known_version(data, VERSION), exact=True)

    def race(self) -> str:
        """The race it belongs to; "" for none, or if that cannot be read."""
        with suppress(RunError):
            return self.info().race
        return ""

    def events(self) -> list[Event]:
        """The events that count, folded."""
        lines = LineReader(self.events_path).read()
        return fold(event for line in lines if (event := parse(line)))

    def lives(self) -> int:
        """The number of lives the run has had."""
        lines = LineReader(self.events_path).read()
        return sum(Started.name in line and isinstance(parse(line), Started) for line in lines)

    def note_loss(self, life: int) -> None:
        """Log that a life ended by the loss of a process, if that life began and no surviving process
        logged how it ended."""
        with suppress(TimeoutError, StorageError), self.lock().acquire(timeout=2):
            close_torn_tail(self.events_path)
            last = next(reversed(self.events()), None)
            if last and last.life == life and not isinstance(last, Stopped | Failed):
                reason = str(LostError(self.name))
                failed = Failed(life=life, step=last.step, reason=reason)
                append(self.events_path, failed.to_json())

    def last_words(self) -> str:
        """The last line by helo in trainer.log, else its last line, else ""."""
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        ours = [line for line in lines if line.startswith("helo: ")]
        return (ours or lines or [""])[-1]

    def complaint(self) -> str:
        """`last_words` without the "helo: " before it."""
        return self.last_words().removeprefix("helo: ")

    def silent_end(self) -> str:
        """The message if a trainer ended and the events do not say why."""
        words = self.complaint() or "it left no message"
        return f"the trainer of {self.name} ended: {words}; see {self.log}"

    def clear(self) -> None:
        """Remove what a killed trainer left half-written."""
        for file in self.folder.glob(".*.tmp"):
            file.unlink(missing_ok=True)

    def ask(self, request: str, value: float = 1.0, text: str = "") -> str:
        """Append a request for the trainer. Returns the id that its answer will carry.

        Raises RunError if no trainer is running, StorageError.
        """
        self.check_alive()
        return self.leave(request, value, text)

    def leave(self, request: str, value: float = 1.0, text: str = "") -> str:
        """The same, whether or not a trainer is running.

        Raises StorageError.
        """
        assert request in REQUESTS
        asked = Request(secrets.token_hex(4), request, value, text)
        append(self.control_path, json.dumps(asdict(asked)))
        return asked.id

    def lock(self) -> FileLock:
        """The lock that a trainer holds while it runs. The system frees it, whatever kills the trainer."""
        return FileLock(self.folder / "trainer.lock")

    def alive(self) -> bool:
        """Whether a trainer is running."""
        return is_held(self.folder / "trainer.lock")

    def check_alive(self) -> None:
        """Raises RunError if no trainer is running."""
        if not self.alive():
            raise RunError(
                f"run {self.name} is not running; `helo train --resume {self.name}` continues it"
            )

    def write_owner(self) -> None:
        owner = _Owner(os.getpid(), socket.gethostname(), time.time())
        write_json(self.folder / "owner.json", asdict(owner))

    def owner(self) -> dict[str, Any]:
        """pid, host and start of the last trainer; {} if unknown."""
        with suppress(OSError, DamagedError):
            data = outside.parse_json(outside.read(self.folder / "owner.json"))
            return asdict(outside.convert(_Owner, data))
        return {}

    def corpus(self) -> Corpus:
        """The corpus that the run learns, checked to be the one it began with.

        Raises CorpusError.
        """
        info = self.info()
        found = corpus.load(info.place)
        if found.info.sha256 != info.corpus_sha256:
            raise CorpusError(
                f"corpus {info.corpus_name} is not the text that run {self.name} began with"
            )
        return found


@dataclass(frozen=True)
class RunStatus:
    """The status of a run in a word: running, paused, finished, stopped, failed, killed or new; and the
    reason."""

    word: str
    reason: str = ""


def status(run: RunDirectory, events: list[Event]) -> RunStatus:
    """The status of a run, from its lock and its folded events."""
    marks = [e for e in events if isinstance(e, Started | Paused | Resumed | Stopped | Failed)]
    last = marks[-1] if marks else None
    if run.alive():
        return (
            RunStatus("paused", last.reason) if isinstance(last, Paused) else RunStatus("running")
        )
    if isinstance(last, Stopped):
        return RunStatus("finished" if last.finished else "stopped", last.note)
    if isinstance(last, Failed):
        return RunStatus("failed", last.reason)
    if last is None:
        return RunStatus("new", run.last_words())
    return RunStatus(
        "killed",
        "the trainer ended without a message, as when memory or power fails; "
        f"continue with `helo train --resume {run.name}`",
    )


def create(name: str | None, found: Corpus, config: TrainConfig, **about: Any) -> RunDirectory:
    """Create the folder of a new run. The default name is the corpus, the cell and a number.

    Raises UsageError for an invalid name, RunError if it is taken, StorageError.
    """
    if name is None:
        stem = f"{found.info.name}-{config.model.cell}"
        name = next(
            n for i in range(1, 10**6) if not (places.runs() / (n := f"{stem}-{i}")).exists()
        )
    folder = check_free(name)
    info = RunInfo(
        name=name,
        config=config,
        corpus=str(found.folder.resolve()),
        corpus_name=found.info.name,
        corpus_sha256=found.info.sha256,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
    )
    try:
        make_folder(folder.parent)
        folder.mkdir()
    except OSError as error:
        raise storage_error(folder, error) from error
    write_json(folder / RUN, {"version": VERSION} | asdict(info))
    return RunDirectory(folder)


def check_free(name: str) -> Path:
    """The folder of a new run with this name.

    Raises UsageError for an invalid name, RunError if it is taken.
    """
    folder = places.runs() / check_name(name)
    if folder.exists():
        raise RunError(
            f"there is a run {quoted(name)} already: choose another --name, or resume it"
        )
    return folder


def find(ref: str) -> RunDirectory:
    """The run with this name or folder.

    Raises NotFoundError.
    """
    for folder in (places.runs() / ref, places.typed(ref)):
        if ref and os.path.isfile(folder / RUN):
            return RunDirectory(folder)
    raise NotFoundError(f"no run {quoted(ref)}; `helo runs list` shows all runs")


def runs() -> Iterator[RunDirectory]:
    """The user's runs."""
    return map(RunDirectory, names.runs())


def at_work(beside: str = "") -> int:
    """The number of trainings at work, except the run or race of that name. A race counts as one, since its
    trainers take turns."""
    return len({run.race() or run.name for run in runs() if run.alive()} - {beside})
