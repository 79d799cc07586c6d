"""Starts trainers and other child processes, from a process without torch."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

from engine.blas import processors, threads_each
from engine.config import ModelConfig, TrainConfig, check_device
from engine.errors import RunError, StorageError, UsageError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs import beginning, rundir
from engine.runs.longer import NO_LONGER, Longer
from engine.runs.rundir import RunDirectory
from engine.text.corpus import Corpus
from engine.text.survey import kept
from engine.version import __version__

_NICENESS = 10
_NO_MEMORY = ("MemoryError", "can't allocate memory", "out of memory")
"""What the last words of Python, of torch, and of CUDA contain if memory ran out."""
_SPINS = "2000"
"""How long torch's threads spin for each other before they sleep. With the default, a training beside one
busy process is a hundred times slower than alone (docs/experiments.md)."""


def versions(*more: str) -> dict[str, str]:
    """The versions that a run's results may depend on, and those of `more` packages."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"helo": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy", *more):
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
    race_by: str = "",
) -> RunDirectory:
    """Create the directory of a new run. It starts from the weights of `init_from`, a model or a kept point
    (`beginning.begun_with`), if given, and belongs to `race`, if given, in which `race_by` is equal.

    Raises UsageError, RunError, StorageError, what `begun_with` raises, and AlphabetError if its units
    differ from the corpus'.
    """
    about: dict[str, Any] = {"versions": versions(), "command": command}
    about |= {"race": race, "race_by": race_by}
    if not init_from:
        return rundir.create(name, corpus, config, **about)
    begun, origin = beginning.begun_with(init_from)
    symbols = "".join(begun.alphabet.united(corpus.info.alphabet).symbols)
    run = rundir.create(name, corpus, config, **about, init_from=origin, symbols=symbols)
    if isinstance(begun, Model):
        modelfile.save(run.begin, begun)
    return run


def check_processes(processes: int, batch: int) -> None:
    """Raises UsageError for more processes than processors, or than columns in the batch."""
    if processes < 1:
        raise UsageError(f"--processes must be 1 or more, not {processes}")
    most = min(processors(), batch)
    if processes > most:
        why = "processors" if most < batch else "columns of the batch"
        raise UsageError(
            f"--processes must be at most {most}, the number of {why}, not {processes}"
        )


def check_machine(
    given: Mapping[str, Any], facts: Callable[[], dict[str, Any]] | None = None
) -> None:
    """Refuse a device or a precision, if one is `given`, that this machine does not have. Its facts are
    asked for by `facts`, or by `device_facts`, and only if they matter.

    Raises UsageError, and what asking raises.
    """
    device, dtype = given.get("device", "auto"), given.get("dtype", "auto")
    if device not in ("auto", "cpu") or dtype not in ("auto", "float32"):
        check_device(device, dtype, (facts or device_facts)()["devices"])


def start(
    run: RunDirectory, processes: int = 1, tied: bool = False, longer: Longer = NO_LONGER
) -> subprocess.Popen[bytes]:
    """Start a run's trainer in its own session, at low priority, with stderr in trainer.log. Several
    processes are started by `engine.training.agent`, whose process is returned. A `tied` trainer saves and
    stops when this process exits.

    The run resumes from its newest state if it has one, and trains `longer` from there, or to where it was
    to end. Raises RunError if it is running already, StorageError.
    """
    if run.alive():
        raise RunError(f"run {run.name} is running already")
    own = [str(run.folder), str(os.getpid() if tied else 0)]
    own += [str(longer.steps), str(longer.seconds)]
    if processes > 1:
        return _logged(["engine.training.agent", str(processes), *own], run)
    return _logged(["engine.training.trainer", *own], run)


def drive(leader: RunDirectory, others: Sequence[str], by: str) -> subprocess.Popen[bytes]:
    """Start a race (`race.enter`) in a process of its own, `engine.runs.driver`, which outlives this one.
    Its messages go to the leader's trainer.log; SIGTERM stops the race.

    Raises StorageError.
    """
    return _logged(["engine.runs.driver", str(leader.folder), by, *others], leader)


def survey(
    folder: Path, validation: float = TrainConfig.validation, split: str = ""
) -> subprocess.Popen[bytes] | None:
    """Start `engine.text.survey` on the corpus in a folder, split so, or as is usual for it. None if it has
    been surveyed, or is gone."""
    if kept(folder, validation, split) or not folder.is_dir():
        return None
    nowhere, asked = subprocess.DEVNULL, [str(folder), str(validation), split]
    child = _spawn(["engine.text.survey", *asked], folder, nowhere, nowhere)
    Thread(target=child.wait, daemon=True).start()  # the child must be reaped
    return child


@dataclass
class Indexing:
    """A process that makes the index of a corpus. It goes on if this one ends."""

    child: subprocess.Popen[bytes]
    share: float = 0.0
    """Of the work, done."""

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def follow(self) -> None:
        """Read what the process says, to its end."""
        assert self.child.stdout
        with self.child.stdout as lines:
            for line in lines:
                with suppress(ValueError):
                    self.share = json.loads(line)["share"]
        self.child.wait()


def index(folder: Path) -> Indexing:
    """Start `engine.text.copies` on the corpus in a folder."""
    child = _spawn(["engine.text.copies", str(folder)], folder, subprocess.PIPE, subprocess.DEVNULL)
    indexing = Indexing(child)
    Thread(target=indexing.follow, daemon=True).start()
    return indexing


def device_facts(timeout: float = 60.0) -> dict[str, Any]:
    """What `engine.training.device` finds, in a child process so that torch stays out of this one.

    Raises RunError.
    """
    try:
        child = _spawn(
            ["engine.training.device"],
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
    """What `engine.training.pace` finds, in a child process. `report` is called with the number of
    networks made ready. 0 threads means as many as a training that begins now would use.

    Raises RunError, with the child's message if it has one.
    """
    found: dict[str, Any] = {}
    threads = threads or threads_each(1 + rundir.at_work())
    asked = {"device": device, "dtype": dtype, "threads": threads}
    for found in _measured("engine.training.pace", asked):
        if "networks" in found:
            report(found["networks"])
    return list(found["pace"])


def training_speed(
    model: ModelConfig,
    batch: int,
    seq_length: int,
    dtype: str,
    device: str,
    threads: int,
    report: Callable[[int], None],
) -> dict[str, Any]:
    """What `engine.training.training_speed` measures, in a child process. `report` is called with the
    number of rounds done.

    Raises RunError, with the child's message if it has one.
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
    """The output of a child that measures, one JSON object per line, as it arrives.

    Raises RunError if the child fails.
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
            if any(sign in last for sign in _NO_MEMORY):
                last = "there is not enough memory to measure this network: choose smaller sizes"
            raise RunError(last.removeprefix("helo: "))
    finally:
        child.kill()
        child.communicate()


def _logged(command: list[str], run: RunDirectory) -> subprocess.Popen[bytes]:
    """Start a module of helo as a process with stderr in the run's trainer.log.

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
    """Start a module of helo as a process in its own session, at low priority from the start, so that it
    yields to whatever a person is looking at."""
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
