"""helo inspect memory: how far back models remember, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import library
from tests.conftest import SONNET, Cli
from tests.engine.networks import random_model
from tui.curves.reach import GRADIENT_MEANS, LOSS_MEANS


@pytest.fixture
def other(tiny: object, home: Path) -> None:
    model = random_model(ModelConfig("rnn", 5, 1), SONNET)
    modelfile.save(home / "models" / "other.safetensors", model)


def test_two_models_over_each_other(cli: Cli, other: None, tmp_path: Path) -> None:
    text = tmp_path / "sonnet.txt"
    text.write_text(SONNET)
    done = cli("inspect", "memory", "tiny", "other", "--text", str(text))
    assert done.status == 0, done.err
    told = " ".join(done.out.split())
    assert "tiny: effective memory" in told and "other: effective memory" in told
    assert LOSS_MEANS in told and GRADIENT_MEANS in told
    assert f"in {text}." in told
    assert all(len(line) <= 80 for line in done.out.splitlines() if str(text) not in line)


def test_json_has_the_numbers_of_each(cli: Cli, other: None) -> None:
    done = cli("inspect", "memory", "tiny", "other", "--text", "-", "--json", stdin=SONNET.encode())
    found = json.loads(done.out)
    assert found["text"] == "standard input"
    assert [each["model"] for each in found["models"]] == ["tiny", "other"]
    for each in found["models"]:
        length = min(100, len(SONNET) // 2)
        assert len(each["nats"]) == length and len(each["rms"]) == len(each["median"]) == length + 1
        assert each["rms"][0] == 1


def test_without_a_text_a_model_reads_what_it_writes(cli: Cli, tiny: object) -> None:
    found = json.loads(cli("inspect", "memory", "tiny", "--json").out)
    assert found["text"] == "a text that it wrote itself"


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("tiny", "--text", "-"), b"Shall I", "needs 16 characters or more; the text has 7"),
        (("tiny", "--text", "-"), "你好".encode() * 20, "the text has 0 characters"),
        (("tiny", "--text", "nowhere.txt"), b"", "nowhere.txt"),
        (("nothing",), b"", "nothing"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    cli: Cli, tiny: object, arguments: tuple[str, ...], stdin: bytes, says: str
) -> None:
    done = cli("inspect", "memory", *arguments, stdin=stdin)
    assert done.status and not done.out
    assert says in done.err.splitlines()[-1] and "Traceback" not in done.err


def test_bytes_and_characters_are_not_compared(cli: Cli, tiny: object, home: Path) -> None:
    import numpy as np

    from engine.network.parameters import shapes
    from engine.vocab import Alphabet

    config, alphabet = ModelConfig("gru", 4, 1), Alphabet(("a", "b"), "byte")
    weights = {k: np.zeros(s, np.float32) for k, s in shapes(config, 2).items()}
    path = home / "models" / "raw.safetensors"
    modelfile.save(path, modelfile.Model("raw", config, alphabet, weights))
    assert library.model_path("raw") == path
    done = cli("inspect", "memory", "tiny", "raw")
    assert "one of the models counts bytes" in done.err
