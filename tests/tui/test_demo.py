"""`helo demo`: the app shows itself until a key is pressed."""

from __future__ import annotations

import pytest

from tests.conftest import Cli
from tests.tui.writing import Until
from tui.demo import DemoApp
from tui.lesson.screen import LessonScreen
from tui.write.pane import WritePane

FAST = 30.0


async def nothing(app: DemoApp, write: WritePane) -> None:
    """In the place of a training, which takes time."""


async def test_it_writes_walks_and_looks_inside_and_then_ends(
    until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoApp, "_show_training", nothing)
    app = DemoApp(FAST)
    seen = set[str]()
    async with app.run_test(size=(110, 32)) as pilot:

        def ended() -> bool:
            if isinstance(app.screen, LessonScreen):
                seen.add("lesson")
            seen.update({app.tab} & {"inspect"})
            passage = app.query_one(WritePane).passage
            seen.update({"branches"} if passage and len(passage.branches) > 1 else ())
            return not app.showing

        await until(pilot, ended)
        assert seen == {"lesson", "inspect", "branches"} and not app.query("#demo")
        passage = app.query_one(WritePane).passage
        assert passage and passage.seed == 11
        assert passage.model.alphabet.decode(passage.generation.prompt.tolist()) == "ROMEO:"
        assert app.return_code is None, "the app goes on"


@pytest.mark.parametrize("key", ["a", "escape", "f5"])
async def test_any_key_takes_over(key: str, until: Until) -> None:
    app = DemoApp(pace=2.0)
    async with app.run_test(size=(110, 32)) as pilot:
        write = app.query_one(WritePane)
        await until(pilot, lambda: write.passage)
        assert app.showing and app.query("#demo")
        await pilot.press(key)
        await until(pilot, lambda: not app.showing and not app.query("#demo"))
        assert app.tab == ("library" if key == "f5" else "write")


def test_it_needs_a_terminal(cli: Cli) -> None:
    done = cli("demo")
    assert done.status == 2 and done.err.count("\n") == 1 and "needs a terminal" in done.err
