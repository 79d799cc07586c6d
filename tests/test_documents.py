"""The commands that the documentation shows exist, with these options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tui.cli.main import command

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(page.name for page in (ROOT / "docs").glob("*.md")), "../README.md"]
MADE = {"commands.md", "keys.md", "config.md"}


def shown(page: str) -> Iterator[list[str]]:
    """The commands of a page, split into words: in blocks, and in lines."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    blocks = re.findall(r"^(?:    |\$ )?(helo .*?)(?:\s+#.*)?$", text, re.MULTILINE)
    for line in [*blocks, *re.findall(r"`(helo [^`]+)`", text)]:
        for part in re.split(r" [|>] ", line)[:1]:
            with_options = re.sub(r"[\[\]…]", "", part.replace("[OPTIONS]", ""))
            yield shlex.split(with_options)[1:]


@cache
def whole() -> Any:
    """All commands."""
    return command()


def unknown(words: list[str]) -> list[str]:
    """The words of a command that helo does not have: commands, and options of a command."""
    found: Any = whole()
    rest = list(words)
    while rest and hasattr(found, "commands") and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name == "COMMAND":
            return []
        if (inner := found.commands.get(name)) is None:
            return [name]
        found = inner
    options = {name for each in found.params for name in each.opts} | {"--help", "-h"}
    return [word for word in rest if re.match("--?[a-z]", word) and word not in options]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in MADE])
def test_commands_of_a_page_are_taken(page: str) -> None:
    assert {" ".join(words): bad for words in shown(page) if (bad := unknown(words))} == {}


def test_what_is_not_there_is_found() -> None:
    assert unknown(["sample", "-n", "3", "--nosuch"]) == ["--nosuch"]
    assert unknown(["corpora", "nosuch"]) == ["nosuch"] and unknown(["nosuch", "-x"]) == ["nosuch"]
    assert unknown(["-m", "shakespeare", "--plain"]) == [] and unknown(["train", "-q"]) == ["-q"]
    assert ["race", "brackets", "--cells", "rnn,lstm", "--seconds", "40"] in [*shown("teaching.md")]
