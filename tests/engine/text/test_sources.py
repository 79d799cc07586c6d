"""Anything that is text: files of every kind, standard input, the built-in corpora, `obtain`."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpora import brackets
from engine import places, storage
from engine.errors import CorpusError, HeloError, NotFoundError, UsageError
from engine.text import corpus, sources
from engine.text.sources import Reading, document
from engine.text.sources.files import RegularFile

PLAIN = Reading()


def file(folder: Path, data: bytes, name: str = "notes.txt") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def text_of(ref: Path | str, reading: Reading = PLAIN) -> str:
    """The text of an imported source, and that importing leaves nothing else behind."""
    imported = sources.add(str(ref), "made", reading).corpus
    text = imported.info.alphabet.decode(imported.ids.tolist())
    storage.remove_folder(imported.folder)
    assert not list(places.corpora().iterdir())
    return text


def notes_of(ref: Path | str, reading: Reading = PLAIN) -> list[str]:
    source = sources.find(str(ref), reading)
    for _ in sources.blocks(source, reading):
        pass
    return source.ledger.notes


def refused(ref: Path | str, says: str, reading: Reading = PLAIN) -> None:
    """An import ends with one line that says so, and nothing is left behind."""
    with pytest.raises(CorpusError, match=says) as caught:
        sources.add(str(ref), "made", reading)
    assert "\n" not in str(caught.value)
    assert not places.corpora().exists() or not list(places.corpora().iterdir())


def test_a_file_is_normalised_and_its_hash_is_of_that(tmp_path: Path) -> None:
    made = sources.add(file(tmp_path, b"\xef\xbb\xbfone\r\ntwo\rthr\xc3\xa9e\n")).corpus
    text = "one\ntwo\nthrée\n"
    assert made.info.alphabet.decode(made.ids.tolist()) == text
    assert made.info.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert made.info.name == "notes" and made.info.source.endswith("notes.txt")


def test_read_gives_a_whole_text_or_its_bytes(tmp_path: Path) -> None:
    ref = file(tmp_path, b"a\r\nb\r")
    assert sources.read(ref) == "a\nb\n"
    assert sources.read(ref, "byte") == b"a\r\nb\r"
    said: list[str] = []
    assert sources.read(file(tmp_path, b"caf\xe9 noir"), say=said.append) == "café noir"
    assert said == [f"read as cp1252: {ref}"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"x", "one character"),
        (b"a\0b", "binary"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, says: str) -> None:
    ref = file(tmp_path, data)
    refused(ref, says)
    refused(ref, re.escape(ref))


def test_binary_files_can_be_read_as_bytes(tmp_path: Path) -> None:
    refused(file(tmp_path, b"\xff\x00\r\n"), "--units byte")
    made = sources.add(file(tmp_path, b"\xff\x00\r\n"), reading=Reading(units="byte")).corpus
    assert made.ids.tolist() == [3, 0, 2, 1]


def test_places_that_are_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for ref, error, says in [
        (str(tmp_path / "none.txt"), NotFoundError, "none.txt"),
        (str(tmp_path / "pipe" / "x"), CorpusError, "cannot read"),
        (str(tmp_path / "pipe"), CorpusError, "regular"),
        ("/dev/null", CorpusError, "regular"),
    ]:
        for call in (sources.obtain, sources.read, sources.add):
            with pytest.raises(error, match=says):
                call(ref)


def test_a_pipe_in_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match="regular"):
        RegularFile(tmp_path / "pipe", document.Ledger())


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


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    for name in ("b.txt", "a/z.txt", "a.txt", "a-b/c.txt", "B.txt"):
        file(folder, name.encode(), name)
    file(folder, b"", "a/empty.txt")
    file(folder, b"ends\n", "c.txt")
    file(folder, b"last", "d.txt")
    names = sorted(["b.txt", "a/z.txt", "a.txt", "a-b/c.txt", "B.txt"])
    assert text_of(folder) == "\n".join(names) + "\nends\nlast"
    assert sources.find(str(folder), PLAIN).name == "notes"
    bytes_ = sources.blocks(sources.find(str(folder), BYTES := Reading(units="byte")), BYTES)
    assert b"".join(bytes_) == text_of(folder).encode()  # type: ignore[arg-type]


def test_globs_pick_files(tmp_path: Path) -> None:
    for name in ("a.c", "a.h", "sub/b.c", "sub/deep/c.c", "sub/x.txt"):
        file(tmp_path / "src", f"<{name}>\n".encode(), name)
    for glob, taken in [
        (("*.c",), ["a.c", "sub/b.c", "sub/deep/c.c"]),
        (("*.[ch]", "!b.c"), ["a.c", "a.h", "sub/deep/c.c"]),
        (("/*.c",), ["a.c"]),
        (("sub/*.c",), ["sub/b.c"]),
        (("sub/**/*.c",), ["sub/b.c", "sub/deep/c.c"]),
        (("sub/", "!sub/deep/"), ["sub/b.c", "sub/x.txt"]),
        (("!*.c",), ["a.h", "sub/x.txt"]),
    ]:
        wanted = "".join(f"<{name}>\n" for name in taken)
        assert text_of(tmp_path / "src", Reading(glob=glob)) == wanted, glob
    refused(tmp_path / "src", "--glob matches none", Reading(glob=("*.md",)))
    with pytest.raises(UsageError, match="one file"):
        sources.add(str(tmp_path / "src/a.c"), reading=Reading(glob=("*.c",)))


def test_hidden_files_are_left_out_unless_a_glob_names_them(tmp_path: Path) -> None:
    for name in (".git/config", ".hidden", "seen", "sub/.x/y"):
        file(tmp_path / "src", f"<{name}>".encode(), name)
    assert text_of(tmp_path / "src") == "<seen>"
    assert text_of(tmp_path / "src", Reading(glob=("*",))) == "<seen>"
    assert text_of(tmp_path / "src", Reading(glob=(".git/",))) == "<.git/config>"
    assert text_of(tmp_path / "src", Reading(glob=(".x/", "seen"))) == "<seen>\n<sub/.x/y>"


def test_what_is_no_text_in_a_folder_is_left_out_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    file(folder, b"text\n", "a.txt")
    file(folder, b"\x89PNG\0", "b.png")
    file(folder, b"\x1f\x8b\x08 no zero", "c.gz")
    file(folder, "ünbröken ".encode() * 9 + b"\xff", "d.txt")
    os.mkfifo(folder / "pipe")
    os.symlink(folder, folder / "loop")
    os.symlink("nowhere", folder / "broken")
    os.symlink("a.txt", folder / "z")
    assert text_of(folder) == "text\ntext\n"
    assert sorted(notes_of(folder)) == [
        "left out 1 broken UTF-8 file: d.txt (byte 99, line 1)",
        "left out 1 folder link: loop",
        "left out 1 special file: pipe",
        "left out 1 unreadable file: broken",
        "left out 2 binary files: b.png, c.gz",
    ]
    for i in range(9):
        file(folder, b"\0", f"e{i}")
    assert "left out 11 binary files: b.png, c.gz, e0, e1, e2 and 6 more" in notes_of(folder)


def test_a_folder_without_text_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no text in .*no files")
    file(tmp_path / "empty", b"\0", "b.png")
    refused(tmp_path / "empty", "left out 1 binary file: b.png")


def test_files_that_may_not_be_read_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file(tmp_path / "d", b"open", "a/open")
    file(tmp_path / "d", b"closed", "a/closed")
    file(tmp_path / "d", b"closed", "shut/x")
    open_, scandir = os.open, os.scandir

    def forbid(path: str | Path, *rest: Any, **named: Any) -> int:
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied")
        return open_(path, *rest, **named)

    def forbid_folder(path: str | Path) -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "open", forbid)  # the tests may run as root, whom nothing is denied
    monkeypatch.setattr(os, "scandir", forbid_folder)
    assert text_of(tmp_path / "d") == "open"
    assert notes_of(tmp_path / "d") == [
        "left out 1 unreadable folder: shut/",
        "left out 1 unreadable file: a/closed",
    ]
    refused(tmp_path / "d/a/closed", "cannot read .*Permission denied")
    refused(tmp_path / "d/shut", "cannot read .*Permission denied")


def test_the_store_is_no_part_of_a_folder(home: Path) -> None:
    file(home, b"text", "text")
    sources.add(str(home / "text"), "other")
    imported = sources.add(str(home), "made")
    assert imported.corpus.info.chars == 4
    assert imported.notes == ["left out 1 folder of helo's own: corpora"]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c/d"):
        file(tmp_path / "d", b"x", name)
    monkeypatch.setattr(document, "MOST_FILES", 4)
    assert text_of(tmp_path / "d") == "x\nx\nx"
    monkeypatch.setattr(document, "MOST_FILES", 3)
    refused(tmp_path / "d", "more than 3 files")


def appending(path: Path, data: bytes) -> Callable[[int, int | None], None]:
    def report(read: int, of: int | None) -> None:
        with open(path, "ab") as more:
            more.write(data)

    return report


def test_a_file_that_grows_is_taken_as_it_was(tmp_path: Path) -> None:
    path = Path(file(tmp_path, b"x" * 10))
    imported = sources.add(str(path), report=appending(path, b"y"))
    assert imported.corpus.info.symbols == "x" and imported.corpus.info.chars == 10
    assert imported.notes == [f"grew while it was read, read to its original length: {path}"]


def test_a_file_that_shrinks_is_refused(tmp_path: Path) -> None:
    path = Path(file(tmp_path, b"x" * 3_000_000))
    with pytest.raises(CorpusError, match="shorter"):
        sources.add(str(path), report=lambda read, of: os.truncate(path, 5))
    assert not corpus.corpora()


def test_a_text_has_a_largest_size(tmp_path: Path) -> None:
    ref = file(tmp_path / "d", b"x" * 3_000_000, "a")
    assert len(text_of(ref, Reading(max_size=3_000_000))) == 3_000_000
    refused(ref, "2,999,999 bytes.*--max-size", Reading(max_size=2_999_999))
    file(tmp_path / "d", b"y" * 3_000_000, "b")
    refused(tmp_path / "d", "--max-size", Reading(max_size=5_000_000))
    file(tmp_path / "d", b"\0" * 3_000_000, "b")
    assert len(text_of(tmp_path / "d", Reading(max_size=3_000_000))) == 3_000_000


def test_progress_ends_with_all_that_there_is(tmp_path: Path) -> None:
    file(tmp_path / "d", b"x" * 2_000_000, "a")
    file(tmp_path / "d", b"\0" * 3_000_000, "b")
    seen: list[tuple[int, int | None]] = []
    sources.add(str(tmp_path / "d"), report=lambda read, of: seen.append((read, of)))
    assert seen == sorted(seen) and seen[-1] == (5_000_000, 5_000_000)


def test_whatever_report_raises_ends_an_import(tmp_path: Path) -> None:
    def stop(read: int, of: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sources.add(file(tmp_path, b"hello"), report=stop)
    assert not list(places.corpora().iterdir())


@pytest.mark.parametrize("units", ["char", "byte"])
def test_the_beginning_of_a_long_text_can_be_read(tmp_path: Path, units: str) -> None:
    ref, said = file(tmp_path, b"abcdefgh" * 400_000), list[str]()
    whole = sources.read(ref, units)
    assert sources.read(ref, units, said.append, 3_200_000) == whole and said == []
    begun = sources.read(ref, units, said.append, 1_500_003)
    assert begun == whole[:1_500_003] and said == ["only the first 1,500,003 characters are read"]


def test_lines_are_examples(tmp_path: Path) -> None:
    lines = Reading(lines=True)
    ref = file(tmp_path, b"\n\nann\r\n\r\n\nbob\n\n\ncy")
    assert text_of(ref, lines) == "ann\nbob\ncy"
    assert sources.add(ref, "kept", lines).corpus.info.lines
    storage.remove_folder(places.corpora() / "kept")
    both = Reading(lines=True, units="byte")
    assert text_of(file(tmp_path, b"\n\nann\n\nbob\n"), both) == "ann\nbob\n"
    refused(file(tmp_path, b"no end"), "--lines", lines)


def test_lower_case(tmp_path: Path) -> None:
    ref = file(tmp_path, "ÉCOLE İstanbul ΟΔΟΣ".encode())
    assert text_of(ref, Reading(lowercase=True)) == "école i̇stanbul οδοσ"


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    refused("-", "closed")


@pytest.mark.parametrize("units", ["char", "byte"])
def test_what_a_generator_knows_of_its_text_is_kept(units: str) -> None:
    made = sources.add("brackets", reading=Reading(units=units)).corpus
    assert made.info.entropy_rate == brackets.entropy_rate()
    assert sources.add("python").corpus.info.entropy_rate is None
    taken_apart = sources.add("digits", reading=Reading(lines=True)).corpus
    assert taken_apart.info.entropy_rate is None, "without its empty lines it is another text"
