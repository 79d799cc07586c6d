"""Which models, runs and corpora there are, by name. Reads none of them and imports no NumPy, so it is fast
enough to complete a line while it is being typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import places
from engine.storage import folders

MODEL = ".safetensors"
"""The suffix of a model's file."""
RUN, CORPUS = "run.json", "corpus.json"
"""The files by which the folders of runs and corpora are known."""


def models() -> Iterator[str]:
    """What MODEL can name: models, and runs that have a best model. A name may come twice."""
    yield from own_models()
    yield from (path.stem for path in model_files(places.bundled()))
    yield from (path.parent.name for path in places.runs().glob(f"[!.]*/best{MODEL}"))


def own_models() -> Iterator[str]:
    """The user's own models."""
    return (path.stem for path in model_files(places.models()))


def model_files(folder: Path) -> list[Path]:
    """The models in a folder, by name."""
    return sorted(folder.glob(f"[!.]*{MODEL}"))


def runs() -> list[Path]:
    """The folders of the user's runs."""
    return folders(places.runs(), RUN)


def corpora() -> list[Path]:
    """The folders of the user's corpora."""
    return folders(places.corpora(), CORPUS)
