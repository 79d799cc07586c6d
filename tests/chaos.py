"""`make chaos`: trainers killed at random moments, and disks that refuse each write once.

Whatever happens to a run, once it was gone on with to its end its weights are those of one that nobody
disturbed, to the bit, and so is what its log says once what depends on the clock is left out.
"""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine import storage
from engine.errors import StorageError
from engine.network import modelfile
from engine.runs.events import Event, Planned, RolledBack, Stopped
from engine.runs.rundir import RunDirectory
from engine.training import life, trainer
from tests.engine.lives import a_run, at_pace, live, until

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
KINDS: tuple[dict[str, Any], ...] = (
    {"cell": "lstm"},
    {"cell": "gru", "dropout": 0.0},
    {"cell": "rnn", "lr": 3.0, "warmup": 0.0},  # goes back by itself
    {"cell": "mingru", "validation": 0.0},
    {"cell": "lstm", "seconds": 0.6, "steps": None},  # planned anew: it becomes slower half way
)
KILLED: dict[str, Any] = {"steps": 150, "save_every": 0.05}


def slower(step: int) -> float:
    """The pace of a run of some seconds. A clock of its own makes it comparable with another one."""
    return 0.003 if step < 80 else 0.007


SHORT: dict[str, Any] = {"steps": 8, "evaluations": 2, "sample_length": 2}
FAULTS: tuple[Exception, ...] = (
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EIO, "Input/output error"),
    RuntimeError("an exception"),
)
_MOST = 8
"""Kills of one run."""
_CLOCK = {"life", "seconds", "took", "id"}


def told(run: RunDirectory) -> list[str]:
    """What the folded log says of learning; when it was saved, stopped, and how fast it was depend on
    the clock. What a trainer said right before it was killed, and the next one again, counts once."""
    rows = []
    for event in run.events():
        if event.deterministic or (isinstance(event, Stopped) and event.finished):
            kept = {k: v for k, v in asdict(event).items() if k not in _CLOCK}
            rows.append(json.dumps({"event": event.name} | kept))
    return list(dict.fromkeys(rows))


def check(run: RunDirectory, undisturbed: RunDirectory) -> None:
    """Hold the end of a run against that of one that nobody disturbed."""
    assert told(run) == told(undisturbed)
    ends = [load_file(r.states()[-1]) for r in (run, undisturbed)]
    assert run.states()[-1].name == undisturbed.states()[-1].name
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])
    for path in ("latest", "best"):
        models = [getattr(r, path) for r in (run, undisturbed)]
        assert models[0].exists() == models[1].exists()
        if models[0].exists():
            one, two = (modelfile.load(model).weights for model in models)
            assert all((one[key] == two[key]).all() for key in one)
    assert not list(run.folder.glob(".*.tmp"))


def _process(folder: str) -> None:
    """A life in a process of its own."""
    run = RunDirectory(Path(folder))
    os.dup2(os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    timed = run.info().config.seconds is not None
    with at_pace(slower, 0.002) if timed else nullcontext():
        os._exit(trainer.live(run))


def _start(run: RunDirectory) -> multiprocessing.process.BaseProcess:
    # forked from a process that has loaded what a trainer loads, and done nothing with it
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["engine.training.trainer"])
    process = context.Process(target=_process, args=(str(run.folder),), daemon=True)
    process.start()
    return process


def kills(n: int, report: Callable[[str], object] = lambda line: None) -> Counter[str]:
    """Kill trainers n times, over as many small runs as that takes; counts what was done."""
    counts: Counter[str] = Counter()
    draw = random.Random(n)
    while counts["kills"] < n:
        number = counts["runs"]
        kind = KINDS[number % len(KINDS)]
        whole, parted = (a_run(f"{what}-{number}", **KILLED | kind) for what in ("whole", "parted"))
        _start(whole).join()
        lasts = whole.events()[-1].seconds  # type: ignore[attr-defined]
        for _ in range(_MOST):
            if _kill(parted, draw.choice(SIGNALS), draw.random() * lasts, counts):
                break
        else:  # now it is left alone
            _start(parted).join()
        check(parted, whole)
        counts["runs"] += 1
        counts["lives"] += parted.lives()
        counts["planned anew"] += any(isinstance(e, Planned) for e in parted.events())
        counts["went back"] += any(isinstance(e, RolledBack) for e in parted.events())
        report(f"{counts['kills']} kills, {counts['runs']} runs, the last: {kind}")
    return counts


def _kill(run: RunDirectory, number: signal.Signals, after: float, counts: Counter[str]) -> bool:
    """Start a trainer and kill it so many seconds after it began, or, one time in eight, at any moment
    before that; whether it had come to its end."""
    lives, process = run.lives(), _start(run)
    if counts["kills"] % 8:
        until(lambda: run.lives() > lives or process.exitcode is not None)
    process.join(after)
    if process.exitcode is not None:
        return True
    assert process.pid
    os.kill(process.pid, number)
    process.join()
    counts["kills"] += 1
    counts[number.name] += 1
    return _finished(run)


def _finished(run: RunDirectory) -> bool:
    events = run.events()
    return bool(events) and isinstance(events[-1], Stopped) and events[-1].finished


@contextmanager
def _failing(at: int, fault: Exception) -> Iterator[list[str]]:
    """What is written meets a fault once, at the operation of that number; gives the operations' names."""
    done: list[str] = []

    def counted(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            done.append(name)
            if len(done) - 1 == at:
                raise fault
            return whole(*args, **more)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(life, "RETRY", 0.0)
        patch.setattr(storage, "open", counted("open", open), raising=False)
        for name in ("fsync", "link", "replace"):
            patch.setattr(f"engine.storage.os.{name}", counted(name, getattr(os, name)))
        yield done


def _live_through(run: RunDirectory) -> list[Event]:
    try:
        return live(run, beside=True)
    except (RuntimeError, StorageError):
        return live(run, beside=True)


def save_points() -> Counter[str]:
    """Let every operation of every save of a small run fail once, in every way; counts what was done."""
    whole = a_run("whole", **SHORT)
    with _failing(-1, FAULTS[0]) as operations:
        live(whole, beside=True)
    counts: Counter[str] = Counter()
    for at, name in enumerate(operations):
        for fault in FAULTS:
            run = a_run(f"{at}-{type(fault).__name__}-{getattr(fault, 'errno', 0)}", **SHORT)
            with _failing(at, fault) as done:
                _live_through(run)
            assert len(done) > at, "the fault was met"
            check(run, whole)
            counts[name] += 1
    return counts


def main() -> None:
    """`python -m tests.chaos [N]`."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        print("save points:", dict(save_points()), flush=True)
        begin = time.monotonic()
        counts = kills(n, lambda line: print(line, flush=True))
        print(f"all equal to the bit, in {time.monotonic() - begin:.0f} s:", dict(counts))


if __name__ == "__main__":
    main()
