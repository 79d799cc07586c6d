"""`helo corpora`: the texts to train on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import HeloError, NotFoundError
from tui.cli.options import Command, Json, Yes, argument, group, option
from tui.cli.output import confirm, emit, facts, note, progress, table

app = group("List, show, import and delete corpora.")
Name = Annotated[str, argument("CORPUS", "A corpus' name.")]
_MOST_FREQUENT = 20


def _find(name: str) -> Path:
    """The folder of an imported corpus.

    Raises NotFoundError.
    """
    from corpora import BUILT_IN
    from engine import sources

    if folder := sources.folder_of(name):
        return folder
    if name in BUILT_IN:
        raise NotFoundError(
            f"{name} is built in and not made yet: helo corpora add {name} makes it"
        )
    raise NotFoundError(f"no corpus {name!r}; helo corpora list shows what there is")


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list", cls=Command)
def list_(json: Json = False) -> None:
    """List the corpora, imported and built in."""
    from corpora import BUILT_IN
    from engine import corpus

    rows, data = [], []
    folders = corpus.corpora()
    for folder in folders:
        try:
            info = corpus.read_info(folder)
        except HeloError as error:
            rows.append([folder.name, "damaged", "", "", str(error)])
            data.append({"name": folder.name, "problem": str(error)})
            continue
        alphabet = f"{len(info.symbols)} {info.units}s"
        rows.append([folder.name, f"{info.chars:,}", alphabet, info.licence, info.source])
        data.append(asdict(info) | {"name": folder.name, "path": str(folder), "problem": ""})
    for name, entry in BUILT_IN.items():
        if name not in {folder.name for folder in folders}:
            rows.append([name, "built in", "", entry.licence, entry.title])
            data.append({"name": name, "source": f"built in: {entry.title}", "problem": ""})
    if json:
        emit(data, indent=2)
        return
    columns = {"corpus": "left", "characters": "right", "alphabet": "left"}
    table(columns | {"licence": "left", "source": "left"}, rows)


@app.command(cls=Command)
def show(name: Name, json: Json = False) -> None:
    """Show one corpus: where it comes from, and its characters by frequency."""
    from engine import corpus
    from engine.vocab import name_character

    folder = _find(name)
    info = corpus.read_info(folder)
    if json:
        emit(asdict(info) | {"path": str(folder)}, indent=2)
        return
    pairs = sorted(zip(info.symbols, info.counts, strict=True), key=lambda pair: -pair[1])
    frequent = [f"{name_character(c)} {n / info.chars:.1%}" for c, n in pairs[:_MOST_FREQUENT]]
    more = f" and {len(pairs) - _MOST_FREQUENT} more" if len(pairs) > _MOST_FREQUENT else ""
    facts(
        {
            "corpus": info.name,
            "source": info.source,
            "licence": info.licence or "not known",
            "characters": f"{info.chars:,}",
            "alphabet": f"{len(pairs)} {info.units}s: {'  '.join(frequent)}{more}",
            "sha256": info.sha256,
            "imported": info.created,
            "folder": str(folder),
        }
    )


@app.command(cls=Command)
def add(
    source: Annotated[
        str, argument("FILE", "A text file, a built-in corpus, or - for standard input.")
    ],
    name: Annotated[
        str | None, option("--name", shows="NAME", help="Of the corpus, if not the file's.")
    ] = None,
    units: Annotated[
        str, option("--units", shows="UNITS", help="char, or byte for what is no text.")
    ] = "char",
) -> None:
    """Import a text as a corpus."""
    from engine import sources

    with progress(f"importing {source}", unit="bytes") as report:
        added = sources.add(source, name, sources.Reading(units=units), report)
    for line in added.notes:
        note(line)
    info = added.corpus.info
    note(f"{info.name}: {info.chars:,} characters, {len(info.symbols)} different ones")


@app.command(cls=Command)
def rm(name: Name, yes: Yes = False) -> None:
    """Delete an imported corpus; a run that needs it can then no longer be resumed."""
    from engine import library, places

    folder = _find(name)
    if folder.parent != places.corpora():
        raise NotFoundError(f"{name} is none of the imported corpora: delete it yourself")
    confirm(f"delete corpus {name} for good? Runs that learn from it cannot be resumed then", yes)
    library.remove_folder(folder)
