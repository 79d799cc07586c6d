"""`helo runs export`: writing the log of a run for other programs. Asking before files are replaced."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine import places
from engine.errors import NotFoundError, StorageError, UsageError
from engine.runs import export, rundir
from engine.runs.rundir import RunDirectory
from engine.storage import write_bytes
from engine.words import counted
from tui.cli.shared.output import confirm, note, write

_STDOUT = "-"


def write_out(name: str, target: str, format: str, yes: bool) -> None:
    """Write the log of a run, or those of the runs of a race, to a file or folder.

    Raises NotFoundError, RunError, UsageError, StorageError.
    """
    runs = _named(name)
    if format == "csv":
        files = {target: export.table(runs).encode("utf-8", "replace")}
    else:
        if target == _STDOUT:
            raise UsageError(f"name a folder: helo runs export {name} FOLDER --format tensorboard")
        if places.typed(target).is_file():
            raise UsageError(f"{target} is a file: TensorBoard reads a folder")
        files = {}
        for run in runs:
            file, data = export.event_file(run)
            files[str(Path(target, run.name, file))] = data
    if target == _STDOUT:
        write(files[target].decode())
        return
    paths = {places.typed(file): data for file, data in files.items()}
    ask_to_replace(paths, yes)
    for path, data in paths.items():
        write_bytes(path, data)
    note(f"wrote {counted(len(runs), 'run')} to {target}")


def _named(name: str) -> list[RunDirectory]:
    """The run of that name, or the runs of the race of that name.

    Raises NotFoundError.
    """
    try:
        return [rundir.find(name)]
    except NotFoundError:
        if of_race := [run for run in rundir.runs() if name and run.race() == name]:
            return of_race
        raise


def ask_to_replace(paths: Iterable[Path], yes: bool) -> None:
    """Ask before files are replaced.

    Raises UsageError if there is no terminal to ask on, StorageError for what is not a file.
    """
    there = [path for path in paths if path.exists()]
    for path in there:
        if not path.is_file():
            raise StorageError(f"{path} is not a file: choose another name, or - for a pipe")
    if there:
        confirm(f"replace {there[0] if len(there) == 1 else counted(len(there), 'file')}?", yes)
