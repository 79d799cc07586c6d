"""`helo race`: networks of several cells train on the same text in turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cells import CELLS
from engine.config import time_span
from engine.errors import RunError
from tui import signals
from tui.cli.shared import completing
from tui.cli.shared.options import CORPUS_HELP, SPLIT, VALIDATION, Command, argument, flag, option
from tui.cli.shared.output import note, progress

if TYPE_CHECKING:
    from engine.runs.race import Race
    from engine.runs.rundir import RunDirectory
    from engine.text.corpus import Corpus
    from tui.cli.shared.race_views import RaceView

_POLL = 0.02
_SECONDS = 60.0

app = typer.Typer()


@app.command(cls=Command, rich_help_panel="Train")
def race(
    corpus: Annotated[str, argument("CORPUS", CORPUS_HELP, completing.texts_or_files)],
    cells: Annotated[
        str,
        option(
            "--cells",
            shows="A,B,…",
            help=f"Two or more of {', '.join(CELLS)}.",
            offers=completing.several_cells,
        ),
    ] = "rnn,lstm,gru",
    seconds: Annotated[
        float | None,
        option(
            "--seconds",
            shows="TIME",
            help="How long to train, in seconds or as in 5m: each; or, with equal parameters, roughly the "
            "first one.",
            default=f"{_SECONDS:g}",
            parser=time_span,
        ),
    ] = None,
    hidden: Annotated[
        int | None,
        option("--hidden", shows="N", help="Units per layer of the first one; found if not given."),
    ] = None,
    validation: Annotated[float | None, VALIDATION] = None,
    split: Annotated[str | None, SPLIT] = None,
    by: Annotated[
        str,
        option(
            "--by",
            shows="WHAT",
            help="What is equal for all: parameters (and the number of steps), or seconds (and the number "
            "of units).",
            offers=completing.one_of("parameters", "seconds"),
        ),
    ] = "parameters",
    detach: Annotated[
        bool, flag("--detach", help="Return once the first one is training.")
    ] = False,
    json: Annotated[
        bool, flag("--json", help="Print one JSON event per line, then the table.")
    ] = False,
) -> None:
    """Train networks of several cells on a text, in turns, and compare them.

    All settings are the same, except the learning rate, which suits the cell.

    Each network is a run of its own. ctrl+c saves and stops them all.
    """
    from engine.runs import race as races
    from engine.runs import recipe
    from tui.cli.shared import begin

    names = races.check([name.strip() for name in cells.split(",")], by)
    given: dict[str, Any] = {"cell": names[0], "seconds": _SECONDS if seconds is None else seconds}
    asked = {"hidden": hidden, "validation": validation, "split": split}
    given |= {key: value for key, value in asked.items() if value is not None}
    recipe.check(given)
    if validation is not None:
        races.check_held_out(validation)
    found = begin.obtain(corpus)
    held = recipe.how_split(given, found)
    races.check_corpus(found, *held)
    _survey(found, *held)
    first = begin.complete(given, found)
    leader = races.lead(found, first, begin.command(), by)
    if detach:
        _detach(leader, names[1:], by)
        return
    name = leader.info().race
    title = f"{name}: {', '.join(names)}, equal {by}, on {found.info.name}"
    _run(races.Race(leader, names[1:], by), json, title, by)


def _survey(found: Corpus, validation: float, split: str) -> None:
    """Survey the corpus first, so that a survey does not run beside the first network and slow it down."""
    from engine.runs import launch

    if child := launch.survey(found.folder, validation, split):
        with progress(f"surveying {found.info.name}"):
            child.wait()


def _detach(leader: RunDirectory, others: list[str], by: str) -> None:
    """Start the race in a process of its own, and return once it is running.

    Raises RunError if it cannot start.
    """
    from engine.runs import launch
    from engine.runs.ended import trouble

    driver = launch.drive(leader, others, by)
    try:
        while not leader.lives():
            if driver.poll() is not None:
                raise RunError(trouble(leader, None, driver.returncode))
            time.sleep(_POLL)
    except KeyboardInterrupt:
        driver.terminate()
        raise
    name = leader.info().race
    note(f"{name} continues: helo runs list, or helo runs stop {name}")


def _run(race: Race, json: bool, title: str, by: str) -> None:
    """Run a race to its end and show the table. However the race ends, its trainers save.

    Raises RunError if a trainer failed or was killed. The others have continued without it.
    """
    from engine.runs.ended import trouble
    from engine.runs.events import Stopped
    from tui.cli.shared import race_views

    view = race_views.choose(json, title, race, by)
    with signals.interrupts() as pressed:
        try:
            with view:
                _turns(race, view, pressed)
        finally:
            race.stop()
        view.tell(race.standings())
    if pressed.count:
        names = ", ".join(racer.run.name for racer in race.racers)
        done = "stopped and saved" if race.over else "they save and stop by themselves"
        note(f"{done}: helo train --resume continues {names}")
        raise typer.Exit(signals.exit_status())
    fallen = [racer for racer in race.racers if not isinstance(racer.last, Stopped)]
    if fallen:
        raise RunError("; ".join(trouble(r.run, r.last, r.status) for r in fallen))


def _turns(race: Race, view: RaceView, pressed: signals.Interrupts) -> None:
    """Watch until the race is over. ctrl+c stops it; a second ctrl+c leaves the trainers to save by
    themselves."""
    told = False
    while not race.over and pressed.count < 2:
        for racer, event, line in race.look():
            view.show(racer, event, line)
        if pressed.count and not told:
            told = True
            race.stop()
            view.say("stopping: they save first; ctrl+c again does not wait")
        time.sleep(_POLL)
