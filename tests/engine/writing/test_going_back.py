"""Going back a little takes no step of the network."""

from __future__ import annotations

from itertools import islice

import pytest

from engine.network.stepper import Stepper
from engine.writing.generate import Generation, Step
from tests.conftest import random_model


def write(text: Generation, n: int) -> list[Step]:
    return list(islice(text, n))


def all_steps(text: Generation) -> list[Step]:
    return [text.step(i) for i in range(len(text))]


@pytest.mark.parametrize("rewinds", [True, False])
def test_going_back_a_little_takes_no_step(rewinds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = Stepper(random_model("lstm", 6, 2))
    text = Generation(stepper, stepper.alphabet.encode("Shall I"), seed=1, rewinds=rewinds)
    steps = write(text, 100)
    if not rewinds:
        assert not text._recent
        return
    branch, fork = text.fork(91), text.fork(80)
    monkeypatch.setattr(stepper, "step", None)
    text.rewind(97)
    branch.rewind(85)
    for each, n in ((text, 97), (branch, 85), (fork, 80), (branch.fork(84), 84)):
        assert all_steps(each) == steps[:n] and each.prediction() == steps[n].prediction
    monkeypatch.undo()
    for each in (text, branch, fork):
        write(each, 100 - len(each))
        assert all_steps(each) == steps
    text.rewind(20)  # farther back than what was kept
    assert write(text, 80) == steps[20:]
