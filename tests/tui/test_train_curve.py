"""The learning curve: what stretch of losses it shows, and the lines that they are compared with."""

from __future__ import annotations

import io
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from textual.app import App

from engine import places
from engine.runs.events import Changed, RolledBack
from engine.storage import write_json
from engine.text import corpus, survey
from engine.text.survey import Reference
from tui.cli.shared.views import LiveView
from tui.curves.frame import frame
from tui.curves.picture import BESIDE
from tui.curves.scale import Scale, View
from tui.curves.series import Series
from tui.train.curve import Curve
from tui.train.follow import Follower

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
        assert shown.low <= nats <= shown.top


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


nats = st.integers(0, 2000).map(lambda n: n / 100)
losses = st.lists(st.tuples(st.integers(0, 1000), nats), max_size=30).map(sorted)
compared = st.lists(
    st.builds(Reference, st.sampled_from(["1-gram", "2-gram"]), nats, st.booleans())
)


scales = st.builds(Scale, st.booleans(), st.booleans())


@given(losses, losses, compared, st.integers(-2, 40), scales, st.booleans())
def test_any_losses_have_a_frame(train, validation, references, rows, scale, begins):
    if not train and not validation:
        return
    shown = frame(Series.of(train), Series.of(validation), references, rows, scale, begins)
    assert shown.low < shown.top
    assert all(shown.low <= scale.place(r.nats) <= shown.top for r in shown.lines)
    assert {*shown.lines, *shown.named} == set(references)
    assert all(scale.place(nats) >= shown.low for _, nats in (*train, *validation))


@given(scales, st.lists(st.floats(0, 1e6), min_size=2).map(sorted))
def test_a_scale_keeps_the_order_of_losses(scale, nats):
    places = scale.places(np.array(nats))
    assert np.isfinite(places).all() and (np.diff(places) >= 0).all()


def test_bits_are_nats_by_the_logarithm_of_two():
    scale = Scale(bits=True)
    assert scale.value(math.log(2)) == scale.place(math.log(2)) == 1
    shown = frame(FALLING, NONE, [Reference("5-gram", 1.6)], 20, scale)
    assert shown.label(shown.lines[0]) == f"5-gram {1.6 / math.log(2):.2f}"


def test_a_part_of_a_run_is_shown_whole():
    part = FALLING.since(900)
    assert part.steps[0] == 900
    shown = frame(part, NONE, (), 20, begins=False)
    assert shown.low == part.nats[-1] and shown.top > part.nats[0]


def test_zooming_goes_to_the_last_tenth_and_back_and_no_further():
    view = View()
    parts = [(view := view.zoomed(by)).part for by in (1, 1, 1, -1, -1, -1)]
    assert parts == [0.5, 0.1, 0.1, 0.5, 1.0, 1.0]
    assert view == View()


@pytest.mark.parametrize(("low", "high"), [(0.01, 9.0), (1.3, 2.1), (1e-4, 20.0), (1.0, 1.001)])
def test_a_logarithmic_axis_has_round_ticks_in_it(low, high):
    ticks = Scale(logarithmic=True).ticks(math.log(low), math.log(high), 8)
    assert 2 <= len(ticks) <= 12
    assert all(math.log(low) - 1e-9 <= tick <= math.log(high) + 1e-9 for tick in ticks)
    assert [float(name) for name in ticks.values()] == pytest.approx(np.exp([*ticks]), rel=1e-3)
    assert len(set(ticks.values())) == len(ticks)


class CurveApp(App[None]):
    """The curve alone."""

    def compose(self):
        yield Curve(id="curve")

    def rows(self):
        """The picture as lines of text."""
        return str(self.query_one(Curve).content).splitlines()


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
        curve.show(followed.read(), View())
        await until(pilot, lambda: any("entropy rate 0.05 ╌╌╌" in row for row in app.rows()))
        assert not any("gram" in row for row in app.rows())
        assert followed.read() is None

        seen = survey.obtain(corpus.load(places.corpora() / "winter"))
        best = min(seen.baselines, key=lambda b: b.nats_per_char)
        curve.show(followed.read(), View())
        label = f"{best.order}-gram {best.nats_per_char:.2f} "
        await until(pilot, lambda: any(label in row for row in app.rows()))
        unigram = f"1-gram {seen.baselines[0].nats_per_char:.2f} ↑"
        assert unigram in str(curve.border_title)


@pytest.mark.parametrize("size", [(140, 45), (30, 8), (12, 5), (1, 1)])
async def test_any_size_will_do(followed, until, size):
    survey.obtain(corpus.load(places.corpora() / "winter"))
    app = CurveApp()
    async with app.run_test(size=size) as pilot:
        app.query_one(Curve).show(followed.read(), View())
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: app.query_one(Curve).size.width > 50)
        app.query_one(Curve).show(followed.snapshot, View(Scale(logarithmic=True), 0.5))
        await until(pilot, lambda: any("entropy rate" in row for row in app.rows()))


async def test_one_point_is_a_picture(fake_run, until):
    survey.obtain(corpus.load(places.corpora() / "winter"))
    run = fake_run()
    run.begin()
    run.evaluated(10, 2.0)
    app = CurveApp()
    async with app.run_test(size=(90, 30)) as pilot:
        app.query_one(Curve).show(Follower(run.run).read(), View(Scale(True, True), 0.1))
        await until(pilot, lambda: any("◆" in row for row in app.rows()))
        assert app.query_one(Curve).border_title


async def test_what_was_changed_is_marked_at_its_step(fake_run, until):
    run = fake_run()
    run.begin()
    for step in range(0, 1001, 10):
        run.progress(step, 2.0 - step / 1000)
    run.say(Changed(life=0, step=500, setting="lr", value=0.002))
    run.say(Changed(life=0, step=1000, setting="stop", value=1.0))
    app = CurveApp()
    async with app.run_test(size=(90, 30)) as pilot:
        follower = Follower(run.run)
        app.query_one(Curve).show(follower.read(), View())
        await until(pilot, lambda: any("▲" in row for row in app.rows()))
        (foot,) = [row for row in app.rows() if "▲" in row]
        assert foot.count("▲") == 1
        foot = foot[BESIDE:]
        assert foot.index("▲") / (len(foot) - 1) == pytest.approx(0.5, abs=0.01)
        assert "◀" not in str(app.query_one(Curve).border_title)

        run.say(RolledBack(life=0, step=700, reason="the loss is nan"))
        app.query_one(Curve).show(follower.read(), View())
        await until(pilot, lambda: any("◀" in row for row in app.rows()))
        assert str(app.query_one(Curve).border_title).endswith("▲ changed  ◀ went back ")
        app.query_one(Curve).show(follower.snapshot, View(part=0.1))
        await until(pilot, lambda: not any("▲" in row for row in app.rows()))


async def test_a_label_hides_no_loss_and_the_title_cuts_no_name(followed, until):
    survey.obtain(corpus.load(places.corpora() / "winter"))
    follower = Follower(followed.run)
    snapshot = replace(
        follower.read(),
        references=(Reference("2-gram", 2.0), *(Reference(f"{n}-gram", 90.0) for n in range(9))),
        validation=Series.of((step, 2.0) for step in (0, 5, 12, 30, 58)),
    )
    app = CurveApp()
    async with app.run_test(size=(90, 30)) as pilot:
        curve = app.query_one(Curve)
        curve.show(snapshot, View())
        await until(pilot, lambda: any("2-gram 2.00" in row for row in app.rows()))
        (row,) = [row for row in app.rows() if "2-gram" in row]
        assert row.count("◆") == 5
        title = str(curve.border_title)
        assert title.endswith("-gram 90.00 ↑ ") and len(title) <= curve.size.width - 4


async def test_nothing_is_measured_on_axes_before_the_first_loss(fake_run, until):
    run = fake_run()
    run.begin()
    app = CurveApp()
    async with app.run_test(size=(60, 20)) as pilot:
        curve = app.query_one(Curve)

        def numbered():
            return any(char.isdigit() for row in app.rows() for char in row)

        curve.show(Follower(run.run).read(), View())
        assert not numbered()
        run.progress(10, 2.0)
        curve.show(Follower(run.run).read(), View())
        await until(pilot, numbered)


def test_the_live_view_of_the_command_line_has_them_too():
    view = LiveView("a run", "")
    view.compare((Reference("entropy rate", 1.2667, limit=True), Reference("6-gram", 1.5137)))
    screen = Console(width=80, file=io.StringIO())
    screen.print(view._render())
    assert "compare  entropy rate 1.267   6-gram 1.514 nats" in screen.file.getvalue()
