"""`helo score`: how well a model predicts a text."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.words import counted
from tui.cli.shared import completing
from tui.cli.shared.options import MODEL_HELP, Command, Json, argument, flag, option
from tui.cli.shared.output import emit, note, progress, write
from tui.phrases import loss

app = typer.Typer()


@app.command(cls=Command, rich_help_panel="Write")
def score(
    file: Annotated[str, argument("FILE", "A text file, or - for standard input.")],
    model: Annotated[
        str | None,
        option("--model", "-m", shows="MODEL", help=MODEL_HELP, offers=completing.models),
    ] = None,
    windows: Annotated[
        int | None,
        option(
            "--windows",
            shows="N",
            help="Score 12,800 windows of N predictions, each from zero state.",
        ),
    ] = None,
    dynamic: Annotated[
        bool,
        flag("--dynamic", help="Let the model keep learning as it reads."),
    ] = False,
    skip_unknown: Annotated[
        bool, flag("--skip-unknown", help="Leave out characters the model does not know.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure how well a model predicts a text.

    The loss is in nats and bits per character, over one pass. The first character is given.

    With --dynamic, a copy of the model adapts to the text: it learns from each part after scoring it.
    """
    from engine.blas import settle_threads
    from engine.errors import UsageError
    from engine.network.stepper import Stepper
    from engine.runs.library import DEFAULT_MODEL, open_model
    from engine.text.sources import read
    from engine.writing import score as scoring

    if dynamic and windows is not None:
        raise UsageError("--dynamic reads a text once from its start; leave --windows out")
    ref = model or DEFAULT_MODEL
    opened = open_model(ref)
    text = read(file, opened.alphabet.units, note)
    skipped = 0
    if skip_unknown:
        fitted = opened.alphabet.fit(text, strictly=True)
        ids, skipped = fitted.ids, fitted.left_out
        if fitted.note:
            note(fitted.note)
        if skipped:
            note(f"left out as unknown: {skipped:,} of {counted(len(ids) + skipped, 'character')}")
    else:
        ids = opened.alphabet.encode(opened.alphabet.equivalent(text))
    stepper = Stepper(opened)
    with progress("scoring") as report:
        if windows is not None:
            result = scoring.windows(stepper, ids, windows, report)
        else:
            settle_threads(stepper.rehearse)
            if dynamic:
                result = scoring.dynamic(opened, ids, report)
            else:
                result = scoring.stateful(stepper, ids, report)
    if json:
        emit({"model": ref, **result.to_json(), "skipped": skipped})
        return
    error = f" ± {result.standard_error:.4f}" if result.standard_error is not None else ""
    write(
        f"{loss(result.nats_per_char)}{error}: {opened.name}, {counted(result.chars, 'prediction')}, "
        f"{result.protocol}\n"
    )
