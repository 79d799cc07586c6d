"""`helo models`: the library of models."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

from engine.exporting.forms import FORMS
from engine.words import counted
from tui.cli.shared import completing
from tui.cli.shared.options import AModel, Command, Json, Listing, Yes, argument, group, option
from tui.cli.shared.output import confirm, emit, facts, note, write
from tui.cli.shared.tables import reasons, table
from tui.phrases import alphabet as alphabet_
from tui.phrases import imported, loss, number, size, versions
from tui.text import one_line

if TYPE_CHECKING:
    from engine.runs.library import ModelEntry

app = group("List, show, import, export, rename and delete models.", Listing)
Own = Annotated[str, argument("MODEL", "The name of one of your models.", completing.own_models)]


def _describe(entry: ModelEntry) -> dict[str, Any]:
    """A model as JSON; of one that is damaged most is None."""
    from engine.config import ModelConfig
    from engine.network.parameters import count

    own = ("parameters", "alphabet", "dtype", "history")
    data: dict[str, Any] = {
        "name": entry.name,
        "path": str(entry.path),
        "bundled": entry.bundled,
        "bytes": entry.size,
        "problem": entry.problem,
        **dict.fromkeys([*(field.name for field in fields(ModelConfig)), *own]),
    }
    if summary := entry.summary:
        known = summary.alphabet
        data |= asdict(summary.config) | {
            "parameters": count(summary.config, len(known)),
            "alphabet": {"units": known.units, "symbols": "".join(known.symbols)},
            "dtype": summary.dtype,
            "history": asdict(summary.history),
        }
    return data


@app.command("list", cls=Command)
def list_(json: Json = False) -> None:
    """List the models: yours, then those that came with helo."""
    from engine.runs import library

    found = library.models()
    if json:
        emit([_describe(entry) for entry in found], indent=2)
        return
    if not found:
        note("no models yet: helo train CORPUS makes one")
        return
    columns = {"model": "left", "network": "left", "parameters": "right", "alphabet": "right"}
    columns |= {"best nats": "right", "file": "right", "": "left"}
    spare = ("file", "alphabet", "", "parameters", "best nats", "network")
    table(columns, [_row(entry) for entry in found], spare)
    reasons({entry.name: entry.problem for entry in found if entry.problem})


def _row(entry: ModelEntry) -> list[str]:
    if entry.summary is None:
        return [entry.name, "damaged", "", "", "", size(entry.size), ""]
    data, best = _describe(entry), entry.summary.history.best_val_nats
    return [
        entry.name,
        str(entry.summary.config),
        f"{data['parameters']:,}",
        str(len(entry.summary.alphabet)),
        number(best, ".4f"),
        size(entry.size),
        "bundled" if entry.bundled else "",
    ]


@app.command(cls=Command)
def show(
    model: AModel,
    json: Json = False,
) -> None:
    """Show one model: its sizes, alphabet, origin and card."""
    from engine import places
    from engine.network import modelfile
    from engine.runs import library
    from engine.runs.library import ModelEntry
    from engine.vocab import name_characters

    path = library.model_path(model)
    bundled = path.parent == places.bundled()
    summary = modelfile.read_summary(path)
    entry = ModelEntry(path.stem, path, bundled, path.stat().st_size, summary)
    data, history = _describe(entry), summary.history
    if json:
        emit(data | {"card": entry.card}, indent=2)
        return
    symbols = summary.alphabet.symbols
    trained = f"{counted(history.steps, 'step')}, {counted(history.chars, 'character')}, "
    trained += f"{history.seconds:,.0f} s"
    listed = repr("".join(symbols)) if len(symbols) <= _WHOLE else name_characters(symbols)
    facts(
        {
            "model": f"{model} (bundled)" if bundled else model,
            "network": f"{summary.config}, {data['parameters']:,} parameters, {summary.dtype}",
            "alphabet": f"{alphabet_(symbols, summary.alphabet.units)}: {listed}",
            "corpus": history.corpus,
            "imported": history.project and f"from {history.project}",
            "notes": "; ".join(history.notes),
            "loss": loss(history.best_val_nats),
            "trained": trained if history.steps or not history.project else "",
            "versions": versions(history.versions),
            "command": history.command,
            "file": f"{path} ({size(entry.size)})",
        }
    )
    if entry.card:
        write(f"\n{entry.card.strip()}\n")


_WHOLE = 120


@app.command("import", cls=Command)
def import_(
    file: Annotated[str, argument("FILE", "A file or folder of another project.")],
    name: Annotated[
        str | None,
        option("--name", shows="NAME", help="Its name here; else that of the file.", default=False),
    ] = None,
    alphabet: Annotated[
        str | None,
        option(
            "--alphabet",
            shows="TEXT",
            help="Where the file stores none: the text that it learnt, or its characters, or a file of "
            "them; or printable, for Python's string.printable.",
            offers=completing.one_of("printable"),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Import a model of another project: PyTorch, TensorFlow, Keras, ml5.js, torch-rnn, char-rnn,
    recurrentjs or min-char-rnn. Nothing in its file is executed."""
    from engine import places
    from engine.foreign.alphabet import told
    from engine.runs import library

    named = told(alphabet) if alphabet is not None else None
    path = library.import_model(places.typed(file), name, named)
    entry = library.entry(path)
    if json:
        emit(_describe(entry), indent=2)
    else:
        write(f"{one_line(imported(entry))}\n")


@app.command(cls=Command)
def export(
    model: AModel,
    to: Annotated[
        str,
        option(
            "--to",
            shows="FORM",
            help=f"One of {', '.join(FORMS)}.",
            offers=completing.one_of(*FORMS),
        ),
    ],
    file: Annotated[
        str | None,
        option(
            "--output", "-o", shows="FILE", help="Where to; else in this folder, under its name."
        ),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Write a model as a file of other programs."""
    from engine import places
    from engine.exporting import forms
    from engine.network import modelfile
    from engine.runs import library
    from engine.storage import write_bytes
    from tui.cli.shared.exporting import ask_to_replace

    found = library.model_path(model)
    opened = modelfile.load(found)
    path = places.typed(file) if file is not None else None
    files = forms.export(opened, to, path, library.card(found))
    ask_to_replace(files, yes)
    for each, data in files.items():
        write_bytes(each, data)
    if caution := forms.note(opened.config, to):
        note(caution)
    if json:
        emit({"model": model, "to": to, "files": [str(each) for each in files]})
    else:
        write("".join(f"{each}\n" for each in files))


@app.command(cls=Command)
def rename(
    old: Own,
    new: Annotated[str, argument("NEW", "Its new name.")],
) -> None:
    """Rename a model."""
    from engine.runs import library

    library.rename_model(old, new)


@app.command(cls=Command)
def rm(
    model: Own,
    yes: Yes = False,
) -> None:
    """Delete a model."""
    from engine.runs import library

    library.own_model(model)
    confirm(f"delete model {model} for good?", yes)
    library.remove_model(model)
