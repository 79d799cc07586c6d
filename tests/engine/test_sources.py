"""Anything that is text: files of every kind, standard input, the built-in corpora, `obtain`."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import brackets
from engine import corpus, places, sources
from engine.errors import CorpusError, HeloError, NotFoundError, UsageError
from engine.vocab import normalise


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_BLOCK", 3)


def file(folder: Path, data: bytes, name: str = "notes.txt") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "\ufeff", "a", "é", "日", "𝐀"])))
def test_lines_and_marks_across_block_borders(parts: list[str]) -> None:
    text = "".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        for size in (1, 2, 3, 1000):
            patch.setattr(sources, "_BLOCK", size)
            blocks = sources._bytes(io.BytesIO(text.encode()))  # type: ignore[arg-type]
            assert "".join(sources._text(blocks, "x")) == normalise(text)


@pytest.mark.usefixtures("small_blocks")
def test_a_file_is_normalised_and_its_hash_is_of_that(tmp_path: Path) -> None:
    made = sources.add(file(tmp_path, b"\xef\xbb\xbfone\r\ntwo\rthr\xc3\xa9e\n"))
    text = "one\ntwo\nthrée\n"
    assert made.info.alphabet.decode(made.ids.tolist()) == text
    assert made.info.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert made.info.name == "notes" and made.info.source.endswith("notes.txt")


@pytest.mark.usefixtures("small_blocks")
def test_read_gives_a_whole_text_or_its_bytes(tmp_path: Path) -> None:
    ref = file(tmp_path, b"a\r\nb\r")
    assert sources.read(ref) == "a\nb\n"
    assert sources.read(ref, "byte") == b"a\r\nb\r"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        *((b"", "is empty"), (b"\xef\xbb\xbf", "is empty"), (b"x", "one character")),
        *((b"caf\xe9 au lait", "no UTF-8"), (b"abc\xe9", "no UTF-8"), (b"a\0b", "binary")),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, says: str) -> None:
    ref = file(tmp_path, data)
    with pytest.raises(CorpusError, match=says) as caught:
        sources.add(ref)
    assert "\n" not in str(caught.value) and ref in str(caught.value)
    assert not corpus.corpora()


def test_the_place_of_a_bad_byte_is_named_and_bytes_advised(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"near byte 6.*--units byte"):
        sources.add(file(tmp_path, b"abcdef\xffgh"))
    made = sources.add(file(tmp_path, b"\xff\x00\r\n"), units="byte")
    assert made.ids.tolist() == [3, 0, 2, 1]


def test_places_that_are_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for ref, error, says in [
        (str(tmp_path / "none.txt"), NotFoundError, "none.txt"),
        (str(tmp_path), CorpusError, "folder"),
        (str(tmp_path / "pipe"), CorpusError, "regular"),
        ("/dev/null", CorpusError, "regular"),
    ]:
        for call in (sources.obtain, sources.read, sources.add):
            with pytest.raises(error, match=says):
                call(ref)


ODD = ["", "x" * 5000, "a\0b", "~nobody-of-that-name/x", "notes/x", "\udce9"]


@pytest.mark.parametrize("ref", ODD, ids=range(len(ODD)))
def test_odd_references_are_refused_in_one_line(
    ref: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file(tmp_path, b"hello", "notes")
    for call in (sources.obtain, sources.read, sources.add):
        with pytest.raises(HeloError):
            call(ref)


def test_a_file_whose_name_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    made = sources.obtain(file(tmp_path, b"hello", name))
    assert made.info.source.endswith(name)
    assert corpus.load(made.folder).info == made.info
    assert sources.obtain(str(tmp_path / name)).folder == made.folder


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"he\r\nllo")))
    made = sources.obtain("-")
    assert made.info.name == "stdin"
    assert made.info.alphabet.decode(made.ids.tolist()) == "he\nllo"


def test_hello_is_the_worked_example() -> None:
    made = sources.obtain("hello")
    assert made.info.symbols == "ehlo"
    assert made.info.alphabet.decode(made.ids[:10].tolist()) == "hellohello"
    assert made.info.chars >= 200, "large enough for a validation part"
    assert sources.obtain("hello").folder == made.folder


def test_python_is_found_on_the_machine() -> None:
    made = sources.obtain("python")
    assert made.info.chars > 1_000_000
    assert "\r" not in made.info.symbols
    assert "def " in made.info.alphabet.decode(made.ids[:20_000].tolist())
    assert sources.obtain("python").folder == made.folder


def test_an_unknown_unit() -> None:
    with pytest.raises(UsageError, match="--units"):
        sources.find("hello", "word")


def test_obtain_knows_what_it_imported(tmp_path: Path) -> None:
    ref = file(tmp_path, b"hello hello")
    first = sources.obtain(ref)
    assert sources.obtain(ref).folder == first.folder == sources.obtain("notes").folder
    assert sources.obtain(str(first.folder)).folder == first.folder

    file(tmp_path, b"another text")
    changed = sources.obtain(ref)
    assert changed.info.name != "notes" and changed.info.symbols != first.info.symbols
    assert sources.obtain(ref).folder == changed.folder, "not imported a third time"
    file(tmp_path, b"hello hello")
    assert sources.obtain(ref).folder == first.folder
    assert len(corpus.corpora()) == 2


def test_obtain_finds_another_name_beside_a_damaged_corpus(tmp_path: Path) -> None:
    ref = file(tmp_path, b"hello hello")
    (sources.obtain(ref).folder / corpus.INFO).unlink()
    assert sources.obtain(ref).ids.size == 11


def test_odd_file_names_become_names(tmp_path: Path) -> None:
    for name in ("my notes (1).txt", ".hidden", "日本.txt", "x" * 200, "---.txt"):
        made = sources.obtain(file(tmp_path, f"text of {name}".encode(), name))
        assert made.folder.parent == places.corpora()


@pytest.mark.parametrize("units", ["char", "byte"])
def test_what_a_generator_knows_of_its_text_is_kept(units: str) -> None:
    made = sources.add("brackets", units=units)
    assert made.info.entropy_rate == brackets.entropy_rate()
    assert sources.add("python").info.entropy_rate is None
