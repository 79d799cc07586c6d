"""What is shown of a run that is followed."""

from __future__ import annotations

import io

from engine.runs.events import Changed, RolledBack, Sampled
from tests.engine.said import progress, started
from tui.cli.shared.views import LiveView, PlainView


def shown(view: LiveView) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(view._render())
    return console.file.getvalue()


BACK = RolledBack(life=0, step=20, reason="the loss is nan at step 31")
HALVED = Changed(life=0, step=20, setting="lr", value=0.01)


def test_going_back_is_told_with_its_reason_and_what_changed():
    view = LiveView("a run", "")
    for event in (started(0, 0), progress(0, 30), BACK, HALVED):
        view.show(event, "")
    text = shown(view)
    assert "went back to step 20: the loss is nan at step 31; lr is 0.01 from here on" in text
    assert "step 30" not in text
    view.show(progress(0, 25), "")
    assert "step 25 of 100" in shown(view)


def test_going_back_is_told_in_plain_lines(capsys):
    view = PlainView("a run")
    for event in (started(0, 0), BACK, HALVED, RolledBack(life=0, step=0)):
        view.show(event, "")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "20/100  went back to step 20: the loss is nan at step 31",
        "20/100  lr is 0.01 from here on",
        "0/100  went back to step 0",
    ]


def test_a_sample_of_code_keeps_its_shape():
    view = LiveView("a run", "")
    view.show(Sampled(life=0, step=20, prompt="", text="if (a)\n\treturn;"), "")
    assert "│     return;" in shown(view)
