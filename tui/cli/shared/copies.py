"""What `helo sample --copies` tells: the longest passage that stands word for word in the training text."""

from __future__ import annotations

from typing import Any

from engine.network.modelfile import Model
from engine.text import copies, corpus
from engine.text.copied import LEAST, Copied
from engine.text.copies import Index
from engine.words import LONG, shortened
from engine.writing.generate import Generation
from tui import copied
from tui.cli.shared.output import emit, note, progress


def index_for(model: Model) -> Index | None:
    """The index of the text that a model was trained on. None, with a note, if that text is not here.

    Raises CorpusError.
    """
    folder = copies.trained_on(model.history.corpus_sha256, model.alphabet.units)
    if folder is None:
        note(f"--copies: {copied.missing(model.name, model.history)}")
        return None
    found = corpus.load(folder)
    with progress(f"making an index of {found.info.name}", 100, "%") as report:
        return copies.obtain(found, lambda share: report(int(100 * share), None))


def tell(index: Index | None, generation: Generation, json: bool) -> None:
    """Tell what was copied by all that was written: a line of JSON, or lines on stderr."""
    if index is None:
        if json:
            emit({"copied": None})
        return
    given = len(generation.prompt)
    within = Copied(index, generation.alphabet)
    within.extend(generation.ids(given))
    if json:
        emit({"copied": _data(within, given)})
        return
    if not len(within):
        return
    longest = within.longest(len(within))
    if not longest.length:
        note("copied: nothing; no character that was written is in the training text")
        return
    note(
        f"copied: {copied.passage_of(index, longest)} (character {longest.start:,}): "
        f"{shortened(index.text(longest), LONG)}"
    )
    share = within.covered() / len(within)
    note(f"{share:.0%} of what was written stands in copies of {LEAST} characters or more")


def _data(within: Copied, given: int) -> dict[str, Any]:
    """The object for JSON."""
    index, written = within.index, len(within)
    longest = within.longest(written) if written else copies.NOTHING
    begins = within.last_of_longest(written) + 1 - longest.length if longest.length else 0
    return {
        "corpus": index.corpus.info.name,
        "searched": index.searched,
        "length": longest.length,
        "text": index.text(longest),
        "start": longest.start,
        "line": index.line(longest.start),
        "index": given + begins,
        "written": written,
        "least": LEAST,
        "covered": within.covered(),
    }
