"""What a shell offers for an argument that is being typed.

Typer talks to the shell. A function here takes what was typed so far and returns the values that begin with
it, with a few words about each. If there are none, the shell completes paths by itself and quotes them.
Values that must be quoted are left to the shell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps

import typer

from engine.cells import CELLS
from engine.errors import HeloError

Offers = list[tuple[str, str]]
"""Values, and a word about each."""
_PLAIN = re.compile(r"[\w.][\w.,@-]*")
"""Values that no shell has to quote."""


def _quiet(find: Callable[[str], Iterable[tuple[str, str]]]) -> Callable[[str], Offers]:
    """The values that can be typed as they are. Errors are not shown: they would appear in the middle of
    the line being typed."""

    @wraps(find)
    def offers(incomplete: str) -> Offers:
        found = dict[str, str]()
        with suppress(HeloError, OSError):
            for value, about in find(incomplete):
                if value.startswith(incomplete) and _PLAIN.fullmatch(value):
                    found.setdefault(value, about)
        return list(found.items())

    return offers


def one_of(*values: str) -> Callable[[], Offers]:
    """Offers some words."""
    return lambda: [(value, "") for value in values]


@_quiet
def models(incomplete: str) -> Iterator[tuple[str, str]]:
    """What MODEL can name."""
    from engine import names

    return ((name, "model") for name in names.models())


@_quiet
def own_models(incomplete: str) -> Iterator[tuple[str, str]]:
    """The user's own models."""
    from engine import names

    return ((name, "model") for name in names.own_models())


@_quiet
def beginnings(incomplete: str) -> Iterator[tuple[str, str]]:
    """What a training can start from: models, and the kept points of a run once RUN@ is typed."""
    run, at, _ = incomplete.partition("@")
    if not at:
        yield from models(incomplete)
    else:
        yield from ((f"{run}@{point}", about) for point, about in _points(run))


@_quiet
def runs(incomplete: str) -> Iterator[tuple[str, str]]:
    """All runs."""
    from engine import names

    return ((folder.name, "run") for folder in names.runs())


@_quiet
def runs_and_races(incomplete: str) -> Iterator[tuple[str, str]]:
    """All runs, and their races."""
    from engine.runs import rundir

    yield from runs(incomplete)
    yield from ((race, "race") for run in rundir.runs() if (race := run.race()))


@_quiet
def living(incomplete: str) -> Iterator[tuple[str, str]]:
    """The runs that are training."""
    from engine.runs import rundir

    return ((run.name, "training") for run in rundir.runs() if run.alive())


@_quiet
def resumable(incomplete: str) -> Iterator[tuple[str, str]]:
    """The runs that are not training."""
    from engine.runs import rundir

    return ((run.name, "run") for run in rundir.runs() if not run.alive())


@_quiet
def stoppable(incomplete: str) -> Iterator[tuple[str, str]]:
    """The runs that are training, and their races."""
    from engine.runs import rundir

    yield from living(incomplete)
    yield from ((race, "race") for run in rundir.runs() if run.alive() and (race := run.race()))


def points(ctx: typer.Context, incomplete: str) -> Offers:
    """The kept points of the run that is named before."""
    return _quiet(lambda _: _points(ctx.params.get("name") or ""))(incomplete)


def _points(run: str) -> Iterator[tuple[str, str]]:
    from engine.runs import points, rundir

    for point in points.points(rundir.find(run)):
        yield str(point), f"step {point.step:,}"


@_quiet
def corpora(incomplete: str) -> Iterator[tuple[str, str]]:
    """The imported corpora."""
    from engine import names

    return ((folder.name, "corpus") for folder in names.corpora())


@_quiet
def texts(incomplete: str) -> Iterator[tuple[str, str]]:
    """What CORPUS can name in `helo train`."""
    yield from corpora(incomplete)
    yield from sources(incomplete)


@_quiet
def sources(incomplete: str) -> Iterator[tuple[str, str]]:
    """What `helo corpora add` takes by name."""
    from corpora import BUILT_IN

    return ((name, "built in") for name in BUILT_IN)


def _or_files(names: Callable[[str], Offers]) -> Callable[[str], Offers]:
    """Names, and beside them the files of this folder. If no name fits, the shell completes all paths."""

    def offers(incomplete: str) -> Offers:
        found = names(incomplete)
        return found + _files(incomplete) if found else []

    return offers


@_quiet
def _files(incomplete: str) -> Iterator[tuple[str, str]]:
    with os.scandir() as entries:
        found = sorted(entry.name for entry in entries if entry.is_file())
    return ((name, "file") for name in found if name[0] != ".")


@_quiet
def fetchable(incomplete: str) -> Iterator[tuple[str, str]]:
    """The texts of the catalogue."""
    from engine.text.sources import catalogue

    return ((name, entry.title) for name, entry in catalogue.entries().items())


@_quiet
def cells(incomplete: str) -> Iterator[tuple[str, str]]:
    """The cells."""
    return ((name, cell.hint) for name, cell in CELLS.items())


@_quiet
def several_cells(incomplete: str) -> Iterator[tuple[str, str]]:
    """Cells with commas between them; each once."""
    before, comma, _ = incomplete.rpartition(",")
    taken = before.split(",")
    return (
        (f"{before}{comma}{name}", cell.hint) for name, cell in CELLS.items() if name not in taken
    )


texts_or_files, sources_or_files = _or_files(texts), _or_files(sources)
