"""What the engine says, as the app says it: by fields and places, not by options and commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.told import in_app, label

ENGINE = Path(__file__).parents[2] / "engine"
NOT_OF_THE_APP = re.compile(r"(?<!\S)--[a-z]|`helo|\bhelo (train|runs|models|corpora)\b")


def sentences() -> Iterator[str]:
    """The texts in the engine, an X in place of each value; not the docstrings."""
    for file in ENGINE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                told.update(map(id, node.values))
                values = [v.value if isinstance(v, ast.Constant) else "X" for v in node.values]
                yield "".join(map(str, values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) not in told:
                    yield node.value


def test_every_option_and_command_that_the_engine_names_has_a_place_in_the_app() -> None:
    found = [text for text in sentences() if " " in text and NOT_OF_THE_APP.search(text)]
    assert len(found) > 40
    assert not [text for text in found if NOT_OF_THE_APP.search(in_app(text))]


@pytest.mark.parametrize(
    ("engine", "app"),
    [
        ("--lr must be more than 0", "Learning rate must be more than 0"),
        ("/take is of helo --plain", "/take is of helo --plain"),
        ("--top-k must be less", "/top-k must be less"),
        ("--init-from: no model 'x'", "Start from: no model 'x'"),
        ("no run 'x'; `helo runs list` shows all runs", "no run 'x'; the Library shows all runs"),
        ("`helo train --resume x` continues it", "Resume in Train continues it"),
        (
            "import it with `helo corpora add`, where --encoding cp1252 reads it",
            "import it with the Library's Import, where “Encoding” cp1252 reads it",
        ),
        (
            "--seed: leave --lr out, or --errors drop",
            "Seed: leave “Learning rate” out, or “Bad bytes: leave out”",
        ),
        ("cannot write /tmp/--lr: '--lr' is full", "cannot write /tmp/--lr: '--lr' is full"),
    ],
)
def test_an_error_is_said_by_what_the_app_has(engine: str, app: str) -> None:
    assert in_app(engine) == app


def test_labels() -> None:
    assert (label("seq_length"), label("weight-decay")) == ("Sequence", "Weight decay")


def test_a_command_without_a_place_stays_as_it_is() -> None:
    assert in_app("see `helo doctor`") == "see `helo doctor`"
