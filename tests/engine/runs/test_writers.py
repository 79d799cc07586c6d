"""Which model would have written a text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.runs import writers
from engine.runs.writers import Verdict, best, verdict
from engine.vocab import Alphabet
from engine.writing.score import stateful
from tests.conftest import SONNET, random_model


def test_a_verdict_is_the_score_of_what_a_model_knows() -> None:
    model = random_model()
    found = verdict(model, "☃" + SONNET + "☃☃")
    assert found.bits_per_char == pytest.approx(
        stateful(Stepper(model), model.alphabet.encode(SONNET)).bits_per_char
    )
    assert found.left_out == pytest.approx(3 / (len(SONNET) + 3))
    with pytest.raises(UsageError, match="two characters"):
        verdict(model, "☃s☃")


def test_of_a_long_text_the_beginning_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "COMPARED", 50)
    model, seen = random_model(), []
    assert verdict(model, SONNET) == verdict(model, SONNET[:50], lambda *at: seen.append(at))
    assert seen == [(49, 49)]


def test_bytes_are_counted_as_characters() -> None:
    text = "é ü à " * 9
    symbols = sorted(set(text.encode().decode("latin-1")))
    model = random_model(text="".join(symbols))
    model = replace(model, alphabet=Alphabet(tuple(symbols), "byte"))
    score = stateful(Stepper(model), model.alphabet.encode(text))
    bits = score.bits_per_char * score.chars
    assert verdict(model, text).bits_per_char == pytest.approx(bits / (len(text) - 1))


def test_the_best_has_the_fewest_bits_of_those_that_read_about_as_much() -> None:
    good, worse, blind = Verdict(2.0, 0.02), Verdict(2.5, 0.0), Verdict(0.5, 0.9)
    assert best([worse, blind, good]) == good
    assert best([blind]) == blind and best([]) is None
