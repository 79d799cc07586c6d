"""What comes next after a text that is being typed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.network.modelfile import Model
from engine.network.stepper import Logits, States, Stepper
from engine.vocab import Alphabet, Ids
from engine.writing.foresight import Foresight
from engine.writing.generate import Generation
from engine.writing.mixture import mixed
from engine.writing.settings import SamplingConfig
from tests.conftest import SONNET, random_model

ONE = Stepper(random_model("lstm", 6, 2, seed=1))
BOTH = mixed(ONE, Stepper(random_model("gru", 5, 1, text="abcXYZ \n", seed=2)), 0.4)


def never() -> bool:
    return False


class Counting(Stepper):
    """A stepper that counts the characters that it is fed."""

    fed = 0

    def step(self, id: int, state: States) -> tuple[Logits, States]:
        self.fed += 1
        return super().step(id, state)

    def sequence(self, ids: Ids, state: States) -> tuple[Logits, States]:
        self.fed += len(ids)
        return super().sequence(ids, state)


@pytest.mark.parametrize("stepper", [ONE, BOTH])
@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.text("Shall Imore\n", max_size=50)), min_size=1, max_size=6
    ),
    st.integers(0, 20),
)
def test_whatever_is_typed_and_deleted_it_is_what_a_greedy_text_goes_on_with(
    stepper: Stepper, edits: list[tuple[int, str]], most: int
) -> None:
    foresight, text = Foresight(stepper), "S"
    for deleted, typed in edits:
        text = text[: max(1, len(text) - deleted)] + typed
        greedy = Generation(
            stepper, stepper.alphabet.encode(text), SamplingConfig(temperature=0), rewinds=False
        )
        while len(greedy) < len(text) + most:
            greedy.advance()
        line, end, _ = greedy.text[len(text) :].partition("\n")
        assert foresight.line(text, most, never) == line + end


def test_a_further_character_costs_one_step_and_less_if_it_was_foreseen() -> None:
    stepper = Counting(random_model("lstm", 6, 2, seed=1))
    foresight = Foresight(stepper)
    text = SONNET[:100]
    line = foresight.line(text, 9, never)
    assert line
    fed = stepper.fed
    assert foresight.line(text + line[:3], 3, never) == line[3:6] and stepper.fed == fed
    foresight.line(text + "Q", 0, never)
    fed = stepper.fed
    foresight.line(text + "Qd", 0, never)
    assert stepper.fed == fed + 1
    for shorter in range(99, 69, -1):
        foresight.line(text[:shorter], 0, never)
    assert stepper.fed == fed + 1 + 31, "the last block is read once more, and then all is kept"


def test_what_was_read_before_it_was_cancelled_is_kept() -> None:
    stepper = Counting(random_model("lstm", 6, 2, seed=1))
    foresight, text, patience = Foresight(stepper), SONNET * 3, 5

    def impatient() -> bool:
        nonlocal patience
        patience -= 1
        return patience < 0

    assert foresight.line(text, 9, impatient) is None and stepper.fed == 160
    found = foresight.line(text, 9, never)
    assert found and stepper.fed < len(text) + 10
    assert found == Foresight(ONE).line(text, 9, never)


def repeating(symbol: str, alphabet: Alphabet) -> Model:
    """A model to which one symbol is the likeliest after anything."""
    model = random_model(text="".join(alphabet.symbols))
    head = {
        "head.W_hy": np.zeros_like(model.weights["head.W_hy"]),
        "head.b_y": np.array([s == symbol for s in alphabet.symbols], np.float32),
    }
    return replace(model, alphabet=alphabet, weights=model.weights | head)


@pytest.mark.parametrize(
    ("symbol", "line"),
    [("a", "aaa"), ("\n", "\n"), ("\x0c", ""), ("\u2028", ""), ("\x1b", "\x1b" * 3)],
)
def test_a_line_has_no_other_line_end(symbol: str, line: str) -> None:
    foresight = Foresight(
        Stepper(repeating(symbol, Alphabet(("\n", "\x0c", "\x1b", "a", "\u2028"))))
    )
    assert foresight.line("a", 3, never) == line
    assert foresight.line("Ω", 3, never) == "", "a model that knows nothing of a text"


def test_bytes_that_are_no_character_yet_are_left_out() -> None:
    alphabet = Alphabet(("a", "\xc3"), "byte")
    assert Foresight(Stepper(repeating("\xc3", alphabet))).line("a", 3, never) == ""
    assert Foresight(Stepper(repeating("a", alphabet))).line("a", 3, never) == "aaa"
