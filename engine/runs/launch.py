"""Starting a trainer as a process of its own, from a process that has no torch."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import IO, Any

from engine import __version__
from engine.blas import processors, threads_each
from engine.config import ModelConfig, TrainConfig
from engine.errors import RunError, StorageError, UsageError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs import beginning, rundir
from engine.runs.rundir import RunDirectory
from engine.text.corpus import Corpus
from engine.text.survey import kept

_NICENESS = 10
_SPINS = "2000"
"""How long torch's threads spin for each other before they sleep: as long as they would by themselves, a
training beside one busy process is a hundred times slower than alone (docs/experiments.md)."""


def versions() -> dict[str, str]:
    """The versions that a run's results may depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"helo": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def create(
    name: str | None,
    corpus: Corpus,
    config: TrainConfig,
    command: str = "",
    init_from: str = "",
    race: str = "",
) -> RunDirectory:
    """Make the directory of a new run, which begins with the weights of the model or the kept point
    `init_from` if there is one (`beginning.begun_with`), and is a part of that `race` if there is one.

    Raises UsageError, RunError, StorageError; what `begun_with` does, and AlphabetError where its units
    are not the corpus'.
    """
    about: dict[str, Any] = {"versions": versions(), "command": command, "race": race}
    if not init_from:
        return rundir.create(name, corpus, config, **about)
    begun, origin = beginning.begun_with(init_from)
    symbols = "".join(begun.alphabet.united(corpus.info.alphabet).symbols)
    run = rundir.create(name, corpus, config, **about, init_from=origin, symbols=symbols)
    if isinstance(begun, Model):
        modelfile.save(run.begin, begun)
    return run


def check_processes(processes: int, batch: int) -> None:
    """Raises UsageError for a number of processes that this machine or so large a batch has no use for."""
    if processes < 1:
        raise UsageError(f"--processes must be 1 or more, not {processes}")
    most = min(processors(), batch)
    if processes > most:
        why = "processors" if most < batch else "columns of the batch"
        raise UsageError(
            f"--processes must be at most {most}, the number of {why}, not {processes}"
        )


def start(run: RunDirectory, processes: int = 1, tied: bool = False) -> subprocess.Popen[bytes]:
    """Start the trainer of a run: in a session of its own, at low priority, its stderr in trainer.log;
    more than one process by `agent`, which then is what is returned. One that is `tied` saves and
    stops when this process is gone.

    The run goes on from its newest state if it has one. What its losses are compared with is seen to
    beside it, if that is not kept yet. Raises RunError where it is running already, StorageError.
    """
    if run.alive():
        raise RunError(f"run {run.name} is running already")
    folder = str(run.folder)
    command = ["engine.training.trainer", folder, *([str(os.getpid())] if tied else [])]
    if processes > 1:
        command = ["engine.training.agent", str(processes), folder]
    trainer = _logged(command, run)
    info = run.info()
    survey(Path(info.corpus), info.config.validation)
    return trainer


def drive(leader: RunDirectory, others: Sequence[str], by: str) -> subprocess.Popen[bytes]:
    """Start a race (`race.enter`) with a driver of its own, `driver`, which outlives this process.
    What that has to say goes to the leader's trainer.log; SIGTERM stops the race.

    Raises StorageError.
    """
    return _logged(["engine.runs.driver", str(leader.folder), by, *others], leader)


def survey(
    folder: Path, validation: float = TrainConfig.validation
) -> subprocess.Popen[bytes] | None:
    """Start `survey` on the corpus in a folder; None where its survey is kept or it is gone."""
    if kept(folder, validation) or not folder.is_dir():
        return None
    nowhere = subprocess.DEVNULL
    child = _spawn(["engine.text.survey", str(folder), str(validation)], folder, nowhere, nowhere)
    Thread(target=child.wait, daemon=True).start()  # whoever starts a process has to see it end
    return child


def device_facts(timeout: float = 60.0) -> dict[str, Any]:
    """What `device` finds, asked of a child process so that torch stays out of this one.

    Raises RunError.
    """
    try:
        child = _spawn(
            ["engine.training.device", "--json"],
            Path(sys.prefix),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with child:
            try:
                out, _ = child.communicate(timeout=timeout)
            finally:
                child.kill()
        facts = json.loads(out)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise RunError(f"torch cannot be asked about devices: {error}") from error
    assert isinstance(facts, dict)
    return facts


def pace(
    device: str, dtype: str, threads: int, report: Callable[[int], None] = lambda done: None
) -> list[float]:
    """What `pace` measures, in a process of its own as a training is; `report` is called with the
    networks done. 0 threads are as many as a training that begins now would take.

    Raises RunError, in the child's words where it has any.
    """
    found: list[float] = []
    threads = threads or threads_each(1 + rundir.at_work())
    for line in _measured(
        "engine.training.pace", {"device": device, "dtype": dtype, "threads": threads}
    ):
        found.append(line["chars_per_second"])
        report(len(found))
    return found


def training_speed(
    model: ModelConfig,
    batch: int,
    seq_length: int,
    dtype: str,
    device: str,
    threads: int,
    report: Callable[[int], None],
) -> dict[str, Any]:
    """What `training_speed` measures, in a process of its own as a training is; `report` is called
    with the rounds done.

    Raises RunError, in the child's words where it has any.
    """
    asked = {
        "model": asdict(model),
        "batch": batch,
        "seq_length": seq_length,
        "dtype": dtype,
        "device": device,
        "threads": threads,
    }
    found: dict[str, Any] = {}
    for found in _measured("engine.training.training_speed", asked):
        if "rounds" in found:
            report(found["rounds"])
    return found


def _measured(module: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a child that measures says, one JSON object a line, as it comes.

    Raises RunError where it fails.
    """
    pipe = subprocess.PIPE
    child = _spawn([module, json.dumps(asked)], Path(sys.prefix), stdout=pipe, stderr=pipe)
    try:
        assert child.stdout and child.stderr
        for line in child.stdout:
            yield json.loads(line)
        problem = child.stderr.read().decode("utf-8", "replace").strip()
        if child.wait():
            last = problem.splitlines()[-1] if problem else "torch could not be measured"
            raise RunError(last.removeprefix("helo: "))
    finally:
        child.kill()
        child.communicate()


def _logged(command: list[str], run: RunDirectory) -> subprocess.Popen[bytes]:
    """A module of ours as a process whose stderr is a run's trainer.log.

    Raises StorageError.
    """
    try:
        log = open(run.log, "ab")
    except OSError as error:
        raise StorageError(f"cannot write {run.log}: {error.strerror}") from error
    with log:
        return _spawn(command, run.folder, stdout=subprocess.DEVNULL, stderr=log)


def _spawn(
    command: list[str], folder: Path, stdout: int, stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """A module of ours with its arguments as a process in a session of its own, at low priority from
    its first breath: it gives way to whatever a person is looking at."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", *command],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        cwd=folder,
        env={"GOMP_SPINCOUNT": _SPINS, **os.environ, "PYTHONSAFEPATH": "1"},
    )
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
    return child
