"""The output of `helo corpora show`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.text import survey
from engine.text.corpus import Corpus, CorpusInfo
from engine.text.survey import Survey
from engine.vocab import name_character
from tui.cli.shared.output import emit, facts, write
from tui.cli.shared.tables import table
from tui.phrases import alphabet, loss
from tui.surveyed import both_units, passage, protocol, repeated, unusual
from tui.text import visible
from tui.width import cut, expanded

_MOST_FREQUENT = 20
_LINES = 10
_WIDTH = 100
"""How many characters of each of the first lines are shown."""


def show(corpus: Corpus, seen: Survey, json: bool) -> None:
    """Show all that is known about a corpus."""
    info, begins = corpus.info, survey.beginning(corpus)
    if json:
        emit(_data(info, corpus.folder) | _surveyed(corpus, seen), indent=2)
        return
    quoted = f": {passage(corpus, seen.repeat)}" if seen.repeat.length else ""
    facts(
        _facts(info, corpus.folder)
        | {
            "entropy": f"{loss(survey.entropy(info))}, of single characters",
            "repeated": repeated(seen.repeat, info.chars) + quoted,
        }
    )
    rows = [(f"{b.order}-gram", b.nats_per_char) for b in seen.baselines]
    if info.entropy_rate is not None:
        rows.append(("entropy rate", info.entropy_rate))
    if rows:
        write("\n")
        columns = {"model": "left", "nats per character": "right", "bits per character": "right"}
        table(columns, [[model, *both_units(nats)] for model, nats in rows])
    write(f"{protocol(seen)}\n\n")
    lines = begins.split("\n")[:_LINES]
    write("".join(f"  {cut(expanded(visible(line)), _WIDTH)}".rstrip() + "\n" for line in lines))


def damaged(info: CorpusInfo, folder: Path, problem: str, json: bool) -> None:
    """Show what is known about a corpus whose text cannot be read."""
    if json:
        unseen = dict.fromkeys(("beginning", "validation", "split", "baselines", "repeat"))
        emit(_data(info, folder) | {"problem": problem} | unseen, indent=2)
    else:
        facts(_facts(info, folder) | {"problem": problem})


def _data(info: CorpusInfo, folder: Path) -> dict[str, Any]:
    return asdict(info) | {
        "path": str(folder),
        "problem": "",
        "entropy": survey.entropy(info),
        "unusual": [asdict(odd) for odd in survey.unusual(info)],
    }


def _surveyed(corpus: Corpus, seen: Survey) -> dict[str, Any]:
    baselines = [asdict(b) | {"bits_per_char": b.bits_per_char} for b in seen.baselines]
    repeat = asdict(seen.repeat) | {"begins": passage(corpus, seen.repeat)}
    return {
        "beginning": survey.beginning(corpus),
        "validation": seen.validation,
        "split": seen.split,
        "baselines": baselines,
        "repeat": repeat,
    }


def _facts(info: CorpusInfo, folder: Path) -> dict[str, str]:
    pairs = sorted(zip(info.symbols, info.counts, strict=True), key=lambda pair: -pair[1])
    frequent = [f"{name_character(c)} {n / info.chars:.1%}" for c, n in pairs[:_MOST_FREQUENT]]
    more = f" and {len(pairs) - _MOST_FREQUENT} more" if len(pairs) > _MOST_FREQUENT else ""
    return {
        "corpus": info.name,
        "source": info.source,
        "licence": info.licence or "not known",
        "characters": f"{info.chars:,}",
        "encoding": info.encoding,
        "normalised": "" if info.normalise == "none" else info.normalise.upper(),
        "lines": "each is an example of its own" if info.lines else "",
        "alphabet": f"{alphabet(pairs, info.units)}: {'  '.join(frequent)}{more}",
        "unusual": unusual(info),
        "sha256": info.sha256,
        "imported": f"{info.created} with {info.options}" if info.options else info.created,
        "folder": str(folder),
    }
