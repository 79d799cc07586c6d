"""Prompts that are offered: of the model's own making."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import places
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing import openings as offering
from engine.writing.openings import openings
from tests.conftest import make_model


class Written:
    """Stands for what a model writes."""

    texts: tuple[str, ...] = ()

    def __init__(self, stepper: object, prompt: object, sampling: object, seed: int, **_: object):
        self.text = self.texts[seed]

    def __len__(self) -> int:
        return 10_000


def offered(monkeypatch: pytest.MonkeyPatch, *texts: str, lines: bool = False) -> tuple[str, ...]:
    monkeypatch.setattr(Written, "texts", (*texts, "", "", ""))
    monkeypatch.setattr(offering, "Generation", Written)
    model = make_model(text="ab\n")
    return openings(Stepper(replace(model, config=replace(model.config, lines=lines))), 3)


def test_paragraphs_begin_texts_and_without_any_lines_do(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = "and so on\n\nROMEO:\nI am he.\n\nJULIET:\nAre you?\n\nROM"
    assert offered(monkeypatch, speech, "x\n\nNurse:\nYes.\n") == ("ROMEO:", "JULIET:", "Nurse:")
    assert offered(monkeypatch, "one two\nthree\nfo") == ("one two", "three")


def test_of_what_is_long_only_the_beginning_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offered(monkeypatch, "static int the_function_of(struct it *x)\n" + "漢" * 30 + "\n")
    assert found == ("static int", "漢漢漢")
    assert offered(monkeypatch, "Marianne\nJo\nAnna Maria\n", lines=True) == ("Mar", "Jo", "Anna")


def test_a_model_that_writes_nothing_to_see_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(monkeypatch, "\n \n\n", "  \n") == ()


@pytest.mark.parametrize("units", ["char", "byte"])
def test_they_are_always_the_same_ones(units: str) -> None:
    model = make_model()
    if units == "byte":
        symbols = tuple(map(chr, range(10, 10 + len(model.alphabet))))
        model = replace(model, alphabet=Alphabet(symbols, units))
    found = openings(Stepper(model), 3)
    assert found == openings(Stepper(model), 3) and len(set(found)) == len(found) <= 3


def test_the_bundled_model_offers_speakers() -> None:
    model = modelfile.load(places.bundled() / "shakespeare.safetensors")
    assert all(text.endswith(":") for text in openings(Stepper(model), 3))
