"""The learning curve: what stretch of losses it shows, and the lines that they are compared with."""

from __future__ import annotations

import io
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from textual.app import App
from textual_hires_canvas import Canvas

from engine import corpus, places, survey
from engine.storage import write_json
from engine.survey import Reference
from tui.cli.views import LiveView
from tui.train.curve import Curve
from tui.train.follow import Follower, Series
from tui.train.frame import frame

NONE = Series.of(())
FALLING = Series.of((step, 1.5 + 30 / (step + 10)) for step in range(1000))


def names(references):
    return [reference.name for reference in references]


def test_without_references_the_frame_is_that_of_the_calm_losses():
    shown = frame(FALLING, NONE, (), 20)
    assert shown.low == FALLING.nats.min()
    assert FALLING.nats[100] <= shown.top < FALLING.nats[90]


def test_a_limit_is_in_the_frame_wherever_it_lies():
    for nats in (0.0, 1.2, 1.6, 9.0):
        shown = frame(FALLING, NONE, [Reference("entropy rate", nats, limit=True)], 20)
        assert names(shown.lines) == ["entropy rate"]
        assert shown.low <= nats < shown.top


def test_what_is_near_is_a_line_and_what_is_far_is_named_with_its_side():
    references = [Reference(name, nats) for name, nats in (("a", 1.6), ("b", 0.3), ("c", 3.3))]
    alone = frame(FALLING, NONE, (), 20)
    shown = frame(FALLING, NONE, references, 20)
    assert (shown.low, shown.top) == pytest.approx((alone.low, alone.top), abs=0.01)
    assert names(shown.lines) == ["a"]
    assert [shown.where(r) for r in shown.named] == ["b 0.30 ↓", "c 3.30 ↑"]


def test_the_picture_grows_to_what_is_near():
    below = Reference("5-gram", FALLING.nats.min() - 0.02)
    assert frame(FALLING, NONE, [below], 20).low == below.nats


def test_of_two_in_a_row_the_weightier_is_the_line():
    references = [Reference("6-gram", 1.60), Reference("5-gram", 1.601)]
    shown = frame(FALLING, NONE, references, 10)
    assert names(shown.lines) == ["6-gram"]
    assert [shown.where(r) for r in shown.named] == ["5-gram 1.60"]


losses = st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 20)), max_size=30).map(sorted)
compared = st.lists(
    st.builds(Reference, st.sampled_from(["1-gram", "2-gram"]), st.floats(0, 20), st.booleans())
)


@given(losses, losses, compared, st.integers(-2, 40))
def test_any_losses_have_a_frame(train, validation, references, rows):
    if not train and not validation:
        return
    shown = frame(Series.of(train), Series.of(validation), references, rows)
    assert shown.low < shown.top
    assert all(shown.low <= reference.nats < shown.top for reference in shown.lines)
    assert {*shown.lines, *shown.named} == set(references)
    assert all(nats >= shown.low for _, nats in (*train, *validation))


class CurveApp(App[None]):
    """The curve alone."""

    def compose(self):
        yield Curve()

    def rows(self):
        """The picture as lines of text."""
        return ["".join(row) for row in self.query_one("#plot", Canvas)._buffer]


@pytest.fixture
def followed(home, fake_run):
    """A follower of a run that learns on a corpus whose entropy rate is known."""
    found = corpus.load(places.corpora() / "winter")
    write_json(found.folder / corpus.INFO, asdict(replace(found.info, entropy_rate=0.05)))
    run = fake_run()
    run.begin()
    for step in range(1, 60):
        run.progress(step, 0.06 + 3 / step)
    return Follower(run.run)


@pytest.mark.parametrize("no_color", ["", "1"])
async def test_lines_are_labelled_and_come_when_they_are_known(
    followed, until, monkeypatch, no_color
):
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    app = CurveApp()
    async with app.run_test(size=(90, 30)) as pilot:
        curve = app.query_one(Curve)
        curve.show(followed.read())
        await until(pilot, lambda: any("entropy rate 0.05 ╌╌╌" in row for row in app.rows()))
        assert not any("gram" in row for row in app.rows())
        assert followed.read() is None

        seen = survey.obtain(corpus.load(places.corpora() / "winter"))
        best = min(seen.baselines, key=lambda b: b.nats_per_char)
        curve.show(followed.read())
        label = f"{best.order}-gram {best.nats_per_char:.2f} ·"
        await until(pilot, lambda: any(label in row for row in app.rows()))
        unigram = f"1-gram {seen.baselines[0].nats_per_char:.2f} ↑"
        assert unigram in str(curve.border_title)


@pytest.mark.parametrize("size", [(140, 45), (30, 8), (12, 5), (1, 1)])
async def test_any_size_will_do(followed, until, size):
    survey.obtain(corpus.load(places.corpora() / "winter"))
    app = CurveApp()
    async with app.run_test(size=size) as pilot:
        app.query_one(Curve).show(followed.read())
        await pilot.resize_terminal(60, 20)
        app.query_one(Curve).show(followed.snapshot)
        await until(pilot, lambda: any("entropy rate" in row for row in app.rows()))


async def test_one_point_is_a_picture(fake_run, until):
    survey.obtain(corpus.load(places.corpora() / "winter"))
    run = fake_run()
    run.begin()
    run.evaluated(10, 2.0)
    app = CurveApp()
    async with app.run_test(size=(90, 30)) as pilot:
        app.query_one(Curve).show(Follower(run.run).read())
        await until(pilot, lambda: any("◆" in row for row in app.rows()))
        assert app.query_one(Curve).border_title


def test_the_live_view_of_the_command_line_has_them_too():
    view = LiveView("a run", "")
    view.compare((Reference("entropy rate", 1.2667, limit=True), Reference("6-gram", 1.5137)))
    screen = Console(width=80, file=io.StringIO())
    screen.print(view._render())
    assert "compare  entropy rate 1.267   6-gram 1.514 nats" in screen.file.getvalue()
