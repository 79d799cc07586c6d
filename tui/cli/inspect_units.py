"""`helo inspect units`: which unit tells what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.shared.options import HELD_OUT_TEXT, AModel, Command, Json, option
from tui.cli.shared.output import emit, progress, write

if TYPE_CHECKING:
    from engine.inspecting.card import Card, Push
    from engine.inspecting.properties import Property
    from engine.inspecting.units import Finding
    from engine.network.stepper import Stepper
    from engine.runs.found_units import FoundUnits

_MOST = 100_000
"""Characters of a text that are read."""

app = typer.Typer()


@app.command(cls=Command)
def units(
    model: AModel,
    find: Annotated[
        str | None, option("--find", shows="P", help="Look for this property alone.")
    ] = None,
    match: Annotated[
        str | None,
        option("--match", shows="REGEX", help="Look for the matches of this expression."),
    ] = None,
    text: Annotated[str | None, HELD_OUT_TEXT] = None,
    json: Json = False,
) -> None:
    """Show which units of a model tell quotes, line ends and other properties of a text.

    For each property, the unit that tells it best, and whether that is more than the last character, an
    untrained network, or chance would tell. A single one shows its unit's card too.
    """
    from engine.blas import one_thread
    from engine.network import modelfile
    from engine.network.stepper import Stepper
    from engine.runs import library
    from engine.runs.found_units import found_units
    from tui.cli.shared.inspected import inspected

    properties = _properties(find, match)
    path = library.model_path(model)
    stepper = Stepper(modelfile.load(path))
    one_thread()  # on a busy machine two were half as fast, and on one it is fast enough
    given = inspected([model], text, _MOST)[0].text if text else None
    with progress("searching", 100, "%") as report:
        found = found_units(
            stepper, path, properties, given, lambda share: report(round(100 * share), 100)
        )
    told = _card(stepper, found) if len(properties) == 1 else None
    if json:
        emit(_data(model, found, told, stepper.alphabet.symbols))
    else:
        _draw(found, told, stepper)


def _properties(find: str | None, match: str | None) -> list[Property]:
    """Raises UsageError, NotFoundError."""
    from engine.errors import UsageError
    from engine.inspecting.matching import own_property
    from engine.inspecting.properties import PROPERTIES, named

    if find is not None and match is not None:
        raise UsageError("--find and --match name two properties: give one of them")
    if match is not None:
        return [own_property(match)]
    return list(PROPERTIES.values()) if find is None else [named(find)]


def _card(stepper: Stepper, found: FoundUnits) -> Card | None:
    """The card of the only unit; None if the property is too rare."""
    from engine.inspecting.card import card

    (only,) = found.findings
    return card(stepper, found.text.ids, only.unit) if only.unit else None


def _data(
    model: str, found: FoundUnits, told: Card | None, symbols: Sequence[str]
) -> dict[str, Any]:
    def one(each: Finding) -> dict[str, Any]:
        numbers = {
            "unit": each.unit,
            "falls": each.falls,
            "auc": each.auc,
            "last_character": each.alone,
            "untrained": each.untrained,
            "chance": each.chance,
        }
        about = {"property": each.name, "says": each.says, "share": each.share}
        return {**about, **(numbers if each.unit else {}), "found": each.found}

    return {
        "model": model,
        "text": found.text.source,
        "chars": len(found.text.ids),
        "others": found.others,
        "properties": [one(each) for each in found.findings],
        "card": told and _card_data(told, symbols),
    }


def _card_data(told: Card, symbols: Sequence[str]) -> dict[str, Any]:
    from math import isinf

    def pushed(pushes: tuple[Push, ...] | None) -> list[list[Any]] | None:
        return None if pushes is None else [[symbols[push.id], push.nats] for push in pushes]

    memory = told.memory
    return {
        "unit": told.name,
        "mean": told.mean,
        "deviation": told.deviation,
        "low": told.low,
        "high": told.high,
        "counts": told.counts.tolist(),
        "examples": [[each.kind, each.index, each.value] for each in told.examples],
        "favours": pushed(told.favours),
        "opposes": pushed(told.opposes),
        "memory": None if memory is None or isinf(memory) else memory,
    }


def _draw(found: FoundUnits, told: Card | None, stepper: Stepper) -> None:
    from tui import telling, unit_card
    from tui.cli.shared.inspected import WIDTH, say
    from tui.cli.shared.tables import table

    rows = [telling.row(each) for each in found.findings]
    table(telling.HEADS, rows, ("chance", "new net", "last"))
    write("\n")
    if len(found.findings) == 1:
        (only,) = found.findings
        say(f"{only.name}: the character {only.says}; {only.share:.1%} of them.")
    for sentence in (telling.AUC, telling.BASELINES, telling.NOT_SAID, telling.searched(found)):
        say(sentence)
    if told:
        write("\n")
        shown = unit_card.lines(told, stepper.alphabet, WIDTH)
        for line in shown:
            (say if len(line) > WIDTH else _line)(line)


def _line(text: str) -> None:
    write(f"{text}\n")
