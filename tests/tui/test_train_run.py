"""The live view of a run and its keys."""

from __future__ import annotations

import json
import math

import pytest
from textual.screen import Screen
from textual.widgets import Input, Tabs

from engine.network import modelfile
from engine.runs import launch, tidying
from engine.runs.events import Changed, Failed, Resumed
from tests.tui.training import FACTS, TrainApp, ready, requests, seen
from tui.curves.picture import BESIDE
from tui.dialogs import AskDialog
from tui.library.shelf import Kind, Shelf
from tui.train.curve import Curve
from tui.train.sample import SampleBox

pytestmark = pytest.mark.usefixtures("started")


async def test_a_living_run_is_found_and_watched(fake_run, until):
    run = fake_run("daily")
    run.begin()
    run.progress(100, 2.0)
    run.progress(150, math.nan)
    run.evaluated(200, 1.6)
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, seen(app, "daily", "#headline"))
        await until(pilot, seen(app, "1.600 nats  2.308 bits", "#numbers"))
        assert "running" in app.text("#headline")
        assert "step 200 of 1,000" in app.text("#bar")
        run.progress(300, 1.7)
        await until(pilot, seen(app, "1.700 nats", "#numbers"))


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18), (40, 10)])
@pytest.mark.parametrize("no_color", ["", "1"])
async def test_a_run_is_shown_in_every_size(fake_run, until, monkeypatch, size, no_color):
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    run = fake_run("daily")
    run.begin()
    run.progress(100, 2.0)
    run.progress(200, math.inf)
    run.evaluated(200, 1.6)
    run.sampled(200, "[/bold] \x1b[31m of York")
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, seen(app, "1.600", "#numbers"))
        assert app.text("#text") == "[/bold] ␛[31m of York"
        await pilot.resize_terminal(100, 30)
        await until(pilot, seen(app, "1.600", "#numbers"))


async def test_the_screen_is_laid_out_only_where_lines_come_or_go(fake_run, until, monkeypatch):
    """Drawing takes time from a training on this machine, a layout most of it."""
    run, layouts, drawn = fake_run("daily"), list[str](), list[object]()
    run.begin()
    run.progress(100, 2.0)
    run.evaluated(100, 1.6)
    run.sampled(100, "one\ntwo")
    lay_out, draw = Screen._refresh_layout, Curve.tell
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:

        async def layouts_of(step: int, text: str) -> int:
            del layouts[:], drawn[:]
            run.progress(step, 1.7)
            if text:
                run.sampled(step, text)
            await until(pilot, seen(app, f"step {step:,} of", "#bar"))
            await until(pilot, lambda: not text or app.text("#text") == text)
            await pilot.pause()
            return len(layouts)

        await until(pilot, lambda: app.text("#text") == "one\ntwo")
        await layouts_of(101, "")
        monkeypatch.setattr(
            Screen, "_refresh_layout", lambda *a, **k: (layouts.append(""), lay_out(*a, **k))
        )
        monkeypatch.setattr(
            Curve, "tell", lambda curve, text: (drawn.append(text), draw(curve, text))
        )
        assert await layouts_of(102, "") == 0 and not drawn
        assert await layouts_of(115, "") == 0, "a tab that tells another percent"
        assert await layouts_of(116, "red\nblue, and green") == 0, "as many lines"
        assert await layouts_of(117, "red\nblue\ngreen") > 0, "another line"


async def test_older_samples_stay_reachable_and_the_newest_is_followed(fake_run, until):
    run = fake_run()
    run.begin()
    run.sampled(10, "first")
    run.sampled(20, "second")
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.text("#text") == "second")
        await pilot.press("left")
        assert app.text("#text") == "first"
        run.sampled(30, "third")
        run.progress(30, 1.0)
        await until(pilot, lambda: "step 30" in app.text("#bar"))
        assert app.text("#text") == "first"
        await pilot.press("right", "right")
        assert app.text("#text") == "third"
        run.sampled(40, "fourth")
        await until(pilot, lambda: app.text("#text") == "fourth")


async def test_a_branch_is_shown_as_one(fake_run, until):
    run = fake_run("later")
    info = json.loads((run.run.folder / "run.json").read_text())
    (run.run.folder / "run.json").write_text(json.dumps(info | {"init_from": "first@40"}))
    run.begin()
    (item,) = Shelf().read()[Kind.RUN]
    assert ("starts from", "first@40") in item.facts
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, seen(app, "a branch of first@40", "#headline"))


async def test_a_run_that_was_renamed_is_still_followed(fake_run, until):
    run = fake_run("daily")
    run.begin()
    run.finish()
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        app.pane.show_run(run.run.folder)
        await until(pilot, seen(app, "daily", "#headline"))
        renamed = tidying.rename_run("daily", "weekly")
        app.pane.rename(run.run.folder, renamed.folder)
        await until(pilot, seen(app, "weekly", "#headline"))
        await until(pilot, lambda: "weekly" in str(app.query_one(Tabs).active_tab.label))


async def test_the_reason_of_a_failure_is_shown(fake_run, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        run.say(Failed(life=0, step=9, reason="the loss is nan [/red]\x1b[2J"))
        run.die()
        await until(pilot, seen(app, "the loss is nan [/red]␛[2J"))


async def test_a_finished_run_opens_in_write_and_can_be_kept(fake_run, tiny, home, until):
    run = fake_run("daily")
    run.begin()
    modelfile.save(run.run.best, tiny)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        run.finish()
        await until(pilot, seen(app, "finished"))
        await pilot.press("o")
        await until(pilot, lambda: app.opened)
        assert app.opened == [run.run.best]
        await pilot.press("k")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        app.screen.query_one(Input).value = "tiny"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))  # the name is taken
        app.screen.query_one(Input).value = "york"
        await pilot.press("enter")
        await until(pilot, (home / "models" / "york.safetensors").exists)


async def test_several_runs_are_a_list_to_choose_from(fake_run, until):
    for name in ("morning", "evening"):
        run = fake_run(name)
        run.begin()
        run.sampled(1, f"good {name}")
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.query_one(Tabs).tab_count == 3)
        for name in ("morning", "evening"):
            app.pane.show_run(run.run.folder.with_name(name))
            await until(pilot, seen(app, name, "#headline"))
            await until(pilot, seen(app, f"good {name}", "#text"))
        assert app.query_one(Tabs).tab_count == 3
        await pilot.press("n")
        await until(pilot, lambda: any(form.display for form in app.query("#form")))


async def test_keys_of_a_run_do_nothing_in_the_form(fake_run, winter, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("n")
        await until(pilot, lambda: any(form.display for form in app.query("#form")))
        await pilot.press("v", "l", "x")
        app.query_one("#file", Input).focus()
        await pilot.pause()
        assert not requests(run)


async def test_the_machine_is_measured_for_the_form_only(fake_run, until, monkeypatch):
    """A training that is only watched keeps its processors."""
    asked = list[str]()
    monkeypatch.setattr(launch, "device_facts", lambda: asked.append("facts") or FACTS)
    fake_run().begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        assert not asked
        await pilot.press("n")
        await until(pilot, lambda: asked == ["facts"])


async def test_leaving_asks_the_trainings_of_this_app_to_stop(winter, started, fake_run, until):
    elsewhere = fake_run("elsewhere")
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert not app.pane.at_work()
        await pilot.press("enter")
        await until(pilot, lambda: app.pane.at_work())
        elsewhere.begin()
        ours = started[0]
        lock = ours.lock()
        lock.acquire()
        app.pane.stop_all()
        lock.release()
        assert json.loads(ours.control_path.read_text())["request"] == "stop"
        assert not requests(elsewhere)


async def test_a_trainer_that_does_not_listen_yet_is_ended(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.pane.at_work())
        app.pane.stop_all()
        await until(pilot, lambda: not app.pane.at_work())


async def test_a_changed_rate_is_told(fake_run, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("l")
        await until(pilot, lambda: requests(run))
        id = requests(run)[0]["id"]
        run.say(Changed(life=0, step=5, id=id, setting="lr", value=0.0032))
        await until(pilot, seen(app, "lr is 0.0032"))


async def test_the_curve_changes_unit_axis_and_part(fake_run, until):
    run = fake_run()
    run.begin()
    run.progress(1, 2.0)
    run.progress(100, 1.0)
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        curve = app.query_one(Curve)

        def titled(words):
            return lambda: str(curve.border_title).startswith(f" loss in {words}:")

        await until(pilot, titled("nats"))
        for key, words in [
            ("u", "bits"),
            ("y", "bits, logarithmic"),
            ("z", "bits, logarithmic, last half"),
            ("z", "bits, logarithmic, last tenth"),
            ("u", "nats, logarithmic, last tenth"),
            ("Z", "nats, logarithmic, last half"),
            ("y", "nats, last half"),
            ("Z", "nats"),
        ]:
            await pilot.press(key)
            await until(pilot, titled(words))


async def test_a_scrubber_goes_through_the_life_of_a_run(fake_run, until):
    run = fake_run()
    run.begin()
    run.progress(0, 3.0)
    for step in range(0, 1001, 100):
        run.progress(step, 3.0 - step / 1000)
        run.evaluated(step, 3.0 - step / 500)
        run.sampled(step, f"text {step}")
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.text("#text") == "text 1000")
        box, curve = app.query_one(SampleBox), app.query_one(Curve)

        def place():
            line = app.text("#life")
            assert line.count("•") + line.count("●") == 11
            return line.index("●") / (len(line) - 1)

        def marked():
            rows = [row[BESIDE:] for row in str(curve.content).splitlines()]
            columns = {row.index("┊") for row in rows if "┊" in row}
            return columns.pop() / (len(rows[-2]) - 1) if columns else None

        await until(pilot, lambda: "●" in app.text("#life"))
        assert place() == 1 and marked() is None
        await pilot.press("home")
        await until(pilot, lambda: app.text("#text") == "text 0")
        assert place() == 0
        assert box.border_title == "sample at step 0 · validation 3.000 nats"
        await pilot.press(*["right"] * 5, "u")
        await until(pilot, lambda: app.text("#text") == "text 500")
        assert place() == pytest.approx(0.5, abs=0.01)
        assert box.border_title == "sample at step 500 · validation 2.885 bits"
        assert box.border_subtitle == "← older  6 of 11  newer →"
        await until(pilot, lambda: marked() == pytest.approx(0.5, abs=0.03))
        run.say(Resumed(life=1, step=350))  # what is looked at is void
        await until(pilot, lambda: app.text("#text") == "text 300")
        await pilot.press("end")
        await until(pilot, lambda: marked() is None)
        run.sampled(400, "another life")
        await until(pilot, lambda: app.text("#text") == "another life")
        await pilot.resize_terminal(40, 10)
        await pilot.press("home")
        await until(pilot, lambda: app.text("#text") == "text 0")
