"""`helo train`: start or resume a training, and watch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cells import CELLS, named
from engine.config import (
    DEFAULT_CELL,
    DEFAULT_SECONDS,
    DTYPES,
    LENGTHS,
    ModelConfig,
    TrainConfig,
    time_span,
)
from engine.errors import RunError, UsageError
from tui.cli.shared import completing
from tui.cli.shared.options import (
    BATCH,
    CORPUS_HELP,
    DEVICE,
    LAYERS,
    SEQ_LENGTH,
    SPLIT,
    VALIDATION,
    Command,
    argument,
    flag,
    option,
)
from tui.cli.shared.output import note

if TYPE_CHECKING:
    from engine.runs.longer import Longer
    from engine.runs.rundir import RunDirectory

_NO_SETTINGS = {"corpus", "name", "init_from", "resume", "processes", "detach", "json"}
"""Parameters that are not part of a run's configuration."""
_RESUMING = {"resume", "processes", "detach", "json"} | {*LENGTHS}
"""Parameters allowed with --resume."""


app = typer.Typer()


@app.command(cls=Command, rich_help_panel="Train")
def train(
    context: typer.Context,
    corpus: Annotated[
        str | None, argument("CORPUS", CORPUS_HELP, completing.texts_or_files)
    ] = None,
    name: Annotated[str | None, option("--name", shows="NAME", help="Name of the run.")] = None,
    cell: Annotated[
        str,
        option(
            "--cell",
            shows="CELL",
            help=f"One of {', '.join(CELLS)}.",
            parser=named,
            offers=completing.cells,
        ),
    ] = DEFAULT_CELL,
    hidden: Annotated[
        int | None,
        option(
            "--hidden",
            shows="N",
            help="Units per layer. Like every option without a default, chosen for the text and the time.",
        ),
    ] = None,
    layers: Annotated[int | None, LAYERS] = None,
    layer_norm: Annotated[
        bool, flag("--layer-norm", help="Normalise the output of each layer.")
    ] = ModelConfig.layer_norm,
    residual: Annotated[
        bool, flag("--residual", help="Add each layer's input to its output, above the first.")
    ] = ModelConfig.residual,
    seq_length: Annotated[int | None, SEQ_LENGTH] = None,
    batch: Annotated[int | None, BATCH] = None,
    dropout: Annotated[
        float | None, option("--dropout", shows="P", help="Share of units dropped.")
    ] = None,
    weight_decay: Annotated[
        float | None,
        option(
            "--weight-decay",
            shows="X",
            help="How much weights shrink per step, times the learning rate.",
        ),
    ] = None,
    lr: Annotated[float | None, option("--lr", shows="X", help="Peak learning rate.")] = None,
    lr_to: Annotated[
        float | None,
        option(
            "--lr-to",
            shows="X",
            help="Learning rate at the end, to which it decays from the peak; without it, "
            f"1/{1 / TrainConfig.final_lr:g} of the peak.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        option(
            "--seconds",
            shows="TIME",
            help="How long to train: in seconds, or as in 5m or 1h30m.",
            default=f"{DEFAULT_SECONDS:g}",
            parser=time_span,
        ),
    ] = None,
    epochs: Annotated[
        float | None,
        option("--epochs", shows="N", help="Passes over the text, instead of --seconds."),
    ] = None,
    steps: Annotated[
        int | None, option("--steps", shows="N", help="Updates, instead of --seconds.")
    ] = None,
    device: Annotated[str, DEVICE] = TrainConfig.device,
    dtype: Annotated[
        str,
        option(
            "--dtype",
            shows="DTYPE",
            help=f"One of {', '.join(DTYPES)}.",
            offers=completing.one_of(*DTYPES),
        ),
    ] = TrainConfig.dtype,
    seed: Annotated[
        int, option("--seed", shows="N", help="Random seed for the initial weights and dropout.")
    ] = TrainConfig.seed,
    validation: Annotated[float | None, VALIDATION] = None,
    split: Annotated[str | None, SPLIT] = None,
    early_stop: Annotated[
        int,
        option(
            "--early-stop",
            shows="N",
            help="Stop after N evaluations without improvement; 0 = off.",
        ),
    ] = TrainConfig.early_stop,
    save_every: Annotated[
        float, option("--save-every", shows="S", help="Seconds between saves.")
    ] = TrainConfig.save_every,
    init_from: Annotated[
        str | None,
        option(
            "--init-from",
            shows="MODEL",
            help="Start from this model's weights, whatever its alphabet; or from those of a run at a "
            "kept point: RUN@best, RUN@MARK or RUN@STEP.",
            offers=completing.beginnings,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        option(
            "--resume",
            shows="RUN",
            help="Continue this run to its planned end; with --seconds, --epochs or --steps, train it "
            "that much longer, even if it has finished.",
            offers=completing.resumable,
        ),
    ] = None,
    processes: Annotated[
        int,
        option("--processes", shows="N", help="Split each batch among N processes, one per GPU."),
    ] = 1,
    detach: Annotated[bool, flag("--detach", help="Return once it is training.")] = False,
    json: Annotated[bool, flag("--json", help="Print one JSON event per line.")] = False,
) -> None:
    """Train a network on a text and watch it learn.

    ctrl+c saves and stops it; helo train --resume RUN continues it.

    At any time, helo sample RUN writes with what it has learnt so far.
    """
    from engine.runs.longer import NO_LONGER

    given = {key: value for key, value in context.params.items() if _typed(context, key)}
    if resume is None:
        if corpus is None:
            raise UsageError("name a CORPUS: a text file, or a name from `helo corpora list`")
        from engine.runs import new
        from tui.cli.shared import begin

        settings = {key: given[key] for key in given.keys() - _NO_SETTINGS}
        command, how = begin.command(), (begin.obtain, begin.complete)
        run = new.create(corpus, settings, name, init_from, processes, command, note, *how)
        more = NO_LONGER
    else:
        if extra := given.keys() - _RESUMING:
            names = ", ".join(
                "CORPUS" if key == "corpus" else _option(key) for key in sorted(extra)
            )
            raise UsageError(f"--resume continues with the settings of the run: leave out {names}")
        lengths = {key: given[key] for key in given.keys() & {*LENGTHS}}
        run, more = _to_resume(resume, processes, lengths)
    from tui.cli.shared import follow
    from tui.cli.shared.watch import watch

    watch(
        run,
        lambda view: follow.train(run, view, processes, detach=detach, longer=more),
        "ctrl+c saves and stops it",
        json,
    )


def _typed(context: typer.Context, key: str) -> bool:
    """Whether a parameter was given on the command line, not left at its default."""
    source = context.get_parameter_source(key)
    return source is not None and source.name == "COMMANDLINE"


def _option(key: str) -> str:
    """A parameter's name on the command line."""
    return f"--{key.replace('_', '-')}"


def _to_resume(ref: str, processes: int, more: dict[str, Any]) -> tuple[RunDirectory, Longer]:
    """The run to resume, and how much longer than planned.

    Raises NotFoundError, UsageError, or RunError if the run has finished and is not to train longer.
    """
    from engine.runs import launch, longer, rundir

    run = rundir.find(ref)
    launch.check_processes(processes, run.info().config.batch)
    if more:
        longer.check(run)
        return run, longer.planned(run.events(), more)
    if rundir.status(run, run.events()).word == "finished":
        raise RunError(
            f"run {run.name} has finished: give --steps, --epochs or --seconds to train it longer"
        )
    return run, longer.NO_LONGER
