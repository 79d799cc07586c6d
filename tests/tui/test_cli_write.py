"""helo sample and helo score."""

from __future__ import annotations

import json
import math
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.config import ModelConfig
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.vocab import Alphabet
from tests.conftest import SONNET, make_model
from tui.cli.shared import output


def steps(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_the_same_command_writes_the_same_text(cli, tiny):
    command = ("sample", "tiny", "--prompt", "Shall", "-n", "80", "--seed", "7")
    first, second = cli(*command), cli(*command)
    assert first == second
    assert first.out.startswith("Shall")
    assert len(first.out) == len("Shall") + 80
    assert first.err == ""
    assert cli(*command[:-1], "8").out != first.out


def test_a_long_prompt_is_read_first_and_then_written_whole(cli, tiny, tmp_path):
    text = SONNET * 8
    (tmp_path / "long.txt").write_text(text)
    command = ("sample", "tiny", "-p", f"@{tmp_path / 'long.txt'}", "-n", "30", "-s", "1")
    told, found = cli(*command), steps(cli(*command, "--json").out)
    assert told.out.startswith(text) and len(told.out) == len(text) + 30 and told.err == ""
    assert "".join(step["char"] for step in found) == told.out
    assert [step["index"] for step in found] == list(range(len(text) + 30))
    assert sum(step["seed"] for step in found) == len(text)


def test_json_has_a_step_a_line_and_the_same_text(cli, tiny):
    command = ("sample", "tiny", "--prompt", "Thou", "-n", "30", "--seed", "1")
    found = steps(cli(*command, "--json").out)
    assert "".join(step["char"] for step in found) == cli(*command).out
    assert [step["index"] for step in found] == list(range(34))
    assert [step["seed"] for step in found] == [True] * 4 + [False] * 30
    keys = {"index", "char", "id", "prob", "bits", "entropy", "drawn_prob", "top"}
    assert all(keys <= step.keys() for step in found)
    assert all(step["bits"] == pytest.approx(-math.log2(step["prob"])) for step in found)
    assert len(found[5]["top"]) == 10


def test_the_bits_of_a_sample_are_what_score_says(cli, tiny):
    command = ("sample", "tiny", "--prompt", "May", "-n", "200", "--seed", "2", "-t", "0.7")
    bits = sum(step["bits"] for step in steps(cli(*command, "--json").out))
    text = cli(*command).out.encode()
    score = json.loads(cli("score", "-", "-m", "tiny", "--json", stdin=text).out)
    assert score["chars"] == 202
    assert score["bits_per_char"] * score["chars"] == pytest.approx(bits, abs=1e-3)


def test_a_random_seed_is_reported_and_repeats_the_text(cli, tiny):
    random = cli("sample", "tiny", "-n", "60")
    seed = random.err.removeprefix("seed ").strip()
    assert cli("sample", "tiny", "-n", "60", "--seed", seed).out == random.out


def test_greedy_needs_no_seed(cli, tiny):
    greedy = cli("sample", "tiny", "-n", "20", "--greedy")
    assert greedy.err == ""
    assert greedy.out == cli("sample", "tiny", "-n", "20", "--temperature", "0").out


def test_only_new_characters_count(cli, tiny):
    assert cli("sample", "tiny", "--prompt", "Shall I", "-n", "0", "-s", "1").out == "Shall I"
    assert cli("sample", "tiny", "-n", "0", "-s", "1").out == ""


def test_the_character_that_an_empty_prompt_feeds_is_not_written(cli, tiny):
    command = ("sample", "tiny", "-n", "10", "--greedy")
    told, fed = cli(*command), cli(*command, "-p", "\n")
    assert len(told.out) == 10 and fed.out == "\n" + told.out
    found = steps(cli(*command, "--json").out)
    assert [step["index"] for step in found] == list(range(10))
    assert not any(step["seed"] for step in found) and len(found[0]["top"]) == 10
    assert "".join(step["char"] for step in found) == told.out


def test_the_model_is_named_by_its_place_or_by_an_option(cli, tiny):
    command = ("-n", "9", "-s", "5")
    expected = cli("sample", "tiny", *command)
    for named in (("-m", "tiny"), ("--model", "tiny"), ("tiny", "-m", "tiny")):
        assert cli("sample", *named, *command) == expected
    refused = cli("sample", "tiny", "-m", "shakespeare")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == "helo: name one model: tiny or -m shakespeare\n"


def test_a_prompt_may_begin_with_an_at(cli, home):
    modelfile.save(home / "models/at.safetensors", make_model(text="@abc\n"))
    for prompt, written in (("@@", "@"), ("@@abc", "@abc"), ("@@@", "@@"), ("a@", "a@")):
        assert cli("sample", "at", "-p", prompt, "-n", "0", "-s", "1").out == written
    refused = cli("sample", "at", "-p", "@")
    assert refused.status == 2 and "@@ is the character @" in refused.err
    assert "@@" in cli("sample", "--help").out


def test_stop_ends_after_the_text_in_what_is_new(cli, tiny):
    whole = cli("sample", "tiny", "-p", "a", "-n", "300", "-s", "3").out
    stop = whole[40:42]
    ended = cli("sample", "tiny", "-p", stop, "-n", "300", "-s", "3", "--stop", stop).out
    assert ended.startswith(stop)
    assert ended.find(stop, 1) in (-1, len(ended) - 2)
    first = whole.index(stop, 1)
    assert cli("sample", "tiny", "-p", "a", "-s", "3", "--stop", stop).out == whole[: first + 2]


def test_a_prompt_from_a_file_and_from_standard_input(cli, tiny, tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_bytes(b"\xef\xbb\xbfRough\r\nwinds")
    for prompt, stdin in ((f"@{file}", b""), ("-", file.read_bytes())):
        done = cli("sample", "tiny", "-p", prompt, "-n", "5", "-s", "0", stdin=stdin)
        assert done.out.startswith("Rough\nwinds")


def test_a_prompt_with_unknown_characters_is_written_without_them(cli, tiny):
    done = cli("sample", "tiny", "-p", "Sháll 漢", "-n", "3", "-s", "0")
    assert done.status == 0
    assert done.out.startswith("Shall ")
    assert "'á' read as 'a'" in done.err
    assert "'漢' left out" in done.err


def test_names_that_peers_use(cli, tiny):
    done = cli("sample", "tiny", "--prime", "May", "--temp", "0", "-n", "4")
    assert done == cli("sample", "tiny", "--start", "May", "--greedy", "-n", "4")
    assert done.out.startswith("May")


def test_top_k_beyond_the_alphabet_says_that_it_keeps_all(cli, tiny):
    done = cli("sample", "tiny", "--top-k", "10000", "-n", "9", "-s", "5")
    assert done.err == f"--top-k 10000 keeps all {len(tiny.alphabet)} characters of the model\n"
    assert done.out == cli("sample", "tiny", "-n", "9", "-s", "5").out


def byte_model(home: Path) -> None:
    config = ModelConfig("rnn", 8, 1)
    alphabet = Alphabet(tuple(chr(i) for i in range(256)), "byte")
    model = Model("bytes", config, alphabet, initial(config, 256, 0))
    modelfile.save(home / "models" / "bytes.safetensors", model)


def test_a_model_of_bytes_writes_raw_bytes_to_a_pipe(helo, cli, home):
    byte_model(home)
    command = ("sample", "bytes", "-p", "é", "-n", "400", "-s", "1")
    out = helo(*command).stdout
    assert out.startswith("é".encode())
    assert len(out) == 402
    assert max(out) > 0x7F
    assert bytes(ord(step["char"]) for step in steps(cli(*command, "--json").out)) == out


def test_a_model_of_bytes_scores_any_file(cli, home, tmp_path):
    byte_model(home)
    file = tmp_path / "x.bin"
    file.write_bytes(bytes(range(256)))
    score = json.loads(cli("score", str(file), "-m", "bytes", "--json").out)
    assert score["chars"] == 255


def test_score_says_what_others_rely_on(cli, tiny, tmp_path):
    file = tmp_path / "text.txt"
    file.write_bytes(b"\xef\xbb\xbfShall I\r\ncompare thee")
    score = json.loads(cli("score", str(file), "-m", "tiny", "--json").out)
    assert (score["model"], score["chars"], score["protocol"]) == ("tiny", 19, "stateful")
    assert score["bits_per_char"] == pytest.approx(score["nats_per_char"] / math.log(2))
    told = cli("score", str(file), "-m", "tiny")
    assert f"{score['nats_per_char']:.4f} nats" in told.out
    assert told.err == ""


def test_a_long_score_without_a_terminal_tells_how_far_it_is(cli, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(output, "_EVERY", 0)
    (tmp_path / "text.txt").write_text(SONNET * 40)
    done = cli("score", str(tmp_path / "text.txt"), "-m", "tiny", "--json")
    told = done.err.splitlines()
    assert told and all(line.startswith("scoring: ") for line in told)
    assert all(line.endswith(f"of {len(SONNET) * 40 - 1:,} characters") for line in told)
    assert json.loads(done.out)


def test_score_in_windows_has_a_standard_error(cli, tiny, tmp_path):
    file = tmp_path / "text.txt"
    file.write_text("Shall I compare thee to a summer's day?\n" * 5)
    score = json.loads(cli("score", str(file), "-m", "tiny", "--windows", "8", "--json").out)
    assert score["protocol"] == "windows"
    assert score["chars"] == 12_800 * 8
    assert 0 < score["standard_error"] < 0.1


def test_score_of_a_model_that_learns_as_it_reads(cli, tiny, home, tmp_path):
    model, file = home / "models" / "tiny.safetensors", tmp_path / "text.txt"
    before = model.read_bytes()
    file.write_text("Shall I compare thee to a summer's day?\n" * 20)
    command = ("score", str(file), "-m", "tiny", "--json")
    fixed, adapted = (json.loads(cli(*command, *more).out) for more in ((), ("--dynamic",)))
    assert (adapted["protocol"], adapted["chars"]) == ("dynamic", 799)
    assert adapted.keys() == fixed.keys()
    assert adapted["nats_per_char"] < fixed["nats_per_char"] - 0.05
    assert cli("score", str(file), "-m", "tiny", "--dynamic").out.endswith("predictions, dynamic\n")
    assert model.read_bytes() == before


def test_score_refuses_unknown_characters_or_leaves_them_out(cli, tiny):
    text = "Shall I £ compare €".encode()
    refused = cli("score", "-", "-m", "tiny", stdin=text)
    assert refused.status == 1
    assert "'£', '€'" in refused.err
    assert "--skip-unknown" in refused.err
    done = cli("score", "-", "-m", "tiny", "--skip-unknown", "--json", stdin=text)
    assert json.loads(done.out)["skipped"] == 2
    assert "2 of 19 characters" in done.err


NFC = "Où est l'élève ? Là-bas, à côté de la fenêtre, où il rêve déjà.\n"


@pytest.fixture
def accents(home: Path) -> None:
    """A model that knows accents as letters of their own, and one that knows them as marks."""
    for name, text in (("nfc", NFC), ("nfd", unicodedata.normalize("NFD", NFC))):
        path = home / f"models/{name}.safetensors"
        modelfile.save(path, replace(make_model(text=text), name=name))


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("model", ["nfc", "nfd"])
def test_accents_are_read_as_the_model_knows_them(cli, accents, form, model):
    text = unicodedata.normalize(form, NFC)
    own = unicodedata.normalize(model.upper(), text)
    done = cli("sample", model, "-p", text.strip(), "-n", "3", "-s", "0")
    assert done.err == "" and done.out.startswith(own.strip())
    scored = cli("score", "-", "-m", model, "--json", stdin=text.encode())
    assert scored == cli("score", "-", "-m", model, "--json", stdin=own.encode())
    assert json.loads(scored.out)["skipped"] == 0
    skipping = cli("score", "-", "-m", model, "--json", "--skip-unknown", stdin=text.encode())
    assert skipping == scored


def test_score_reads_plain_forms_before_it_leaves_characters_out(cli, tiny):
    text = "summer’s day — £".encode()
    refused = cli("score", "-", "-m", "tiny", stdin=text)
    assert refused.status == 1 and "'’'" in refused.err
    done = cli("score", "-", "-m", "tiny", "--skip-unknown", "--json", stdin=text)
    assert "'’' read as '''" in done.err and "2 of 16 characters" in done.err
    assert json.loads(done.out)["skipped"] == 2


@pytest.mark.parametrize(
    ("stop", "as_if", "said"),
    [
        *[("\r\n", "\n", ""), ("\r", "\n", ""), ("’", "'", "--stop: '’' read as '''\n")],
        *[(accented, "e", "--stop: 'é' read as 'e'\n") for accented in ("é", "e\u0301")],
    ],
)
def test_a_stop_is_read_as_a_prompt_is(cli, tiny, stop, as_if, said):
    sample = ("sample", "tiny", "-s", "1", "-n", "2000", "--stop")
    done = cli(*sample, stop)
    assert done.out == cli(*sample, as_if).out
    assert done.out.endswith(as_if) and len(done.out) < 2000
    assert done.err == said


def test_a_stop_that_can_never_come_is_refused(cli, tiny):
    for stop, unknown in (("漢", "'漢'"), ("a漢b😀", "'漢', '😀'")):
        done = cli("sample", "tiny", "--stop", stop)
        assert (done.status, done.out) == (2, "")
        assert done.err.endswith(f"--stop can never come: the model does not know {unknown}\n")
