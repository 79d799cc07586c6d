"""The newest model of a run."""

from __future__ import annotations

import os
from pathlib import Path

from engine.network import modelfile
from engine.runs.newest import newest
from tests.conftest import make_model


def test_it_is_the_file_that_was_replaced_last(home: Path) -> None:
    folder = home / "runs" / "r"
    folder.mkdir(parents=True)
    best, latest = folder / "best.safetensors", folder / "latest.safetensors"
    assert newest(best) is None
    modelfile.save(best, make_model())
    first = newest(best)
    assert first and first.path == best and first == newest(best)
    modelfile.save(latest, make_model(seed=1))
    os.utime(best, (1, 1))
    second = newest(best)
    assert second and second.path == latest and second.load().name == "r"
    modelfile.save(latest, make_model(seed=2))
    assert newest(latest) != second


def test_a_model_of_the_library_has_none(home: Path) -> None:
    path = home / "models" / "one.safetensors"
    modelfile.save(path, make_model())
    assert newest(path) is None
