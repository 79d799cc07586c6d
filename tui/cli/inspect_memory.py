"""`helo inspect memory`: how far back a model remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.words import counted
from tui.cli.shared import completing
from tui.cli.shared.options import HELD_OUT_TEXT, AModel, Command, Json, argument
from tui.cli.shared.output import draws, emit, progress, write

if TYPE_CHECKING:
    from engine.inspecting.memory import Memory
    from tui.cli.shared.inspected import Inspected

_HEIGHT = 12

app = typer.Typer()


@app.command(cls=Command)
def memory(
    model: AModel,
    other: Annotated[
        str | None, argument("MODEL", "A second one, drawn over the first.", completing.models)
    ] = None,
    text: Annotated[str | None, HELD_OUT_TEXT] = None,
    json: Json = False,
) -> None:
    """Show how far back a model remembers: its loss by length of context, its gradient by lag."""
    from engine.blas import settle_threads
    from engine.inspecting.memory import MOST, measure
    from tui.cli.shared.inspected import inspected

    found = inspected([model, other] if other else [model], text, MOST)
    measured: list[tuple[Inspected, Memory]] = []
    for each in found:
        settle_threads(each.stepper.rehearse)
        with progress(each.stepper.model.name, unit="characters") as report:
            measured.append((each, measure(each.stepper, each.text.ids, report)))
    if json:
        names = [model, other]
        models = [_data(name or "", m) for name, (_, m) in zip(names, measured, strict=False)]
        emit({"text": found[0].text.source, "models": models})
    else:
        _draw(measured)


def _data(name: str, found: Memory) -> dict[str, Any]:
    return {
        "model": name,
        "effective_memory": found.contexts.memory,
        "full_nats": found.contexts.full,
        "nats": found.contexts.nats.tolist(),
        "predictions": found.contexts.targets,
        "rms": found.lags.rms.tolist(),
        "median": found.lags.median.tolist(),
        "gradients": found.lags.targets,
    }


def _draw(measured: list[tuple[Inspected, Memory]]) -> None:
    from tui.cli.shared.inspected import WIDTH, say
    from tui.curves import reach
    from tui.curves.ink import ASCII, ink

    names = [each.stepper.model.name for each, _ in measured]
    contexts, lags = [m.contexts for _, m in measured], [m.lags for _, m in measured]
    drawn = ink() if draws(reach.DRAWN) else ASCII

    def show(title: str, legend: list[tuple[str, str]], picture: Any) -> None:
        write(f"{title}\n{'   '.join(text for text, _ in legend)}\n")
        write("".join(f"{''.join(text for text, _ in row).rstrip()}\n" for row in picture))

    title = "loss in nats by the number of characters before it"
    picture = reach.loss_picture(contexts, WIDTH, _HEIGHT, drawn)
    show(title, reach.loss_legend(names, drawn), picture)
    for name, one in zip(names, contexts, strict=True):
        write(f"{name}: {reach.memory_words(one)}; with all the text {one.full:.3f} nats\n")
    say(reach.LOSS_MEANS)
    write("\n")
    title = "gradient of a loss by the state before it, by lag"
    picture = reach.gradient_picture(lags, WIDTH, _HEIGHT, drawn)
    show(title, reach.gradient_legend(names, drawn), picture)
    say(reach.GRADIENT_MEANS)
    text = measured[0][0].text
    say(
        f"Over {counted(contexts[0].targets, 'prediction')} and {counted(lags[0].targets, 'gradient')} "
        f"in {text.source}."
    )
