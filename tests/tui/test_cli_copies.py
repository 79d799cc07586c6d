"""helo sample --copies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.text import copies, corpus
from engine.text.corpus import Corpus
from tests.conftest import SONNET, make_model

COMMAND = ("sample", "taught", "-p", "Shall I", "-n", "60", "-s", "1")


@pytest.fixture
def text(home) -> Corpus:
    return corpus.add([SONNET, "zz\n"], "verses", "here")


@pytest.fixture
def taught(home, text) -> Model:
    """A model that knows what it was trained on, and an x that is not in there."""
    model = replace(make_model(text=SONNET + "xz"), history=History("verses", text.info.sha256))
    modelfile.save(home / "models" / "taught.safetensors", model)
    return model


def longest(written: str) -> int:
    ends = [(i, j) for i in range(len(written)) for j in range(i, len(written) + 1)]
    return max(j - i for i, j in ends if written[i:j] in SONNET + "zz\n")


def test_it_tells_the_longest_passage_and_its_place(cli, taught, text):
    done = cli(*COMMAND, "--copies")
    plain = cli(*COMMAND)
    assert done.out == plain.out
    new = done.out[len("Shall I") :]
    found = json.loads(cli(*COMMAND, "--copies", "--json").out.splitlines()[-1])["copied"]
    assert found["length"] == longest(new) == len(found["text"])
    assert found["corpus"] == "verses" and found["searched"] == len(SONNET) + 3
    assert SONNET[found["start"] :].startswith(found["text"])
    assert done.out[found["index"] :].startswith(found["text"])
    assert found["line"] == 1 + SONNET[: found["start"]].count("\n")
    assert found["written"] == 60 and found["covered"] == 0
    first, second = done.err.splitlines()
    assert first.startswith(
        f"copied: {found['length']} characters, at line {found['line']} of verses"
    )
    assert second == "0% of what was written stands in copies of 20 characters or more"


def test_a_text_that_is_all_copied(cli, taught, text):
    command = ("sample", "taught", "-n", "70", "-s", "1", "--regex", "Shall.*lovely", "--copies")
    line = SONNET[:70].replace("?", "\\?").replace("\n", "\\n")
    done = cli(*command[:-2], line, "--copies")
    assert done.out.startswith(SONNET[:70])
    assert "copied: 70 characters, at line 1 of verses (character 0): Shall I compare" in done.err
    assert "100% of what was written stands in copies" in done.err


def test_the_prompt_does_not_count_and_no_new_characters_are_no_copy(cli, taught):
    done = cli("sample", "taught", "-p", SONNET[:60], "-n", "0", "-s", "1", "--copies")
    assert done.err == ""
    found = cli("sample", "taught", "-n", "0", "-s", "1", "--copies", "--json").out
    data = json.loads(found)["copied"]
    assert (data["length"], data["text"], data["written"]) == (0, "", 0)


def test_what_is_not_in_the_text_is_no_copy(cli, taught):
    done = cli("sample", "taught", "-n", "5", "-s", "1", "--regex", "x+", "--copies")
    assert done.out == "xxxxx"
    assert "copied: nothing" in done.err


def test_the_index_is_kept_and_damage_mended(cli, taught, text):
    first = cli(*COMMAND, "--copies").err
    path = text.folder / copies.KEPT
    whole = path.read_bytes()
    path.write_bytes(whole[:700])
    assert cli(*COMMAND, "--copies").err == first
    assert path.read_bytes() == whole


def test_without_its_text_it_says_so_and_writes(cli, tiny, taught, text):
    done = cli("sample", "tiny", "-n", "9", "-s", "1", "--copies")
    assert len(done.out) == 9
    assert done.err == "--copies: tiny does not say what text it was trained on\n"
    cli("corpora", "rm", "verses", "--yes")
    done = cli(*COMMAND, "--copies")
    assert "the text that taught was trained on, verses, is not here: import it" in done.err
    assert json.loads(cli(*COMMAND, "--copies", "--json").out.splitlines()[-1]) == {"copied": None}
    assert len(done.out) == 67
