"""What `--json` prints, key by key: `--help` and docs/commands.md are made from this, and a test compares
it with what the commands print. Imported only when help is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from textwrap import wrap

from engine.runs.events import KINDS, Event

ONE, LIST, LINES = "one object", "a list of objects", "one object per line"


@dataclass(frozen=True)
class Answer:
    """What a command prints with `--json`. All keys are always there; null stands for what is not known."""

    shape: str
    keys: Mapping[str, str]
    """Each key and what it holds."""
    note: str = ""
    events: bool = False
    """Whether each line is an event, with the keys of its kind beside `keys`."""


_EVENT = {
    "event": "its kind, which determines the other keys",
    "life": "which trainer process of the run it is from, counted from 0",
    "step": "the step of the training",
    "id": "the id of the request it answers, else empty",
}
_NETWORK = {
    "cell": "",
    "hidden": "units per layer",
    "layers": "",
    "layer_norm": "true or false",
    "residual": "true or false",
    "lines": "whether each line is an example of its own",
}
_MODEL = {
    "name": "",
    "path": "of the file",
    "bundled": "whether it came with helo",
    "bytes": "size of the file",
    "problem": "why it cannot be read, else empty",
    **_NETWORK,
    "parameters": "how many",
    "alphabet": "its units (char or byte) and symbols",
    "dtype": "precision of the weights in the file",
    "history": "how it was trained: corpus, corpus_sha256, steps, chars, best_val_nats, seconds, versions, "
    "command, and of one that was imported project and notes",
}
_RUN = {
    "name": "",
    "status": "running, paused, finished, stopped, failed, killed, new or damaged",
    "reason": "of the status, else empty",
    "corpus": "its name",
    "step": "the last step taken",
    "total_steps": "steps planned",
    "seconds": "time spent training",
    "best_val_nats": "lowest validation loss, in nats per character",
    "created": "when, in UTC",
    "folder": "",
    "init_from": "the model or point of a run it started from, else empty",
    "validates": "whether it has a validation part; without one there is no validation loss",
    **_NETWORK,
}
_TEXT = {
    "name": "",
    "source": "where it comes from",
    "licence": "empty if not known",
    "sha256": "of the text",
    "chars": "its length",
    "units": "char or byte",
    "symbols": "the alphabet, sorted",
    "counts": "how often each symbol occurs",
    "created": "when it was imported, in UTC",
    "lines": "whether each line is an example of its own",
    "entropy_rate": "in nats per character, where it is known",
    "encoding": "the encoding the text was read as",
    "normalise": "none, nfc or nfd",
    "options": "of the import",
    "path": "of the folder",
}
_ADDED = {**_TEXT, "notes": "messages of the import, such as what was left out"}
_SPEED = {"cell": "", "hidden": "units per layer", "layers": ""}
_FOLLOWED = Answer(LINES, _EVENT, events=True)

ANSWERS = {
    "sample": Answer(
        LINES,
        {
            "stream": "the text that it is of, counted from 0: more than one with --streams",
            "index": "its place in the text, counted from 0; the prompt counts",
            "char": "the character; of a model of bytes, the one with the byte's number",
            "id": "its place in the model's alphabet",
            "seed": "true for a character of the prompt, false for a new one",
            "prob": "its probability according to the model alone",
            "bits": "-log2 of prob",
            "rank": "its place among all characters by their probability; 1 is the likeliest",
            "drawn_prob": "its probability after temperature and filters",
            "entropy": "of the model's prediction, in bits",
            "removed": "the sum of the probabilities of all that --ban, --force, --regex, --words rule out",
            "top": "the 10 likeliest characters, each with its probability; what is possible comes first",
            "top_filtered": "the same characters, each with its probability after temperature and filters",
        },
        "There is an object for each character, those of the prompt included; `seed` tells them apart. "
        "The first character of a prompt is given, not predicted: it has no bits and no candidates. "
        "With `--copies` there is one more object at the end. Its only key is `copied`: null if the "
        "training text is not here, else an object with corpus (its name), searched (how many of its "
        "characters), length, text, start (in the corpus, from 0) and line (from 1) of the longest "
        "copied passage, index (where it begins in the text that was written), written (new "
        "characters), and covered (how many of them stand in copies of `least` characters or more).",
    ),
    "complete": Answer(
        LINES,
        {
            "index": "the line of standard input that it continues, counted from 0",
            "prompt": "that line",
            "text": "what was written after it, with the line end or --stop that ended it",
            "seed": "of its random draws",
            "ended": "whether it came to its end; false where --length ended it",
        },
    ),
    "score": Answer(
        ONE,
        {
            "model": "the model, as named on the command line",
            "protocol": "stateful, windows or dynamic",
            "chars": "number of predictions",
            "nats_per_char": "the loss",
            "bits_per_char": "the same in bits",
            "standard_error": "standard error of the loss in nats, with --windows",
            "windows": "number of windows, with --windows",
            "skipped": "characters left out by --skip-unknown",
        },
    ),
    "inspect why": Answer(
        ONE,
        {
            "model": "the model, as named on the command line",
            "at": "the characters that were read",
            "top": "the 10 likeliest characters, each with its probability",
            "a": "the character explained",
            "b": "the one it is against",
            "log_odds": "log of p(a) / p(b), in nats, at temperature 1: habit + news",
            "habit": "the log-odds with every unit at its mean",
            "news": "the rest: the sum of all units' pushes",
            "mean_over": "the text that the mean is over",
            "mean_chars": "how many of its characters",
            "for_a": "units (the strongest five, each with its name and push), others (how many more push "
            "that way) and rest (their sum)",
            "for_b": "the same of the units that push towards b, as numbers above 0",
            "written": "pushes (of each of the last characters, oldest first), before (of all that came "
            "before them) and bias, which add up to log_odds; null for a cell that keeps no share of its "
            "memory",
        },
    ),
    "inspect memory": Answer(
        ONE,
        {
            "text": "what was read",
            "models": "an object for each model: model, effective_memory (in characters; null if it is "
            "longer than what was measured), full_nats (the loss with all the text), nats (by the number "
            "of characters before, from 1), predictions (how many), rms and median (of the gradient by "
            "lag, from 0, as shares of that at lag 0) and gradients (how many)",
        },
    ),
    "inspect units": Answer(
        ONE,
        {
            "model": "as named on the command line",
            "text": "what was read",
            "chars": "how many characters",
            "others": "where the labels come from that have nothing to do with the text",
            "properties": "an object for each: property, says (what is true of a character with it), share "
            "(of the characters), found (whether a unit tells it), and unless it is too rare: unit, falls "
            "(whether the unit is lower there), auc, and what it must be above by 0.02: last_character, "
            "untrained and chance",
            "card": "with --find or --match, of the unit, else null: unit, mean, deviation, low, high, "
            "counts (of its values in 40 equal steps from low to high), examples (kind, place and value), "
            "favours and opposes (characters, and what their odds gain in nats; null if the head does not "
            "read it) and memory (in characters; null if there is none, or no end)",
        },
    ),
    "inspect gates": Answer(
        ONE,
        {
            "model": "as named on the command line",
            "text": "what was read",
            "chars": "how many characters",
            "gates": "an object for each gate of each layer: name, and for each unit the share of time "
            "nearly shut (shut) and nearly open (open), and the mean (mean)",
            "keeping": "an object for each layer, with the same keys about the share of its memory that "
            "each unit keeps, and integrators (how many units keep nearly all nearly always) and memory "
            "(-1/ln of the mean share, in characters; null if it is infinite)",
        },
    ),
    "lesson": Answer(
        LINES,
        {
            "page": "its number, from 1",
            "pages": "how many there are",
            "cell": "",
            "title": "of the page",
            "text": "what happens",
            "more": "what else is worth knowing",
            "numbers": "those that the page explains, each with row (of the figure, or a parameter), step "
            "(from 1; null for a parameter), index (in the row, from 0), value and equation",
            "letters": "the alphabet, in the order of all rows",
            "loss": "the mean of the four steps, in nats",
            "rate": "the learning rate of the update",
            "steps": "the four steps, each with reads, next, loss, y, p, dy, before and after (states), "
            "gates (s is the sum of a plain cell), kept, and the deltas dh_here, d_right (of states, "
            "from later steps) and d_gates",
            "weights": "by name",
            "gradients": "by name, of the loss",
        },
        "There is an object for each page, or with `--page` for that one. Numbers are in full precision.",
    ),
    "train": _FOLLOWED,
    "race": Answer(
        LINES,
        {"run": "its name", "cell": "its cell", **_EVENT},
        "The last line is the table. Its `event` is table, and its `rows` has an object for each run: run, "
        "cell, hidden, layers, layer_norm, residual, lines, parameters, steps, chars_per_second, val_nats, "
        "val_bits, seconds and status.",
        events=True,
    ),
    "runs list": Answer(LIST, _RUN),
    "runs show": Answer(
        ONE,
        {
            **_RUN,
            "config": "all settings of the training",
            "sample": "the newest text it wrote",
            "kept": "the points it can go back to, each with name and step",
        },
    ),
    "runs attach": _FOLLOWED,
    "models list": Answer(LIST, _MODEL),
    "models show": Answer(ONE, {**_MODEL, "card": "the model card of a bundled model, else empty"}),
    "models import": Answer(ONE, _MODEL),
    "models export": Answer(
        ONE,
        {
            "model": "as named on the command line",
            "to": "the form",
            "files": "the paths that were written, the one that was asked for first",
        },
    ),
    "corpora list": Answer(
        LIST,
        {
            **_TEXT,
            "state": "imported, built in, catalogue or damaged",
            "title": "of one that is not imported",
            "url": "of one in the catalogue",
            "size": "of its download, in bytes",
            "problem": "why it cannot be read, else empty",
        },
    ),
    "corpora show": Answer(
        ONE,
        {
            **_TEXT,
            "problem": "why the text cannot be read, else empty",
            "entropy": "of the characters alone, in nats",
            "unusual": "characters that may be mistakes, each with char, count and kind",
            "beginning": "of the text",
            "validation": "the share that the baselines are measured on",
            "split": "where that part lies: end or spread",
            "baselines": "n-gram models, each with order, nats_per_char, bits_per_char, predictions and "
            "learnt_from",
            "repeat": "the longest repeated passage: length, first, second, searched and begins",
        },
    ),
    "corpora add": Answer(ONE, _ADDED),
    "corpora get": Answer(ONE, _ADDED),
    "bench start": Answer(LIST, {"command": "what was timed", "seconds": "the median"}),
    "bench sample": Answer(
        LIST,
        {
            **_SPEED,
            "chars_per_second": "written",
            "logits_per_second": "by the network alone",
            "network_ratio": "whole Steps by the network alone",
            "torch_chars_per_second": "written by the usual loop in torch",
            "torch_ratio": "helo's speed as a multiple of that",
            "limit_ratio": "the network's speed as a share of what the memory allows",
        },
    ),
    "bench train": Answer(
        LIST,
        {
            **_SPEED,
            "dtype": "",
            "batch": "",
            "seq_length": "",
            "chars_per_second": "learnt",
            "torch_ratio": "helo's speed as a multiple of torch's own module's",
            "limit_ratio": "its speed as a share of what the bare matrix products allow",
        },
    ),
    "paths": Answer(
        ONE,
        {
            "home": "",
            "models": "",
            "runs": "",
            "corpora": "",
            "cache": "",
            "config": "config.toml",
            "state": "what the app remembers",
            "machine": "what was measured on this machine",
            "history": "earlier prompts",
            "sessions": "what was written in the app",
            "bundled": "models that came with helo",
        },
    ),
    "doctor": Answer(
        ONE,
        {
            "system": "",
            "versions": "of helo, Python and packages",
            "devices": "what torch reports about this machine, or the error if it cannot",
            "measured": "on kinds of machines: the pace with each network that is found by itself, in "
            "characters per second, and how many times as fast as in float32 a step is in bfloat16",
            "terminal": "columns, rows, colours, TERM and encoding",
            "paths": "as helo paths --json has them",
            "untested": "code that has never run on the device or system it is for",
        },
    ),
}
"""By command, without `helo`."""


def event_keys(kind: type[Event]) -> list[str]:
    """The keys that an event of a kind has beside those of all events."""
    return [field.name for field in fields(kind) if field.name not in _EVENT]


def events() -> Iterator[tuple[str, str, str]]:
    """Each kind of event: its name, its own keys, and what it says."""
    for name, kind in KINDS.items():
        about = " ".join((kind.__doc__ or "").split()).replace("`", "")
        yield name, ", ".join(event_keys(kind)), about


def explained(command: str, width: int) -> str:
    """What `--help` says of a command's `--json`, in lines of so many columns; empty if it has none."""
    if (answer := ANSWERS.get(command)) is None:
        return ""
    parts = [f"--json prints {answer.shape}. Keys:", *_column(answer.keys, width)]
    if answer.note:
        parts += ["", *wrap(answer.note.replace("`", ""), width)]
    if answer.events:
        kinds = {name: keys for name, keys, _ in events()}
        parts += ["", "Events, and the keys that each has beside these:", *_column(kinds, width)]
    return "\n".join(parts)


def _column(rows: Mapping[str, str], width: int) -> Iterator[str]:
    """Names in a column, and what they are beside it."""
    left = max(map(len, rows)) + 4
    for name, about in rows.items():
        yield from wrap(
            about, width, initial_indent=f"  {name}".ljust(left), subsequent_indent=" " * left
        ) or [f"  {name}"]
