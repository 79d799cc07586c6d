"""helo in a program, beyond the examples of docs/library.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import engine
from engine.errors import AlphabetError, NotFoundError, UsageError
from engine.network.modelfile import Model
from engine.runs.events import Event, Progress, Stopped
from engine.vocab import Alphabet
from tests.conftest import SONNET, Cli, make_model

SMALL = {"hidden": 8, "layers": 1, "batch": 4, "seq_length": 8}


def test_it_writes_what_the_command_writes(tiny: Model, cli: Cli) -> None:
    model = engine.load("tiny")
    settings = {"temperature": 0.7, "top_k": 5}
    steps = list(engine.generate(model, "Shall\r\n", length=60, seed=3, **settings))
    asked = ("--temperature", "0.7", "--top-k", "5", "-p", "Shall\n", "-n", "60", "-s", "3")
    assert "".join(step.char for step in steps) == cli("sample", "tiny", *asked).out
    assert [step.given for step in steps] == [True] * 6 + [False] * 60
    assert len(steps[9].prediction.top) == 10


def test_the_text_ends_where_it_should(tiny: Model) -> None:
    model = engine.load("tiny")
    assert list(engine.generate(model, "Shall", length=0))[-1].char == "l"
    steps = list(engine.generate(model, "", regex="a{3}", length=50, top=len(model.alphabet)))
    assert [step.char for step in steps] == ["a"] * 3
    assert sum(each.prob for each in steps[0].prediction.top) == pytest.approx(1)
    one, other = (list(engine.generate(model, "S", length=40)) for _ in range(2))
    assert one != other, "without a seed any is taken"


def test_unknown_characters_of_a_prompt_are_told(tiny: Model) -> None:
    with pytest.warns(UserWarning, match="left out") as told:
        steps = list(engine.generate(engine.load("tiny"), "Sh中all", length=1))
    assert "".join(step.char for step in steps[:-1]) == "Shall"
    assert told[0].filename == __file__


def test_bytes() -> None:
    model = make_model(text="aé".encode().decode("latin-1") + "\n")
    model = replace(model, alphabet=Alphabet(model.alphabet.symbols, "byte"))
    steps = list(engine.generate(model, "é".encode(), length=2, seed=0))
    assert [step.char for step in steps[:2]] == ["Ã", "©"]
    assert engine.score(model, "aé\n").chars == 3


def test_scores_are_those_of_the_command(tiny: Model, cli: Cli, tmp_path: Path) -> None:
    model, file = (
        engine.load(str(tmp_path / "home" / "models" / "tiny.safetensors")),
        tmp_path / "t",
    )
    file.write_text(SONNET + "中")
    for more in ((), ("--windows", "8"), ("--dynamic",)):
        names = {"--windows": {"windows": 8}, "--dynamic": {"dynamic": True}}
        given = names[more[0]] if more else {}
        found = engine.score(model, SONNET + "中", skip_unknown=True, **given)
        said = cli("score", str(file), "-m", "tiny", "--skip-unknown", *more).out
        assert said.startswith(f"{found.nats_per_char:.4f} nats")
    with pytest.raises(AlphabetError, match="does not know '中'"):
        engine.score(model, "中国")
    with pytest.raises(UsageError, match="at least two"):
        engine.score(model, "a")
    with pytest.raises(UsageError, match="leave windows out"):
        engine.score(model, SONNET, windows=8, dynamic=True)


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"temp": 1}, "'temp' is no setting; there are ban, "),
        ({"temperature": "hot"}, "--temperature must be a number"),
        ({"length": -1}, "--length must be between 0"),
        ({"seed": -1}, "--seed must be between 0"),
        ({"top": 0}, "--top must be between 1"),
        ({"words": "nosuch", "regex": "a"}, "exclude each other"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    tiny: Model, settings: dict[str, object], word: str
) -> None:
    with pytest.raises(UsageError) as error:
        engine.generate(engine.load("tiny"), **settings)
    assert word in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"stepz": 3}, "'stepz' is no setting; there are batch, "),
        ({"lr": "x"}, "a value of the wrong kind"),
        ({"cell": "nosuch"}, "--cell must be one of"),
        ({"steps": 0}, "--steps must be between"),
        ({"steps": 1, "seconds": 1}, "say how long"),
        ({"name": "a/b"}, "not a valid name"),
        ({"init_from": "nosuch"}, "no model 'nosuch'"),
        ({"processes": 0}, "--processes must be 1 or more"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(
    home: Path, settings: dict[str, object], word: str
) -> None:
    with pytest.raises(engine.HeloError) as error:
        engine.train("hello", **settings)
    assert word in str(error.value) and "\n" not in str(error.value)
    assert not (home / "runs").exists()


def test_no_such_name() -> None:
    with pytest.raises(NotFoundError, match="no model 'nosuch'"):
        engine.load("nosuch")
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = engine.nosuch
    assert all(getattr(engine, name) for name in engine.__all__)


def test_a_training_is_stopped_and_is_a_run(cli: Cli, tiny: Model) -> None:
    training = engine.train(
        "hello", name="mine", cell="vanilla", hidden=8, layers=1, batch=4, seq_length=8, steps=10**6
    )
    events = list[Event]()
    for event in training:
        events.append(event)
        if isinstance(event, Progress):
            training.stop()
    assert isinstance(events[-1], Stopped) and not events[-1].finished
    assert "stopped" in cli("runs", "list").out
    info = training.run.info()
    assert (info.name, info.config.model.cell) == ("mine", "rnn")
    assert info.command.startswith("engine.train('hello', cell='rnn', hidden=8")
    assert training.wait().config.hidden == 8


def test_a_training_that_is_killed_says_so(home: Path) -> None:
    training = engine.train("hello", **SMALL, steps=10**6)
    with pytest.raises(engine.HeloError, match=r"was killed.*helo train --resume hello-lstm-1"):
        for event in training:
            if isinstance(event, Progress):
                training._process.kill()


def test_the_characters_of_a_model_are_told_when_it_is_trained_on(tiny: Model) -> None:
    with pytest.warns(UserWarning, match="kept") as told:
        training = engine.train("hello", init_from="tiny", steps=1, batch=4, seq_length=8)
    assert told[0].filename == __file__
    assert training.wait().config == tiny.config
