"""`helo score`: how well a model predicts a text."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli.output import emit, loss, note, progress, write


def score(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="A model's name, a run's name, or a path.",
            show_default="shakespeare",
        ),
    ] = None,
    windows: Annotated[
        int | None,
        typer.Option(
            "--windows", help="Score 12,800 cold windows of this length instead of one pass.",
            show_default=False,
        ),
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out characters the model does not know.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how well a model predicts a text, in nats and bits per character.

    One pass from the first character to the last, the state carried; the first one is given.
    """
    from engine import score as scoring
    from engine.library import DEFAULT_MODEL, open_model
    from engine.sources import read
    from engine.stepper import Stepper

    ref = model or DEFAULT_MODEL
    opened = open_model(ref)
    text = read(file, opened.alphabet.units)
    skipped = 0
    if skip_unknown:
        ids, skipped = opened.alphabet.encode_known(text)
        if skipped:
            note(f"{skipped:,} of {len(ids) + skipped:,} characters are unknown and left out")
    else:
        ids = opened.alphabet.encode(text)
    stepper = Stepper(opened)
    with progress("scoring") as report:
        result = (
            scoring.stateful(stepper, ids, report)
            if windows is None
            else scoring.windows(stepper, ids, windows, report)
        )
    if json:
        emit({"model": ref, **result.to_json(), "skipped": skipped})
        return
    error = f" ± {result.standard_error:.4f}" if result.standard_error is not None else ""
    write(
        f"{loss(result.nats_per_char)}{error}: {opened.name}, {result.chars:,} predictions, "
        f"{result.protocol}\n"
    )
