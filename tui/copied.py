"""What stands word for word in the training text, in words, for the command line and the screens alike."""

from __future__ import annotations

from engine.network.modelfile import History
from engine.text.copies import Found, Index
from engine.words import counted
from tui.text import one_line


def passage(index: Index, found: Found) -> str:
    """How long a passage is, and the line where it stands."""
    return f"{counted(found.length, 'character')}, at line {index.line(found.start):,}"


def passage_of(index: Index, found: Found) -> str:
    """The same, with the name of the corpus."""
    return f"{passage(index, found)} of {one_line(index.corpus.info.name)}"


def missing(name: str, history: History) -> str:
    """Why a model called `name` has no text to compare with."""
    if not history.corpus_sha256:
        return f"{one_line(name)} does not say what text it was trained on"
    return (
        f"the text that {one_line(name)} was trained on, {one_line(history.corpus)}, is not here: "
        "import it to see what is copied"
    )
