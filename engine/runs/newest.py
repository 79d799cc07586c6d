"""The newest model of a run, which a training replaces as it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs.rundir import RunDirectory


@dataclass(frozen=True)
class Newest:
    """The newest of a run's model files, and what tells whether it has been replaced."""

    path: Path
    stamp: tuple[int, int, int]

    def load(self) -> Model:
        """Read it. Raises ModelFileError."""
        return modelfile.load(self.path)


def newest(path: Path) -> Newest | None:
    """The newest of the model files of the run that a model's file is one of; None if it is of no run."""
    run = RunDirectory(path.parent)
    if path not in (run.best, run.latest):
        return None
    found = []
    for file in (run.best, run.latest):
        try:
            stat = file.stat()
        except OSError:
            continue
        found.append(Newest(file, (stat.st_mtime_ns, stat.st_size, stat.st_ino)))
    return max(found, key=lambda each: each.stamp[0], default=None)
