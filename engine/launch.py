"""Starting a trainer as a process of its own, from a process that has no torch."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine import __version__, rundir
from engine.config import TrainConfig
from engine.corpus import Corpus
from engine.errors import RunError, StorageError
from engine.rundir import RunDirectory

_NICENESS = 10


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
    name: str | None, corpus: Corpus, config: TrainConfig, command: str = "", init_from: str = ""
) -> RunDirectory:
    """Make the directory of a new run.

    Raises UsageError, RunError, StorageError.
    """
    return rundir.create(
        name, corpus, config, versions=versions(), command=command, init_from=init_from
    )


def start(run: RunDirectory) -> subprocess.Popen[bytes]:
    """Start the trainer of a run: in a session of its own, at low priority, its stderr in trainer.log.

    The run goes on from its newest state if it has one. Raises RunError where it is running already.
    """
    if run.alive():
        raise RunError(f"run {run.name} is running already")
    try:
        log = open(run.log, "ab")
    except OSError as error:
        raise StorageError(f"cannot write {run.log}: {error.strerror}") from error
    with log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.trainer", str(run.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            cwd=run.folder,
            env=_environment(),
        )


def lower_priority() -> None:
    """Give way to whatever a person is looking at."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def device_facts(timeout: float = 60.0) -> dict[str, Any]:
    """What `engine.device` finds, asked of a child process so that torch stays out of this one.

    Raises RunError.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "engine.device", "--json"],
            capture_output=True,
            timeout=timeout,
            check=True,
            cwd=Path(sys.prefix),
            env=_environment(),
        )
        facts = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise RunError(f"torch cannot be asked about devices: {error}") from error
    assert isinstance(facts, dict)
    return facts


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONSAFEPATH": "1"}
