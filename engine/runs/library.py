"""The library of models, by name: the user's own, and those that came with helo."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import names, outside, places
from engine.errors import HeloError, ModelFileError, NotFoundError, StorageError, UsageError
from engine.foreign import importing as foreign
from engine.foreign.alphabet import Told
from engine.names import MODEL
from engine.network import modelfile
from engine.network.modelfile import Model, ModelSummary
from engine.storage import check_name, storage_error, write_bytes
from engine.text.sources.importing import tidy
from engine.words import quoted

DEFAULT_MODEL = "shakespeare"
_LONGEST_CARD = 50_000
"""Characters that are read of a card."""


@dataclass(frozen=True)
class ModelEntry:
    """A model in a list. If its file cannot be read, `summary` is None and `problem` says why."""

    name: str
    path: Path
    bundled: bool
    size: int
    """Bytes."""
    summary: ModelSummary | None
    problem: str = ""

    @property
    def card(self) -> str:
        return card(self.path)


def card(model: Path) -> str:
    """The text of the card beside a model's file, or ""; of a long one its beginning."""
    path = model.with_suffix(".md")
    if not path.is_file():
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_LONGEST_CARD)


def models() -> list[ModelEntry]:
    """The user's models, then the bundled ones that none of these hides."""
    found: dict[str, ModelEntry] = {}
    for folder, bundled in ((places.models(), False), (places.bundled(), True)):
        for path in names.model_files(folder):
            found.setdefault(path.stem, entry(path, bundled))
    return list(found.values())


def entry(path: Path, bundled: bool = False) -> ModelEntry:
    """What a list says of a file."""
    try:
        size = path.stat().st_size
        return ModelEntry(path.stem, path, bundled, size, modelfile.read_summary(path))
    except (HeloError, OSError) as error:
        return ModelEntry(path.stem, path, bundled, 0, None, str(error))


def _candidates(ref: str) -> Iterator[Path]:
    yield places.models() / f"{ref}{MODEL}"
    yield places.bundled() / f"{ref}{MODEL}"
    yield places.runs() / ref / f"best{MODEL}"
    yield places.runs() / ref / f"latest{MODEL}"


def model_path(ref: str) -> Path:
    """The file of MODEL: a name in the library, a bundled name, a run's name (its best model, else its
    latest), or a path.

    Raises NotFoundError.
    """
    if not ref:
        raise UsageError("name a model; `helo models list` shows all models")
    looks_like_path = os.sep in ref or ref.endswith(MODEL) or ref.startswith(("~", "."))
    if not looks_like_path:
        for path in _candidates(ref):
            if os.path.isfile(path):
                return path
    path = places.typed(ref)
    for found in (path / f"best{MODEL}", path / f"latest{MODEL}", path):
        if os.path.isfile(found):
            return found
    if not looks_like_path and os.path.isdir(places.runs() / ref):
        raise NotFoundError(
            f"the run {quoted(ref)} has no model yet: there is one after its first evaluation"
        )
    raise NotFoundError(f"no model {quoted(ref)}; `helo models list` shows all models")


def open_model(ref: str) -> Model:
    """Read the model that `ref` refers to.

    Raises NotFoundError or ModelFileError.
    """
    return modelfile.load(model_path(ref))


def own_model(name: str) -> Path:
    """The file of one of the user's own models, which may be renamed and removed.

    Raises NotFoundError, or UsageError for a bundled model.
    """
    path = places.models() / f"{name}{MODEL}"
    inside = os.sep not in name  # a name must not lead out of the folder
    if inside and path.is_file():
        return path
    if inside and (places.bundled() / f"{name}{MODEL}").is_file():
        raise UsageError(f"{name} came with helo: it can be neither renamed nor removed")
    raise NotFoundError(
        f"no model {quoted(name)} in the library; `helo models list` shows all models"
    )


def keep_model(model: Model, name: str, dtype: str = "float16") -> Path:
    """Put a model into the library under a new name. Returns its file.

    Raises UsageError if the name is taken or invalid, StorageError.
    """
    path = _free(name)
    modelfile.save(path, model, dtype)
    return path


def import_model(path: Path, name: str | None = None, named: Told | None = None) -> Path:
    """Put the model in a file or folder of another project into the library, by default under the name of
    the file. `named` is its alphabet, where the file has none. Returns its new file, which has float16
    weights if none loses anything by it. A model file of helo's is copied.

    Raises NotFoundError, ModelFileError, UsageError for an alphabet that is needed or wrong or a name that
    is taken or invalid, StorageError.
    """
    if not path.exists():
        raise NotFoundError(
            f"no file or folder {quoted(str(path))}: name a model of another project"
        )
    with outside.reading(path, ModelFileError):
        own = not path.is_dir() and modelfile.claims(path)
    called = name or tidy(path.name if path.is_dir() else path.stem)
    target = _free(called)
    if own:
        modelfile.load(path)
        if named is not None:
            raise UsageError("the file stores its alphabet: leave out --alphabet")
        write_bytes(target, path.read_bytes())
        return target
    model = foreign.read(path, called, named)
    modelfile.save(target, model, "float16" if _halves(model) else "float32")
    return target


def _halves(model: Model) -> bool:
    """Whether float16 holds every weight exactly."""
    with np.errstate(over="ignore"):
        return all(np.array_equal(W, W.astype(np.float16)) for W in model.weights.values())


def rename_model(old: str, new: str) -> None:
    """Rename one of the user's models, and its card.

    Raises NotFoundError, UsageError, StorageError.
    """
    path = own_model(old)
    target = _free(new)
    _rename(path, target)
    if path.with_suffix(".md").exists():
        _rename(path.with_suffix(".md"), target.with_suffix(".md"))


def remove_model(name: str) -> None:
    """Delete one of the user's models, and its card.

    Raises NotFoundError, UsageError, StorageError.
    """
    path = own_model(name)
    try:
        path.with_suffix(".md").unlink(missing_ok=True)
        path.unlink()
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}") from error


def _free(name: str) -> Path:
    """The file of a new model.

    Raises UsageError if the name is taken, by a bundled model too, or invalid.
    """
    path = places.models() / f"{check_name(name)}{MODEL}"
    if path.exists():
        raise UsageError(f"there is a model {quoted(name)} already: choose another name")
    if (places.bundled() / path.name).exists():
        raise UsageError(f"{quoted(name)} is a model that came with helo: choose another name")
    return path


def _rename(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        raise storage_error(new, error) from error
