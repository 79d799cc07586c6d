"""`helo corpora add` as a person and a script use it: sources, notes, JSON, and an end by ctrl+c."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with sources of several kinds in it."""
    folder = tmp_path / "src"
    for name, data in {
        "main.c": b"int main() {}\n",
        "lib/latin.c": "/* d\xe9j\xe0 vu, \xe0 l'\xe9cole */\n".encode("cp1252"),
        "logo.png": b"\x89PNG\0",
        "odd\x1b[31m\n.bin": b"\0",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_notes_and_what_was_added_are_said(cli, source):
    done = cli("corpora", "add", str(source))
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines() == [
        "left out 2 binary files: logo.png, odd␛[31m⏎.bin",
        "read as cp1252: lib/latin.c",
        "src: 39 characters, 25 different ones",
    ]


def test_json_describes_the_corpus(cli, source, home):
    done = cli("corpora", "add", str(source), "--glob", "*.c", "--lowercase", "--lines", "--json")
    added = json.loads(done.out)
    assert done.err == "read as cp1252: lib/latin.c\n"
    assert (added["name"], added["chars"], added["lines"]) == ("src", 39, True)
    assert added["notes"] == ["read as cp1252: lib/latin.c"]
    assert added["path"] == str(home / "corpora" / "src")
    assert json.loads(cli("corpora", "show", "src", "--json").out)["sha256"] == added["sha256"]


def test_several_globs_and_an_encoding(cli, source):
    done = cli(
        *("corpora", "add", str(source), "--name", "x", "--json", "--encoding", "cp1250"),
        *("--glob", "*.c", "--glob", "!main.c"),
    )
    assert (json.loads(done.out)["chars"], done.err) == (25, "")


def test_a_size_that_is_too_large_leaves_nothing(cli, source, home):
    done = cli("corpora", "add", str(source), "--max-size", "20")
    assert done.status == 1
    assert done.err.startswith("helo: there are more than 20 bytes of text")
    assert not list((home / "corpora").iterdir())


def test_training_text_may_be_a_pipe_of_an_archive(cli, home):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    assert cli("corpora", "add", "-", "--name", "piped", stdin=buffer.getvalue()).status == 0
    assert json.loads(cli("corpora", "show", "piped", "--json").out)["chars"] == 5


def test_notes_are_told_by_whatever_reads_a_text(cli, tiny, tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes(b"Shall \xe9")
    done = cli("score", str(file), "-m", "tiny", "--skip-unknown")
    assert done.err.startswith(f"read as cp1252: {file}\n")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "Shall I")
        archive.writestr("b.bin", b"\0")
    done = cli("score", str(tmp_path / "x.zip"), "-m", "tiny")
    assert (done.status, done.err) == (0, "left out 1 binary file: b.bin\n")


def test_ctrl_c_in_the_middle_of_an_import_leaves_nothing(home):
    command = [sys.executable, "-P", "-m", "tui", "corpora", "add", "-", "--name", "long"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stderr
        block = b"a long text\n" * 100_000
        while not list(home.glob("corpora/.long.tmp/*")):
            process.stdin.write(block)  # a pipe holds less, so this waits for the reader
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""
        with pytest.raises(BrokenPipeError):
            while True:
                os.write(process.stdin.fileno(), block)
        process.stdin.close()
    assert not list((home / "corpora").iterdir())


CUT = "a small café by the river, a small café".encode()[:-1]


def test_what_was_read_is_told_wherever_a_corpus_is(cli, tmp_path):
    (tmp_path / "cut.txt").write_bytes(CUT)
    told = (
        f"UTF-8 cut short within a character, which is left out: {tmp_path / 'cut.txt'} (byte 40)"
    )
    done = cli("corpora", "add", str(tmp_path / "cut.txt"))
    assert done.err.splitlines()[0] == told
    assert "encoding    utf-8\n" in cli("corpora", "show", "cut").out
    assert json.loads(cli("corpora", "show", "cut", "--json").out)["encoding"] == "utf-8"
    (tmp_path / "wide.txt").write_bytes("hello there\n".encode("utf-16-be"))
    cli("corpora", "add", str(tmp_path / "wide.txt"))
    listed = cli("corpora", "list").out
    assert [line.split()[4] for line in listed.splitlines()[2:4]] == ["utf-8", "utf-16-be"]
    assert {c["name"]: c.get("encoding") for c in json.loads(cli("corpora", "list", "--json").out)}[
        "wide"
    ] == "utf-16-be"
    cli("corpora", "add", "hello")
    assert "encoding" not in cli("corpora", "show", "hello").out


def test_a_broken_text_is_refused_by_its_place_or_read_with_what_was_done(cli, tmp_path):
    file = tmp_path / "broken.txt"
    file.write_bytes(
        "caf\ud8e9 au lait\n".encode("utf-8", "surrogatepass") + "très bon\n".encode() * 4
    )
    refused = cli("corpora", "add", str(file))
    assert refused.status == 1
    assert refused.err == (
        f"helo: {file} is a broken UTF-8 file (byte 3, line 1): "
        "--errors drop or --errors replace reads the rest\n"
    )
    done = cli("corpora", "add", str(file), "--errors", "drop")
    assert f"unreadable bytes dropped: {file} (1 place, the first at byte 3, line 1)" in done.err
    done = cli("corpora", "add", str(file), "--errors", "replace", "--name", "x")
    assert "unreadable bytes replaced by U+FFFD" in done.err
    for wrong in (("ignore",), ("drop", "--units", "byte")):
        done = cli("corpora", "add", str(file), "--errors", *wrong)
        assert done.status == 2 and "--errors" in done.err


def test_no_command_advises_options_of_another(cli, tiny, tmp_path):
    file = tmp_path / "broken.txt"
    file.write_bytes(b"a\0b" + "très bon\n".encode() * 9)
    for command in (("sample", "tiny", "--prompt", f"@{file}"), ("score", str(file))):
        told = cli(*command).err
        assert "NUL characters (byte 1, line 1)" in told and "--errors" not in told
    told = cli("train", str(file)).err
    assert "import it with `helo corpora add`, where --errors drop" in told


def test_a_text_is_brought_to_one_form_and_that_is_kept(cli, tmp_path):
    file = tmp_path / "both.txt"
    file.write_text("é e\u0301\n", "utf-8")
    for form, chars in (("none", 5), ("nfc", 4), ("nfd", 6)):
        done = cli("corpora", "add", str(file), "--name", form, "--normalise", form, "--json")
        added = json.loads(done.out)
        assert (added["chars"], added["normalise"]) == (chars, form)
        assert done.err == ("" if form == "none" else f"text converted to {form.upper()}\n")
        shown = cli("corpora", "show", form).out
        assert ("normalised" in shown) == (form != "none")
    for wrong in (("nfkc",), ("nfc", "--units", "byte")):
        done = cli("corpora", "add", str(file), "--normalise", *wrong)
        assert done.status == 2 and "--normalise" in done.err


def test_a_file_that_is_no_corpus_yet_is_told_from_nothing(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("plain.txt", "two words.txt"):
        (tmp_path / name).write_text("hello hello")
    for command in ("show", "rm"):
        told = cli("corpora", command, "two words.txt").err
        assert told == (
            "helo: two words.txt is not imported yet: helo corpora add 'two words.txt' does that\n"
        )
    cli("corpora", "add", "plain.txt", "--name", "one", "--lowercase")
    cli("corpora", "add", "./plain.txt", "--name", "two")
    told = cli("corpora", "show", "plain.txt").err
    assert told == "helo: there is no corpus plain.txt; imported from it: one, two\n"
    assert "no corpus or file 'none.txt'" in cli("corpora", "show", "none.txt").err
    assert " with --lowercase\n" in cli("corpora", "show", "one").out
    assert " with " not in cli("corpora", "show", "two").out


def test_several_corpora_are_deleted_at_once_or_none(cli, home, tmp_path):
    (tmp_path / "a.txt").write_text("hello hello")
    for name in ("a", "b", "c"):
        cli("corpora", "add", str(tmp_path / "a.txt"), "--name", name)
    assert cli("corpora", "rm", "a", "none", "--yes").status == 1
    assert len(list(home.glob("corpora/*"))) == 3
    assert cli("corpora", "rm", "a", "b", "a", "--yes").status == 0
    assert [folder.name for folder in home.glob("corpora/*")] == ["c"]


def test_one_of_anything_is_counted_in_the_singular(cli, tmp_path):
    (tmp_path / "a.txt").write_text("aa")
    done = cli("corpora", "add", str(tmp_path / "a.txt"))
    assert done.err == "a: 2 characters, 1 different one\n"
    assert "alphabet    1 character: " in cli("corpora", "show", "a").out
    assert "  1 character " in cli("corpora", "list").out


def test_a_file_whose_name_begins_as_an_option_is_shown_the_way(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-dash.txt").write_text("hello hello")
    for command in (("corpora", "add"), ("train",), ("score",)):
        done = cli(*command, "-dash.txt")
        assert done.status == 2 and done.err.endswith("; write ./-dash.txt for the file\n")
    assert cli("corpora", "add", "./-dash.txt").err.startswith("named dash, after -dash\n")


def test_a_prompt_of_no_file_says_what_is_wrong(cli, tiny, tmp_path):
    told = cli("sample", "tiny", "--prompt", "@").err
    assert told.startswith("helo: --prompt @ names no file: ") and told.count("\n") == 1
    assert "is a folder" in cli("sample", "tiny", "--prompt", f"@{tmp_path}").err
