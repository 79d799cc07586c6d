"""What a reference names: a corpus, a path, a built-in; and what a file's name becomes."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.text import corpus, sources
from engine.text.sources import Reading
from tests.engine.text.test_sources import file


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def age(place: Path) -> None:
    """Let a corpus seem to have been imported an hour ago."""
    written = json.loads((place / corpus.INFO).read_text("utf-8"))
    earlier = datetime.fromisoformat(written["created"]) - timedelta(hours=1)
    (place / corpus.INFO).write_text(json.dumps(written | {"created": earlier.isoformat()}))


@pytest.mark.parametrize("ref", ["./texts", "texts/", "./texts/", "../here/texts", "./notes"])
def test_what_holds_a_separator_is_a_path(here: Path, ref: str) -> None:
    first = file(here, b"the first text", "texts/a.txt" if "texts" in ref else "notes")
    made = sources.obtain(ref)
    assert made.info.name in ("texts", "notes") and made.info.source == os.path.abspath(ref)
    assert sources.obtain(ref).folder == made.folder == sources.obtain(made.info.name).folder
    Path(first).write_bytes(b"and another")
    said: list[str] = []
    changed = sources.obtain(ref, say=said.append)
    assert changed.info.chars == 11 and changed.info.name == f"{made.info.name}-2"
    assert said == [
        f"imported as {made.info.name}-2: the corpus {made.info.name} has a different text"
    ]
    assert sources.obtain(ref).folder == changed.folder


def test_folders_of_one_name_do_not_mix(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("one", "two"):
        file(here, place.encode(), f"{place}/texts/a.txt")
        monkeypatch.chdir(here / place)
        made = sources.obtain("./texts")
        assert made.info.alphabet.decode(made.ids.tolist()) == place
    said: list[str] = []
    assert sources.obtain("texts", say=said.append).info.chars == 3, "a name is a corpus"
    assert said == [f"texts is the corpus ({here}/one/texts); use ./texts for the path"]


def test_a_built_in_corpus_is_no_path(here: Path) -> None:
    file(here, b"hello hello", "hello/a.txt")
    assert sources.obtain("./hello").info.name == "hello-2", "the name is not taken away"
    assert sources.obtain("hello").info.source.startswith("built in")
    assert sources.obtain("./hello").info.chars == 11
    assert sources.obtain("hello").info.chars == 2000


@pytest.mark.parametrize("name", ["texts", "notes"])
def test_a_name_is_that_of_a_corpus_unless_its_own_source_has_changed(
    here: Path, name: str
) -> None:
    inside = Path(file(here, b"the first text", "texts/a.txt" if name == "texts" else name))
    said: list[str] = []
    made = sources.obtain(name, say=said.append)
    age(made.folder)
    os.utime(inside, (0, 0))
    os.utime(here / name, (0, 0))
    assert sources.obtain(name, say=said.append).folder == made.folder
    assert said == []
    inside.write_bytes(b"and another")
    changed = sources.obtain(name, say=said.append)
    assert changed.info.chars == 11
    assert said == [f"imported as {name}-2: the corpus {name} has a different text"]
    assert sources.obtain(f"{name}-2").folder == changed.folder


def test_a_corpus_that_was_read_in_a_way_of_its_own_keeps_its_name(here: Path) -> None:
    file(here, b"One\n\nTwo\n", "names")
    made = sources.add("names", reading=Reading(lines=True, lowercase=True)).corpus
    assert made.info.options == "--lines --lowercase"
    age(made.folder)
    said: list[str] = []
    assert sources.obtain("names", say=said.append).folder == made.folder
    assert said == ["names is the corpus as it was imported; ./names has changed since"]
    assert sources.obtain("./names").info.name == "names-2"


def test_the_options_of_a_reading_are_those_that_made_it() -> None:
    reading = Reading(("*.c", "!a b"), "cp1252", lines=True, max_size=5, errors="drop")
    assert reading.options == (
        "--glob '*.c' --glob '!a b' --encoding cp1252 --lines --max-size 5 --errors drop"
    )
    assert Reading().options == ""


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        *[("weird name (v2) é!.txt", "weird-name-v2-é"), ("a - b -- c.txt", "a-b-c")],
        *[("!!!.txt", "exclamation-mark"), ("★★.txt", "black-star"), ("-.txt", "hyphen-minus")],
        *[
            ("🎵.txt", "musical-note"),
            ("-dash.txt", "dash"),
            ("[x].txt", "x"),
            ("__.txt", "low-line"),
        ],
        *[("Le\u0301a.txt", "Léa"), ("x" * 47 + "! y.txt", "x" * 47), ("a.b.c.txt", "a.b.c")],
        *[(os.fsdecode(b"\xe9.txt"), "u-dce9"), ("(2024) notes...txt", "2024-notes")],
    ],
)
def test_a_file_name_becomes_a_name_and_that_is_said(here: Path, name: str, tidy: str) -> None:
    path = Path(name)
    made = sources.add(file(here, b"hello", name))
    assert made.corpus.info.name == tidy
    assert made.notes == ([] if path.stem == tidy else [f"named {tidy}, after {path.stem}"])


def test_where_a_path_is_asked_for_a_name_is_one(here: Path) -> None:
    file(here, b"hello", "notes")
    assert sources.as_path("notes") == "./notes"
    for ref in ("hello", "none", "~", "./notes", "@notes", "-", "", str(here), "https://x/notes"):
        assert sources.as_path(ref) == ref
    assert sources.imported_from("notes") == []
    sources.obtain("./notes")
    assert sources.imported_from("notes") == sources.imported_from(str(here / "notes")) == ["notes"]
