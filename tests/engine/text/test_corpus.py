"""The corpus store: streaming, exact and atomic."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import places
from engine.errors import CorpusError, StorageError, UsageError
from engine.text import corpus, encoder
from tests.engine.lives import until


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def nothing_left() -> bool:
    return not places.corpora().exists() or not list(places.corpora().iterdir())


CHARS = st.characters(exclude_categories=["Cs"]) | st.characters(max_codepoint=0xFF)


@given(st.text(CHARS, min_size=2), st.integers(1, 7), st.integers(1, 5))
@settings(max_examples=40)
def test_the_ids_are_the_text_and_the_description_counts_it(
    text: str, size: int, piece: int
) -> None:
    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELO_HOME", home)
        patch.setattr(encoder, "_PIECE", piece)
        made = corpus.add(pieces(text, size), "x", "here")
        info = made.info
        assert info.alphabet.decode(made.ids.tolist()) == text
        assert info.symbols == "".join(sorted(set(text)))
        assert info.counts == tuple(text.count(c) for c in info.symbols)
        assert info.chars == len(text)
        assert info.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert corpus.load(made.folder).info == info


@pytest.mark.parametrize("symbols", [2, 255, 256, 257, 700])
@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_large_alphabets_in_any_blocks(symbols: int, size: int) -> None:
    text = "".join(chr(0x4E00 + (i * 37) % symbols) for i in range(2 * symbols + 5))
    made = corpus.add(pieces(text, size), "x", "here")
    assert len(made.info.symbols) == symbols
    assert made.ids.dtype == (np.uint8 if symbols <= 256 else np.uint16)
    assert made.info.alphabet.decode(made.ids.tolist()) == text


def test_more_symbols_than_sixteen_bits_hold() -> None:
    points = [c for c in range(0x20, 0x20000) if not 0xD800 <= c < 0xE000][:65_537]
    text = "".join(map(chr, reversed(points)))
    made = corpus.add(pieces(text, 40_000), "x", "here")
    assert made.ids.dtype == np.uint32
    assert np.array_equal(made.ids, np.arange(65_537)[::-1])


def test_bytes_as_units() -> None:
    data = bytes(range(256)) + b"\xff\x00"
    made = corpus.add([data[:100], b"", data[100:]], "x", "here", units="byte")
    assert made.ids.tolist() == list(data) and made.ids.dtype == np.uint8
    assert made.info.sha256 == hashlib.sha256(data).hexdigest()
    assert encoder.digest([data]) == made.info.sha256


def test_ids_are_mapped_and_cannot_be_written() -> None:
    made = corpus.add(["hello"], "x", "here")
    assert isinstance(made.ids, np.memmap)
    with pytest.raises(ValueError):
        made.ids[0] = 0


@pytest.mark.parametrize("error", [RuntimeError("no"), CorpusError("no"), KeyboardInterrupt()])
def test_an_import_that_ends_early_leaves_nothing(error: BaseException) -> None:
    def blocks() -> Iterator[str]:
        yield "hello"
        raise error

    with pytest.raises(type(error)):
        corpus.add(blocks(), "x", "here")
    assert nothing_left()


def test_a_disk_that_refuses_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        corpus.add(["hello"], "x", "here")
    assert nothing_left()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_disk_that_fills_up_in_the_middle_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, mode: str) -> Any:
        return open("/dev/full" if path.name == "ids.kept" else path, mode)

    monkeypatch.setattr(encoder, "open", full, raising=False)
    with pytest.raises(StorageError, match="No space left"):
        corpus.add(["hello " * 100_000], "x", "here")
    assert nothing_left()


@pytest.mark.parametrize(("text", "says"), [([], "empty"), ([""], "empty"), (["a"], "one char")])
def test_too_little_to_learn_from(text: list[str], says: str) -> None:
    with pytest.raises(CorpusError, match=says):
        corpus.add(text, "x", "notes.txt")
    assert nothing_left()


def test_a_name_that_is_taken_is_left_alone() -> None:
    made = corpus.add(["hello"], "x", "here")
    with pytest.raises(UsageError, match="already"):
        corpus.add(["other"], "x", "here")
    assert corpus.load(made.folder).info == made.info


HeloAdd = Callable[[str], AbstractContextManager["subprocess.Popen[bytes]"]]


@pytest.fixture
def helo_add(tmp_path: Path) -> HeloAdd:
    """`helo corpora add - --name NAME` as a process that has begun and waits for more to read."""

    @contextmanager
    def start(name: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-P", "-m", "tui", "corpora", "add", "-", "--name", name]
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path) as process:
            assert process.stdin
            process.stdin.write(b"to be or not to be " * 100_000)
            process.stdin.flush()
            until(lambda: (places.corpora() / f".{name}.tmp" / "ids.kept").exists())
            yield process

    return start


def test_two_imports_of_one_name_at_once() -> None:
    def blocks() -> Iterator[str]:
        yield "hello"
        with pytest.raises(UsageError, match="being imported"):
            corpus.add(["other"], "x", "here")
        assert corpus.add(["other"], "y", "here").info.chars == 5
        yield " world"

    assert corpus.add(blocks(), "x", "here").info.chars == 11
    assert [folder.name for folder in corpus.corpora()] == ["x", "y"]


def test_what_a_killed_import_leaves_is_removed_by_the_next(helo_add: HeloAdd) -> None:
    with helo_add("killed") as importing:
        importing.kill()
    assert [path.name for path in places.corpora().iterdir()] == [".killed.tmp"]
    corpus.add(["hello"], "x", "here")
    assert [path.name for path in places.corpora().iterdir()] == ["x"]


def test_a_living_import_is_left_alone(helo_add: HeloAdd) -> None:
    with helo_add("slow") as importing:
        corpus.add(["hello"], "x", "here")
        with pytest.raises(UsageError, match="being imported"):
            corpus.add(["hello"], "slow", "here")
        assert importing.stdin
        importing.stdin.close()
        assert importing.wait() == 0
    assert {path.name for path in places.corpora().iterdir()} == {"slow", "x"}


NO_NAMES = ["", ".x", "a/b", "..", "a b", "x" * 65, "𝐀" * 64, "a\n", "\udce9"]


@pytest.mark.parametrize("name", NO_NAMES, ids=range(len(NO_NAMES)))
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UsageError):
        corpus.add(["hello"], name, "here")
    assert nothing_left()


def test_report_counts_characters() -> None:
    seen: list[int] = []
    corpus.add(["he", "", "llo"], "x", "here", report=seen.append)
    assert seen == [2, 2, 5]


def test_split_keeps_the_end_for_validation() -> None:
    made = corpus.add(["helo" * 100], "x", "here")
    train, val = made.split(0.1)
    assert len(val) == 40 and np.array_equal(np.concatenate([train, val]), made.ids)
    assert len(made.split(0.0)[1]) == 0
    small = corpus.add(["helo" * 49 + "hel"], "small", "here")
    assert [len(part) for part in small.split(0.1)] == [199, 0]
    just = corpus.add(["helo" * 50], "just", "here")
    assert [len(part) for part in just.split(0.1)] == [180, 20]


def test_parts_are_the_split_read_from_the_file() -> None:
    made = corpus.add(["".join(map(chr, range(32, 1032))) * 3], "x", "here")
    for part, mapped in zip(made.parts(0.1), made.split(0.1), strict=True):
        assert len(part) == len(mapped) and part.dtype == mapped.dtype
        for piece in (slice(None), slice(5, 9), slice(7, 7), slice(100, 10**6), slice(-3, None)):
            assert np.array_equal(part[piece], mapped[piece])


def test_a_file_that_shrinks_while_it_is_read_is_told() -> None:
    made = corpus.add(["hello" * 100], "x", "here")
    part, _ = made.parts(0.1)
    os.truncate(made.folder / corpus.IDS, 200)
    with pytest.raises(CorpusError, match="shorter"):
        part[300:310]


def damage_ids(folder: Path) -> None:
    np.save(folder / corpus.IDS, np.zeros(3, np.uint8))


def damage_type(folder: Path) -> None:
    np.save(folder / corpus.IDS, np.zeros(5, np.float32))


def damage_pickle(folder: Path) -> None:
    np.save(folder / corpus.IDS, np.array([{}] * 5, object), allow_pickle=True)


def damage_cut(folder: Path) -> None:
    (folder / corpus.IDS).write_bytes((folder / corpus.IDS).read_bytes()[:-2])


def damage_empty(folder: Path) -> None:
    (folder / corpus.IDS).write_bytes(b"")


def damage_json(folder: Path) -> None:
    (folder / corpus.INFO).write_text("{")


def damage_form(folder: Path) -> None:
    (folder / corpus.INFO).write_text("[1]")


def damage_symbols(folder: Path) -> None:
    info = (folder / corpus.INFO).read_text()
    (folder / corpus.INFO).write_text(info.replace('"ehlo"', '"oleh"'))


def damage_missing(folder: Path) -> None:
    (folder / corpus.INFO).unlink()


@pytest.mark.parametrize(
    "damage", [v for k, v in list(globals().items()) if k.startswith("damage_")]
)
def test_a_damaged_corpus_is_refused_in_one_line(damage: object) -> None:
    made = corpus.add(["hello"], "x", "here")
    assert callable(damage)
    damage(made.folder)
    with pytest.raises(CorpusError) as caught:
        corpus.load(made.folder)
    assert "\n" not in str(caught.value)


def test_a_corpus_of_a_newer_helo_says_so() -> None:
    made = corpus.add(["hello"], "x", "here")
    about = json.loads((made.folder / corpus.INFO).read_text())
    assert about["version"] == corpus.VERSION
    newer = about | {"version": 2, "counts": "otherwise"}
    (made.folder / corpus.INFO).write_text(json.dumps(newer))
    with pytest.raises(CorpusError, match="newer helo"):
        corpus.load(made.folder)
    (made.folder / corpus.INFO).write_text(json.dumps(about | {"later": "more"}))
    assert corpus.load(made.folder).info == made.info
    del about["version"]
    (made.folder / corpus.INFO).write_text(json.dumps(about))
    assert corpus.load(made.folder).info == made.info


WRONG = (
    {"chars": "5"},
    {"chars": 10**400},
    {"chars": 0, "counts": [0, 0, 0, 0]},
    {"chars": 6},
    {"counts": [1, 1, 2]},
    {"counts": [[1], 1, 2, 1]},
    {"counts": {"e": 1}},
    {"counts": [-1, 1, 4, 1]},
    {"symbols": ["e", "h", "l", "o"]},
    {"symbols": "ehl"},
    {"units": "word"},
    {"lines": 1},
    {"entropy_rate": math.nan},
    {"created": 3},
    {"created": "today"},
    {"created": "2026-11-29"},
    {"source": None},
    {"version": -1},
)


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_description_of_the_wrong_form_is_refused(wrong: dict[str, object]) -> None:
    made = corpus.add(["hello"], "x", "here")
    about = json.loads((made.folder / corpus.INFO).read_text())
    (made.folder / corpus.INFO).write_text(json.dumps(about | wrong))
    with pytest.raises(CorpusError, match=r"corpus\.json is damaged .*import the text again"):
        corpus.load(made.folder)


def test_ids_that_cannot_be_are_refused() -> None:
    made = corpus.add(["hello"], "x", "here")
    path = made.folder / corpus.IDS
    whole = path.read_bytes()
    np.save(path, np.array([0, 1, 2, 3, 4], np.uint8))
    with pytest.raises(CorpusError, match="outside the alphabet"):
        corpus.load(made.folder)
    for damage in (whole[:40], b"PK\x03\x04" + whole, whole.replace(b"(5,)", b"(((("), b""):
        path.write_bytes(damage)
        with pytest.raises(CorpusError, match="not an array of ids"):
            corpus.load(made.folder)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CorpusError, match="not a regular file"):
        corpus.load(made.folder)
