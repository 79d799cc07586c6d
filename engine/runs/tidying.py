"""Renaming and deleting runs and corpora. What a living training needs is left alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from corpora import BUILT_IN
from engine import outside, places, storage
from engine.errors import HeloError, NotFoundError, RunError, UsageError
from engine.names import RUN
from engine.runs import race, rundir
from engine.runs.rundir import RunDirectory
from engine.storage import check_name, storage_error, write_json
from engine.text import corpus
from engine.text.sources import catalogue
from engine.words import quoted


def in_use() -> dict[Path, str]:
    """The folders of runs and corpora, resolved, that can be neither renamed nor deleted now, and why."""
    found, runs = dict[Path, str](), list(rundir.runs())
    racing = {run.race() for run in runs if race.goes_on(run)}
    for run in runs:
        if run.alive():
            found[run.folder.resolve()] = f"{run.name} is training: stop it first"
            with suppress(HeloError):  # a damaged run.json
                found[run.info().place] = f"{run.name} is training on it: stop that first"
        elif racing and (own := run.race()) in racing:
            found[run.folder.resolve()] = (
                f"{run.name} is in {own}, which still runs: stop that first"
            )
    return found


def rename_run(name: str, new: str) -> RunDirectory:
    """Rename one of the user's runs. Returns it under its new name.

    Raises NotFoundError, UsageError if the new name is taken or invalid, RunError if the run is in use,
    StorageError.
    """
    run = own_run(name)
    check_unused(run.folder)
    target = places.runs() / check_name(new)
    if target.exists():
        raise UsageError(f"there is a run {quoted(new)} already: choose another name")
    _check_no_heirs(run)
    lock = run.lock()
    try:
        lock.acquire(timeout=0)
    except TimeoutError as error:
        raise RunError(f"{run.name} is training: stop it first") from error
    with lock:
        _move(run.folder, target)
    return RunDirectory(target)


def rename_corpus(name: str, new: str) -> Path:
    """Rename an imported corpus. Runs that train on it find it again by its text. Returns its folder.

    Raises NotFoundError, UsageError if the new name is taken or invalid, RunError if a training uses it,
    StorageError.
    """
    folder = own_corpus(name)
    check_unused(folder)
    target = places.corpora() / check_name(new)
    if new in BUILT_IN or new in catalogue.entries():
        raise UsageError(f"{quoted(new)} is the name of another corpus: choose another name")
    with FileLock(places.corpora_lock()):
        if target.exists():
            raise UsageError(f"there is a corpus {quoted(new)} already: choose another name")
        _move(folder, target)
    with suppress(HeloError, OSError):  # one that is damaged stays as it is
        corpus.read_info(target)
        data = outside.parse_json(outside.read(target / corpus.INFO, outside.LARGE))
        write_json(target / corpus.INFO, data | {"name": new})
    return target


def remove(folder: Path) -> None:
    """Delete a run and its models, or an imported corpus.

    Raises RunError if it is in use, StorageError.
    """
    check_unused(folder)
    storage.remove_folder(folder)


def own_run(name: str) -> RunDirectory:
    """One of the user's own runs. Raises NotFoundError."""
    folder = places.runs() / name
    if not name or folder.parent != places.runs() or not (folder / RUN).is_file():
        raise NotFoundError(f"no run {quoted(name)}; `helo runs list` shows all runs")
    return RunDirectory(folder)


def own_corpus(name: str) -> Path:
    """The folder of an imported corpus. Raises NotFoundError."""
    folder = places.corpora() / name
    if not name or folder.parent != places.corpora() or not (folder / corpus.INFO).is_file():
        raise NotFoundError(
            f"no imported corpus {quoted(name)}; `helo corpora list` shows all corpora"
        )
    return folder


def check_unused(folder: Path) -> None:
    """Raises RunError for a folder that is `in_use`."""
    if why := in_use().get(folder.resolve()):
        raise RunError(why)


def _check_no_heirs(run: RunDirectory) -> None:
    """Raises RunError if another run has yet to read its first weights from a model of this one."""
    inside = run.folder.resolve()
    for other in rundir.runs():
        begun = ""
        with suppress(RunError):  # a damaged run.json
            begun = other.info().init_from
        if begun and Path(begun).parent == inside and not other.states():
            raise RunError(
                f"{other.name} starts from it and has not saved yet: train {other.name} first, "
                "or delete it"
            )


def _move(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError as error:
        raise storage_error(target, error) from error
    storage.sync_folder(target.parent)
