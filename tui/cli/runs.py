"""`helo runs`: the trainings, running and ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from engine.config import check_choice
from engine.errors import RunError
from tui.cli.shared import completing
from tui.cli.shared.ask import ask, stop_race
from tui.cli.shared.options import Command, Json, Listing, Yes, argument, group, option
from tui.cli.shared.output import confirm, emit, note, write
from tui.cli.shared.tables import reasons, table
from tui.phrases import duration, number

app = group("List, watch and control trainings.", Listing)
_FORMATS = ("csv", "tensorboard")
Run = Annotated[str, argument("RUN", "A run's name.", completing.runs)]
Living = Annotated[str, argument("RUN", "A run's name.", completing.living)]


@app.command("list", cls=Command)
def list_(json: Json = False) -> None:
    """List the runs, newest last."""
    from engine.runs import rundir
    from engine.runs.kept import Log
    from engine.runs.summary import summary

    found = sorted(
        (summary(run, Log(run.events_path).catch_up()) for run in rundir.runs()),
        key=lambda found: found.created,
    )
    if json:
        emit([s.as_json() for s in found], indent=2)
        return
    if not found:
        note("no runs yet: helo train CORPUS makes one")
        return
    columns = {"run": "left", "status": "left", "corpus": "left", "network": "left"}
    columns |= {"step": "right", "of": "right", "best nats": "right", "time": "right"}
    table(
        columns,
        [
            [
                s.name,
                s.status,
                s.corpus,
                s.network,
                f"{s.step:,}",
                f"{s.total_steps:,}",
                number(s.best_val_nats, ".4f") if s.validates else "none",
                duration(s.seconds),
            ]
            for s in found
        ],
        ("time", "of", "step", "corpus", "network", "best nats", "status"),
    )
    reasons({s.name: s.reason for s in found if s.status == "damaged"})


@app.command(cls=Command)
def show(name: Run, json: Json = False) -> None:
    """Show one run: its settings, status, curve, kept points and newest sample."""
    from engine.runs.events import Sampled
    from engine.runs.kept import Log
    from engine.runs.points import points
    from engine.runs.rundir import find
    from engine.runs.summary import summary

    run = find(name)
    info, kept = run.info(), Log(run.events_path).catch_up()
    found = summary(run, kept)
    if json:
        samples = [e.text for e in kept.of(Sampled)]
        more: dict[str, Any] = {"config": asdict(info.config), "sample": (samples or [""])[-1]}
        more["kept"] = [{"name": point.name, "step": point.step} for point in points(run)]
        emit(found.as_json() | more, indent=2)
        return
    from tui.cli.shared import page

    page.show(run, found, kept)


@app.command(cls=Command)
def attach(name: Living, json: Json = False) -> None:
    """Watch a running training; ctrl+c leaves it training."""
    from engine.runs.rundir import find
    from tui.cli.shared import follow
    from tui.cli.shared.watch import watch

    run = find(name)
    watch(run, lambda view: follow.attach(run, view), "ctrl+c leaves it training", json)


@app.command(cls=Command)
def pause(name: Living) -> None:
    """Pause a training; its process stays alive."""
    ask(name, "pause")


@app.command(cls=Command)
def resume(name: Living) -> None:
    """Continue a paused training."""
    ask(name, "resume")


@app.command(cls=Command)
def stop(
    name: Annotated[str, argument("RUN", "The name of a run or a race.", completing.stoppable)],
) -> None:
    """Save and stop a training or a whole race; helo train --resume continues a run."""
    from engine.runs import race

    if leader := race.leader(name):
        stop_race(name, leader)
    else:
        ask(name, "stop")


@app.command(cls=Command)
def save(name: Living) -> None:
    """Save the state of a training now."""
    ask(name, "save")


@app.command(cls=Command)
def evaluate(name: Living) -> None:
    """Measure the validation loss now."""
    ask(name, "evaluate")


@app.command(cls=Command)
def sample(name: Living) -> None:
    """Write a sample now."""
    ask(name, "sample")


@app.command(cls=Command)
def lr(name: Living, factor: Annotated[float, argument("FACTOR", "2 doubles it.")]) -> None:
    """Multiply the learning rate."""
    ask(name, "lr", factor)


@app.command(cls=Command)
def clip(
    name: Living, norm: Annotated[float, argument("NORM", "Of all gradients together.")]
) -> None:
    """Change the norm at which gradients are clipped."""
    ask(name, "clip", norm)


@app.command(cls=Command)
def dropout(
    name: Living, share: Annotated[float, argument("P", "Share of units dropped.")]
) -> None:
    """Change the dropout."""
    ask(name, "dropout", share)


@app.command(cls=Command)
def mark(
    name: Living,
    mark: Annotated[str, argument("NAME", "The mark's name; without one, the step.")] = "",
) -> None:
    """Keep the current state for good: to go back to, or for --init-from RUN@NAME."""
    ask(name, "mark", text=mark)


@app.command(cls=Command)
def back(
    name: Living,
    point: Annotated[
        str, argument("POINT", "best, a mark, or a kept step.", completing.points)
    ] = "best",
) -> None:
    """Go back to a kept point and continue training from there."""
    ask(name, "back", text=point)


@app.command(cls=Command)
def keep(
    name: Run,
    as_: Annotated[
        str | None, option("--as", shows="MODEL", help="The model's name; without one, the run's.")
    ] = None,
) -> None:
    """Keep a run's best model in the library."""
    from engine.runs import library
    from engine.runs.rundir import find

    run = find(name)
    best = run.best if run.best.exists() else run.latest
    if not best.exists():
        raise RunError(f"run {run.name} has saved no model yet")
    path = library.keep_model(library.open_model(str(best)), as_ or run.name)
    write(f"{path}\n")


@app.command(cls=Command)
def rename(
    name: Run,
    new: Annotated[str, argument("NEW", "Its new name.")],
) -> None:
    """Rename a run that is not training."""
    from engine.runs import tidying

    tidying.rename_run(name, new)


@app.command(cls=Command)
def export(
    name: Annotated[
        str, argument("RUN", "The name of a run or a race.", completing.runs_and_races)
    ],
    file: Annotated[
        str, argument("FILE", "A file or, for TensorBoard, a folder; - is standard output.")
    ] = "-",
    format: Annotated[
        str,
        option(
            "--format",
            shows="FORMAT",
            help=f"One of {', '.join(_FORMATS)}.",
            offers=completing.one_of(*_FORMATS),
        ),
    ] = _FORMATS[0],
    yes: Yes = False,
) -> None:
    """Write the curve of a run, or those of a race, for other programs.

    As CSV: a row per measurement or change, with losses in nats and in bits.

    As TensorBoard event files: FILE is the folder to start TensorBoard on.
    """
    from tui.cli.shared import exporting

    check_choice("format", format, _FORMATS)
    exporting.write_out(name, file, format, yes)


@app.command(cls=Command)
def rm(name: Run, yes: Yes = False) -> None:
    """Delete a run and its models."""
    from engine.runs import tidying
    from engine.runs.rundir import find

    run = find(name)
    tidying.check_unused(run.folder)
    confirm(f"delete run {run.name} and its models for good?", yes)
    tidying.remove(run.folder)
