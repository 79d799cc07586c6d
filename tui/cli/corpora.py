"""`helo corpora`: the texts to train on."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from engine.errors import CorpusError, HeloError, NotFoundError
from engine.words import counted, plural
from tui.cli.shared import completing
from tui.cli.shared.options import Command, Json, Listing, Yes, argument, flag, group, option
from tui.cli.shared.output import confirm, emit, note, progress
from tui.cli.shared.tables import reasons, table
from tui.phrases import alphabet, fetchable

if TYPE_CHECKING:
    from engine.text.sources import Reading, Source

app = group("List, show, fetch, import, rename and delete corpora.", Listing)
Name = Annotated[str, argument("CORPUS", "A corpus' name.", completing.corpora)]


def _find(name: str) -> Path:
    """The folder of an imported corpus.

    Raises NotFoundError.
    """
    from corpora import BUILT_IN
    from engine import places
    from engine.text import sources

    if folder := sources.folder_of(name):
        return folder
    if name in BUILT_IN:
        raise NotFoundError(
            f"{name} is built in and not made yet: helo corpora add {name} makes it"
        )
    if made := sources.imported_from(name):
        raise NotFoundError(f"there is no corpus {name}; imported from it: {', '.join(made)}")
    if name and os.path.exists(places.typed(name)):
        raise NotFoundError(
            f"{name} is not imported yet: helo corpora add {shlex.quote(name)} does that"
        )
    raise NotFoundError(sources.nothing(name))


def _listed(state: str, **known: Any) -> dict[str, Any]:
    """A corpus as JSON; what is not known of it is None."""
    from engine.text.corpus import CorpusInfo

    keys = [*(field.name for field in fields(CorpusInfo)), "path", "title", "url", "size"]
    return dict.fromkeys(keys) | {"state": state, "problem": ""} | known


@app.command("list", cls=Command)
def list_(json: Json = False) -> None:
    """List the corpora: imported, built in, and in the catalogue to fetch."""
    from corpora import BUILT_IN
    from engine.text import corpus
    from engine.text.sources import catalogue

    rows, data, damaged = [], [], {}
    folders = corpus.corpora()
    for folder in folders:
        try:
            info = corpus.read_info(folder)
        except HeloError as error:
            rows.append([folder.name, "damaged", "", "", "", ""])
            damaged[folder.name] = str(error)
            data.append(_listed("damaged", name=folder.name, path=str(folder), problem=str(error)))
            continue
        symbols = alphabet(info.symbols, info.units)
        rows.append(
            [folder.name, f"{info.chars:,}", symbols, info.encoding, info.licence, info.source]
        )
        facts = asdict(info) | {"name": folder.name, "path": str(folder)}
        data.append(_listed("imported", **facts))
    imported = {folder.name for folder in folders}
    for name, built_in in BUILT_IN.items():
        if name not in imported:
            rows.append([name, "built in", "", "", built_in.licence, built_in.title])
            facts = {"licence": built_in.licence, "title": built_in.title}
            data.append(_listed("built in", name=name, **facts))
    for name, entry in catalogue.entries().items():
        if name not in imported:
            rows.append([name, fetchable(entry), "", "", entry.licence, entry.title])
            facts = {key: getattr(entry, key) for key in ("licence", "title", "url", "size")}
            data.append(_listed("catalogue", name=name, **facts))
    if json:
        emit(data, indent=2)
        return
    columns = {"corpus": "left", "characters": "right", "alphabet": "left"}
    columns |= {"encoding": "left", "licence": "left", "source": "left"}
    table(columns, rows, ("encoding", "alphabet", "licence", "source", "characters"))
    reasons(damaged)


@app.command(cls=Command)
def show(name: Name, json: Json = False) -> None:
    """Show one corpus: its characters, its beginning, and the losses of simple models."""
    from engine.text import corpus, survey
    from tui.cli.shared import surveyed

    folder = _find(name)
    try:
        found = corpus.load(folder)
    except CorpusError as error:
        surveyed.damaged(corpus.read_info(folder), folder, str(error), json)
        return
    with progress(f"looking at {name}", survey.STAGES, "parts") as report:
        seen = survey.obtain(found, report=lambda stages: report(stages, None))
    surveyed.show(found, seen, json)


@app.command(cls=Command)
def add(
    source: Annotated[
        str,
        argument(
            "SOURCE",
            "A text file, a folder, or an archive (zip, tar), compressed or not (gz, bz2, xz, zst); the "
            "web address of one of these or of a page; a built-in corpus; @FILE, a list of all these; "
            "or - for standard input.",
            completing.sources_or_files,
        ),
    ],
    name: Annotated[
        str | None,
        option("--name", shows="NAME", help="Name of the corpus; without one, the file's."),
    ] = None,
    glob: Annotated[
        list[str] | None,
        option(
            "--glob",
            shows="PATTERN",
            help="Take only these files of a folder or archive, or linked pages of a page: a .gitignore "
            "pattern; !PATTERN excludes. May be repeated.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        option("--encoding", shows="NAME", help="Encoding of the text; detected without it."),
    ] = None,
    errors: Annotated[
        str,
        option(
            "--errors",
            shows="WAY",
            help="Invalid bytes: strict refuses them, replace puts U+FFFD, drop leaves them out.",
            offers=completing.one_of("strict", "replace", "drop"),
        ),
    ] = "strict",
    normalise: Annotated[
        str,
        option(
            "--normalise",
            shows="FORM",
            help="Form of accented letters and the like: nfc composes, nfd decomposes, none keeps them.",
            offers=completing.one_of("nfc", "nfd", "none"),
        ),
    ] = "none",
    units: Annotated[
        str,
        option(
            "--units",
            shows="UNITS",
            help="char, or byte for data that is not text.",
            offers=completing.one_of("char", "byte"),
        ),
    ] = "char",
    lines: Annotated[
        bool, flag("--lines", help="Each line is an example of its own; empty lines are dropped.")
    ] = False,
    lowercase: Annotated[bool, flag("--lowercase", help="Make every letter lower-case.")] = False,
    max_size: Annotated[
        str | None,
        option(
            "--max-size",
            shows="SIZE",
            help="Largest text to take, such as 500MB; without it 10GB, and 200 times the compressed size.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Import texts as one corpus.

    Files of a folder or zip are joined in the order of their paths, those of a tar as it has them.

    Hidden files are left out unless a glob matches them; binary files are always left out.
    """
    from engine.text import sources

    most = sources.parse_size(max_size) if max_size is not None else None
    reading = sources.Reading(
        glob=tuple(glob or ()),
        encoding=encoding,
        units=units,
        lines=lines,
        lowercase=lowercase,
        max_size=most,
        errors=errors,
        normalise=normalise,
    )
    _import(sources.find(source, reading), name, reading, json)


@app.command(cls=Command)
def get(
    entry: Annotated[
        str,
        argument(
            "NAME",
            "A name from the catalogue; helo corpora list shows them.",
            completing.fetchable,
        ),
    ],
    name: Annotated[
        str | None,
        option("--name", shows="NAME", help="Name of the corpus; without one, the catalogue's."),
    ] = None,
    json: Json = False,
) -> None:
    """Fetch a corpus from the catalogue and import it."""
    from engine.text.sources import catalogue

    found = catalogue.find(entry)
    _import(found.source(), name, found.reading, json)


def _import(source: Source, name: str | None, reading: Reading, json: bool) -> None:
    from engine.text import sources

    with progress(f"importing {source.name}", unit="bytes") as tell:

        def report(read: int, size: int | None) -> None:
            tell(read, size, source.ledger.stage and f"{source.name}: {source.ledger.stage}")

        added = sources.add_source(source, name, reading, report)
    for line in added.notes:
        note(line)
    info = added.corpus.info
    if json:
        emit(asdict(info) | {"path": str(added.corpus.folder), "notes": added.notes}, indent=2)
        return
    note(
        f"{info.name}: {counted(info.chars, 'character')}, {counted(len(info.symbols), 'different one')}"
    )


@app.command(cls=Command)
def rename(
    name: Name,
    new: Annotated[str, argument("NEW", "Its new name.")],
) -> None:
    """Rename an imported corpus; runs that train on it still find it."""
    from engine.runs import tidying

    tidying.rename_corpus(name, new)


@app.command(cls=Command)
def rm(
    names: Annotated[list[str], argument("CORPUS...", "The names of corpora.", completing.corpora)],
    yes: Yes = False,
) -> None:
    """Delete imported corpora; runs that need them can then no longer be resumed."""
    from engine import places
    from engine.runs import tidying

    names = list(dict.fromkeys(names))
    folders = [_find(name) for name in names]
    for name, folder in zip(names, folders, strict=True):
        if folder.parent != places.corpora():
            raise NotFoundError(f"{name} is not an imported corpus: delete it yourself")
        tidying.check_unused(folder)
    them = f"{plural(len(names), 'corpus', 'corpora')} {', '.join(names)}"
    confirm(f"delete {them} for good? Runs that train on it can then no longer be resumed", yes)
    for folder in folders:
        tidying.remove(folder)
