"""helo complete: lines in, continuations out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.vocab import Alphabet
from tests.conftest import Cli, make_model

LINES = ["Shall", "", "Rough winds", "May"]


def parsed(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def continued(cli: Cli, line: str, seed: int, *options: str) -> str:
    """What `helo sample` writes after a prompt."""
    return cli("sample", "tiny", "-p", line, "-s", f"{seed}", *options).out[len(line) :]


@pytest.mark.parametrize(
    "options", [(), ("-t", "0.7", "--top-k", "5"), ("--repetition-penalty", "1.5"), ("--greedy",)]
)
def test_each_line_goes_on_as_a_sample_with_its_seed(
    cli: Cli, tiny: Model, options: tuple[str, ...]
) -> None:
    command = ("complete", "tiny", "-s", "5", "-n", "40", *options)
    done = cli(*command, stdin="\n".join(LINES).encode())
    expected = [
        continued(cli, line, 5 + i, "-n", "40", "--stop", "\n", *options)
        for i, line in enumerate(LINES)
    ]
    assert done.status == 0 and done.err == ""
    assert done.out == "".join(text if text.endswith("\n") else f"{text}\n" for text in expected)
    assert done.out.count("\n") == len(LINES)
    found = parsed(cli(*command, "--json", stdin="\n".join([*LINES, ""]).encode()).out)
    assert [line["text"] for line in found] == expected
    assert [line["prompt"] for line in found] == LINES
    assert [line["index"] for line in found] == [0, 1, 2, 3]
    assert [line["seed"] for line in found] == [5, 6, 7, 8]
    assert [line["ended"] for line in found] == [text.endswith("\n") for text in expected]


def test_more_lines_than_are_continued_at_once_keep_their_order(cli: Cli, tiny: Model) -> None:
    lines = [f"{'a' * (i % 7)}{i % 3 * 'May '}" for i in range(150)]
    found = parsed(
        cli(
            "complete", "tiny", "-s", "0", "-n", "30", "--json", stdin="\n".join(lines).encode()
        ).out
    )
    assert [line["prompt"] for line in found] == lines
    assert [line["index"] for line in found] == list(range(150))
    assert found[149]["text"] == continued(cli, lines[149], 149, "-n", "30", "--stop", "\n")


def test_a_stop_takes_the_place_of_the_line_end(cli: Cli, tiny: Model) -> None:
    command = ("complete", "tiny", "-s", "1", "-n", "200", "--json")
    (found,) = parsed(cli(*command, "--stop", "e", stdin=b"Shall\n").out)
    assert found["text"] == continued(cli, "Shall", 1, "-n", "200", "--stop", "e")
    (endless,) = parsed(cli(*command, "--stop", "", stdin=b"Shall\n").out)
    assert len(endless["text"]) == 200 and "\n" in endless["text"] and not endless["ended"]
    told = cli(*command[:-1], "--stop", "", stdin=b"Shall\n").out
    assert told == endless["text"] + ("" if endless["text"].endswith("\n") else "\n")


def test_settings_that_look_back_and_mixtures(cli: Cli, tiny: Model) -> None:
    modelfile.save(places.models() / "other.safetensors", make_model(seed=3))
    for options in (("--regex", "[a-z]{3}"), ("--mix", "other:0.5")):
        done = cli("complete", "tiny", "-s", "2", "-n", "9", *options, stdin=b"Sh\nMay\n")
        lines = done.out.splitlines()
        assert done.status == 0 and len(lines) == 2
        for i, line in enumerate(("Sh", "May")):
            expected = continued(cli, line, 2 + i, "-n", "9", "--stop", "\n", *options)
            assert lines[i] == expected.rstrip("\n")
    short = cli("complete", "tiny", "-s", "2", "-n", "2", "--regex", "[a-z]{3}", stdin=b"Sh\nMay\n")
    assert "line 2: --length 2 ended the text where --regex does not let it end" in short.err


def test_what_a_line_may_be(cli: Cli, tiny: Model) -> None:
    lines = "\ufeffShall\r\nSháll 漢\r\n".encode() + b"\xff\n"
    done = cli("complete", "tiny", "-s", "1", "-n", "5", "--json", stdin=lines)
    first, second, third = parsed(done.out)
    assert first["prompt"] == "Shall" and second["prompt"] == "Sháll 漢"
    told = done.err.splitlines()
    assert told[0].startswith("line 2: 'á' read as 'a'; '漢' left out")
    assert told[1].startswith("line 3: ") and "left out" in told[1] and third["prompt"] == "\ufffd"
    nothing = cli("complete", "tiny", "-s", "1", stdin=b"")
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "")
    plain = cli("complete", "tiny", "-n", "5", stdin=b"Shall\n")
    assert plain.err.startswith("seed ")
    long = cli("complete", "tiny", "-s", "1", "-n", "5", "--json", stdin=b"Shall" * 20_000)
    assert len(parsed(long.out)[0]["prompt"]) == 100_000


def test_a_model_without_line_ends_writes_on(cli: Cli, tiny: Model) -> None:
    modelfile.save(places.models() / "flat.safetensors", make_model(text="abc"))
    done = cli("complete", "flat", "-s", "1", "-n", "12", stdin=b"a\nb")
    assert [len(line) for line in done.out.splitlines()] == [12, 12]


def test_a_model_of_bytes(cli: Cli, tiny: Model) -> None:
    alphabet = Alphabet(tuple(map(chr, range(256))), "byte")
    weights = initial(tiny.config, 256, 0)
    modelfile.save(
        places.models() / "bytes.safetensors", replace(tiny, alphabet=alphabet, weights=weights)
    )
    (found,) = parsed(
        cli("complete", "bytes", "-s", "1", "-n", "5", "--json", stdin="Sháll\r\n".encode()).out
    )
    assert found["prompt"] == "Sháll"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-n", "0"), "--length"),
        (("-t", "-1"), "--temperature"),
        (("-m", "shakespeare"), "one model"),
    ],
)
def test_what_is_refused(cli: Cli, tiny: Model, options: tuple[str, ...], words: str) -> None:
    refused = cli("complete", "tiny", *options, stdin=b"Shall\n")
    assert (refused.status, refused.out) == (2, "")
    assert words in refused.err and refused.err.count("\n") == 1


@contextmanager
def completing(*options: str, stdin: Any = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "tui",
        "complete",
        "tiny",
        "-s",
        "1",
        "-n",
        "9",
        *options,
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe) as child:
        try:
            yield child
        finally:
            child.kill()


def test_a_line_is_answered_before_the_next_one_comes(tiny: Model) -> None:
    with completing("--json") as child:
        assert child.stdin and child.stdout and child.stderr
        for i, line in enumerate(("Shall", "", "May")):
            child.stdin.write(f"{line}\n".encode())
            child.stdin.flush()
            found = json.loads(child.stdout.readline())
            assert (found["index"], found["prompt"]) == (i, line)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
        assert child.stderr.read() == b"" and child.stdout.read() == b""


def test_a_reader_that_has_enough_ends_it_in_silence(tiny: Model) -> None:
    with completing() as child:
        assert child.stdin and child.stdout and child.stderr
        child.stdin.write(b"Shall\n")
        child.stdin.flush()
        assert child.stdout.readline().endswith(b"\n")
        child.stdout.close()
        child.stdin.write(b"May\n")
        child.stdin.flush()
        assert child.wait(60) == 0
        assert child.stderr.read() == b""


def test_input_that_cannot_be_read(tiny: Model) -> None:
    for_writing = os.open(os.devnull, os.O_WRONLY)
    with completing(stdin=for_writing) as child:
        out, err = child.communicate(timeout=60)
    os.close(for_writing)
    assert child.returncode == 1 and out == b""
    assert err.startswith(b"helo: ") and err.count(b"\n") == 1
