"""A unit held at a value while the network writes: `/hold`, and from a card in Inspect."""

from __future__ import annotations

import numpy as np
import pytest

from engine import places
from engine.inspecting.hold import Held
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.generate import Generation
from tests.conftest import Cli, random_model
from tests.tui.writing import PROMPT, Until, opened, written
from tui.inspect.units import UnitsPanel
from tui.write.holding import write_on

UNIT = "layers.0.c[3]"


async def test_a_new_passage_goes_on_from_the_cursor_with_the_same_draws(
    tiny: Model, until: Until
) -> None:
    async with written(until) as screen:
        first = screen.passage
        before, at = first.ids(), first.cursor - 7
        await screen.press("escape", *["left"] * 7)
        write_on(screen.write, UNIT, 1.0)
        second = screen.passage
        assert second is not first and second.seed == first.seed
        await until(screen.pilot, lambda: second.shown == second.goal)
        assert np.array_equal(second.ids()[:at], before[:at])
        expected = Generation(Held.of(Stepper(tiny), UNIT, 1.0), before[:at], seed=first.seed)
        while len(expected) < second.shown:
            expected.advance()
        assert np.array_equal(second.ids(), expected.ids())
        assert f"holds {UNIT} at 1" in screen.see("#status")
        assert f"tiny, {UNIT} at 1 · seed" in screen.see("#transcript")
        write_on(screen.write, UNIT, None)
        assert type(screen.passage.model) is Stepper and "holds" not in screen.see("#status")


async def test_the_command_holds_from_the_next_passage_on(tiny: Model, until: Until) -> None:
    other = random_model("gru")
    modelfile.save(places.models() / "other.safetensors", other)
    async with written(until) as screen:
        first = screen.passage
        await screen.enter(f"/hold {UNIT} -0.5")
        assert screen.passage is first and f"holds {UNIT} at −0.5" in screen.see("#status")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.passage is not first)
        assert isinstance(screen.passage.model, Held)
        await screen.enter("/hold")
        assert screen.write.session.held is None
        await screen.enter(f"/hold {UNIT} 1")
        await screen.enter("/model other")
        await until(screen.pilot, lambda: f"{UNIT} is no longer held" in screen.toasts)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("layers.0.c[3]", "/hold needs a unit and a value, as in"),
        ("layers.0.c[3] much", "/hold needs a number"),
        ("layers.0.f[3] 1", "is a gate: only h or c can be held"),
        ("layers.0.c[999] 1", "units go from 0 to 15"),
        ("layers.0.c[3] nan", "between −100 and 100"),
    ],
)
async def test_what_cannot_be_held_is_refused_in_a_line(
    argument: str, said: str, tiny: Model, until: Until
) -> None:
    async with opened() as screen:
        await until(screen.pilot, lambda: screen.write.session.opened)
        await screen.enter(f"/hold {argument}")
        assert said in screen.toasts and screen.write.session.held is None


async def test_inspect_hands_it_to_write_and_follows(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        first = screen.passage
        await screen.press("f4")
        await until(screen.pilot, lambda: screen.app.query("#panel-4"))
        await screen.press("4")
        panel = screen.app.query_one(UnitsPanel)
        await until(screen.pilot, lambda: panel._asked)
        panel.post_message(UnitsPanel.Hold("layers.1.h[2]", 1.0))
        await until(screen.pilot, lambda: screen.passage is not first)
        await until(screen.pilot, lambda: panel._asked and isinstance(panel._asked.stepper, Held))


def test_plain_holds_too(cli: Cli, tiny: Model) -> None:
    lines = f"/length 20\n/seed 3\n/hold {UNIT} 2\nShall\n/hold\nShall\n".encode()
    done = cli("-m", "tiny", "--plain", stdin=lines)
    expected = Generation(Held.of(Stepper(tiny), UNIT, 2.0), tiny.alphabet.fit("Shall").ids, seed=3)
    while len(expected) < 25:
        expected.advance()
    assert expected.text in done.out and f"holds {UNIT} at 2" in done.err
