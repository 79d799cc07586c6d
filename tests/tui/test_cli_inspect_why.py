"""helo inspect why: what speaks for a character, as text and as JSON, and every bad input in a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.config import ModelConfig
from engine.inspecting.why import Written
from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import Cli, make_model
from tests.engine.networks import random_model
from tui.cli.shared.answers import ANSWERS
from tui.reasons import HABIT, LOG_ODDS, NEVER, NEWS, WRITTEN, by_lag, signed, times

TEXT = "Shall I compare thee"


def test_it_says_what_each_number_means(cli: Cli, tiny: Model) -> None:
    done = cli("inspect", "why", "tiny", "--text", TEXT)
    assert done.status == 0, done.err
    told = " ".join(done.out.split())
    for sentence in (LOG_ODDS, HABIT, NEWS, WRITTEN):
        assert sentence in told
    assert "over 5,232 characters of a text that it wrote itself" in told
    assert "layers.1.h[" in told and "the other" in told and "0 back +" in told.replace("−", "+")
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_the_json_adds_up(cli: Cli, tiny: Model) -> None:
    done = cli("inspect", "why", "tiny", "--text", TEXT, "--at", "7", "--json")
    found = json.loads(done.out)
    assert set(found) == set(ANSWERS["inspect why"].keys)
    assert found["at"] == len(found["written"]["pushes"]) == 7
    assert [found["a"], found["b"]] == [char for char, _ in found["top"][:2]]
    assert found["habit"] + found["news"] == pytest.approx(found["log_odds"])
    sides = [sum(p for _, p in found[s]["units"]) + found[s]["rest"] for s in ("for_a", "for_b")]
    assert sides[0] - sides[1] == pytest.approx(found["news"])
    when = found["written"]
    total = sum(when["pushes"]) + when["before"] + when["bias"]
    assert total == pytest.approx(found["log_odds"], abs=1e-5)


def test_candidates_are_chosen(cli: Cli, tiny: Model) -> None:
    def told(*more: str) -> dict[str, object]:
        return json.loads(cli("inspect", "why", "tiny", "--text", TEXT, *more, "--json").out)

    one, other = told("-a", "e", "-b", " "), told("--a", " ", "--b", "e")
    assert (one["a"], one["b"]) == ("e", " ")
    assert one["log_odds"] == pytest.approx(-other["log_odds"])  # type: ignore[operator]
    first = str(told()["a"])
    assert told("-b", first)["a"] != first


def test_a_plain_network_cannot_tell_when(cli: Cli, home: Path) -> None:
    modelfile.save(home / "models" / "plain.safetensors", make_model("rnn"))
    done = cli("inspect", "why", "plain", "--text", TEXT)
    assert done.status == 0 and " ".join(NEVER.split()) in " ".join(done.out.split())
    assert (
        json.loads(cli("inspect", "why", "plain", "--text", TEXT, "--json").out)["written"] is None
    )


def test_other_scripts_and_odd_characters(cli: Cli, home: Path) -> None:
    text = "你好\u202e\x1b世界\n"
    model = random_model(ModelConfig("gru", 5, 1), text)
    modelfile.save(home / "models" / "odd.safetensors", model)
    done = cli("inspect", "why", "odd", "--text", text)
    assert done.status == 0, done.err
    assert "\x1b" not in done.out and "\u202e" not in done.out and "layers.0.h[" in done.out
    assert json.loads(cli("inspect", "why", "odd", "--text", text, "--json").out)["at"] == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--text", ""), "--text is empty"),
        (("--text", TEXT, "--at", "21"), "--at takes 1 to 20, not 21: the text has 20 characters"),
        (("--text", TEXT, "--at", "0"), "--at takes 1 to 20, not 0"),
        (("--text", "你好"), "the model does not know '你', '好': leave them out of --text"),
        (("--text", TEXT, "-a", "é"), "name another for --a"),
        (("--text", TEXT, "-b", "ee"), "--b takes one character, not 'ee'"),
        (("--text", TEXT, "-a", ""), "--a takes one character, not ''"),
        (("--text", TEXT, "-a", "e", "-b", "e"), "the same character"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    cli: Cli, tiny: Model, arguments: tuple[str, ...], says: str
) -> None:
    done = cli("inspect", "why", "tiny", *arguments)
    assert done.status and says in done.err and done.err.count("\n") == 1 and not done.out


def test_a_run_without_a_model_says_so(cli: Cli, home: Path) -> None:
    (home / "runs" / "young").mkdir(parents=True)
    done = cli("inspect", "why", "young", "--text", TEXT)
    assert done.status and "the run 'young' has no model yet" in done.err


def test_words_for_numbers() -> None:
    assert [signed(x) for x in (0.541, -1.366, -0.001, 0)] == ["+0.54", "−1.37", "+0.00", "+0.00"]
    assert times(0.0, "a", "b") == "a is as likely as b"
    assert times(1.0, "a", "b") == "a is 2.72 times as likely as b"
    assert times(-800.0, "a", "b") == "b is over 1,000 times as likely as a"


def test_lags_are_classes_that_add_up() -> None:
    for n, names in [
        (1, ["0 back"]),
        (2, ["0 back", "1"]),
        (12, ["0 back", "1–2", "3–9", "10–11"]),
    ]:
        when = Written(np.arange(1.0, n + 1), 2.0, -1.0)
        assert [name for name, _ in by_lag(when)] == [*names, "before", "bias"]
        assert sum(push for _, push in by_lag(when)) == pytest.approx(when.total)
