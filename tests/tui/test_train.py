"""The Train screen: the form, the live view of a run, and its keys."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from textual.app import App
from textual.content import Content
from textual.widgets import Input, Select, Static, Tabs

from engine import launch, modelfile
from engine.config import CELLS, ModelConfig
from engine.errors import HeloError
from engine.events import Changed, Failed, Paused, Refused
from engine.parameters import count
from engine.rundir import RunDirectory
from tui.dialogs import AskDialog, ConfirmDialog
from tui.messages import ModelChosen
from tui.train.fields import KINDS, USUAL, in_words
from tui.train.form import FILE
from tui.train.pane import TrainPane
from tui.train.plan import describe, look, speeds
from tui.train.watch import RunView

FACTS = {"devices": ["cpu"], "names": {"cpu": "test"}, "processors": 2, "bfloat16": False}
PLAIN = ModelConfig("peephole", 64, 2)


class TrainApp(App[None]):
    """The pane alone."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[object] = []

    def compose(self):
        yield TrainPane()

    def on_model_chosen(self, message: ModelChosen) -> None:
        self.opened.append(message.path)

    @property
    def pane(self) -> TrainPane:
        return self.query_one(TrainPane)

    def text(self, selector: str) -> str:
        shown = self.pane.query_one(selector, Static).render()
        return shown.plain if isinstance(shown, Content) else str(shown)


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """Trainers that are started are processes that only wait; gives the runs they were started for."""
    runs: list[RunDirectory] = []
    children = []

    def start(run):
        runs.append(run)
        wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        children.append(subprocess.Popen(wait, stdin=subprocess.PIPE))
        return children[-1]

    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(launch, "device_facts", lambda: FACTS)
    yield runs
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def facts_wait(monkeypatch):
    """What the device can do is told once this is set."""
    event = threading.Event()

    def facts():
        assert event.wait(20)
        return FACTS

    monkeypatch.setattr(launch, "device_facts", facts)
    yield event
    event.set()


def requests(run):
    path = run.run.control_path
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ready(app):
    """The form knows what it would train."""
    return lambda: "parameters" in app.text("#outlook")


def seen(app, text, selector="#note"):
    return lambda: text in app.text(selector)


async def test_one_key_starts_a_training(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert "1,560 characters, 26 different" in app.text("#outlook")
        await pilot.press("enter")
        await until(pilot, lambda: started)
        await until(pilot, seen(app, "starting"))
        assert app.focused is app.pane.query_one(RunView)
        assert app.pane.running()
    info = started[0].info()
    assert info.config == USUAL and info.corpus_name == "winter"
    assert info.command == "helo train winter"


async def test_without_any_corpus_a_built_in_one_is_ready(home, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert app.query_one("#corpus", Select).value == "python"


async def test_parameters_and_length_follow_what_is_typed(winter, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        before = app.text("#outlook")
        app.query_one("#hidden", Input).value = "64"
        await until(pilot, seen(app, "lstm 64×1", "#outlook"))
        assert app.text("#outlook") != before
        app.query_one("#unit", Select).value = "epochs"
        app.query_one("#length", Input).value = "3"
        await until(pilot, seen(app, "3 epochs: 6 steps", "#outlook"))


async def test_every_cell_can_be_chosen_and_says_what_it_is(winter, started, until):
    app = TrainApp()
    async with app.run_test(size=(60, 18)) as pilot:
        await until(pilot, ready(app))
        assert set(KINDS) == set(CELLS)
        for cell in CELLS:
            app.query_one("#cell", Select).value = cell
            await until(pilot, seen(app, f"{cell} 448×1: ", "#outlook"))
            assert app.text("#cell-hint") == KINDS[cell]
            assert len(KINDS[cell]) <= app.query_one("#cell-hint").size.width


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18)])
async def test_a_stack_is_chosen_and_started(winter, started, until, size):
    stack = ModelConfig("peephole", 64, 2, layer_norm=True, residual=True)
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, ready(app))
        app.query_one("#cell", Select).value = "peephole"
        app.query_one("#hidden", Input).value = "64"
        app.query_one("#layers", Input).value = "2"
        await until(pilot, seen(app, f"peephole 64×2: {count(PLAIN, 26):,}", "#outlook"))
        for key in ("layer_norm", "residual"):
            app.query_one(f"#{key}", Select).value = "on"
        await until(pilot, seen(app, f"{stack}: {count(stack, 26):,}", "#outlook"))
        assert app.screen.region.contains_region(app.query_one("#start").region)
        assert app.query_one("#fields").max_scroll_x == 0
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
        await until(pilot, seen(app, f"{stack}, on winter", "#headline"))
    info = started[0].info()
    assert info.config == replace(USUAL, model=stack)
    words = "--cell peephole --hidden 64 --layers 2 --layer-norm --residual"
    assert info.command == f"helo train winter {words}"


def test_the_time_is_told_from_a_run_of_the_same_stack_only(winter, fake_run):
    run = fake_run()
    run.begin()
    run.progress(100, 2.0)
    config, outlook = run.run.info().config, look("winter")
    other = replace(config, model=replace(config.model, layer_norm=True))
    assert "about" in list(describe(config, outlook, speeds()))[-1]
    assert "about" not in list(describe(other, outlook, speeds()))[-1]
    assert in_words("--layer-norm is on or off") == "Layer norm is on or off"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("hidden", "0", "Hidden must be 1 or more"),
        ("hidden", "many", "Hidden must be a whole number, not 'many'"),
        ("dropout", "2", "Dropout must be 0 or more"),
        ("lr", "nan", "Learning rate must be more than 0"),
        ("length", "-5", "Seconds must be more than 0"),
        ("batch", "[/bold]", "not '[/bold]'"),
        ("layers", "9" * 5000, "Layers must be a whole number"),
    ],
)
async def test_a_value_that_cannot_be_is_named_and_nothing_is_lost(
    winter, started, until, field, value, problem
):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.query_one("#seq_length", Input).value = "17"
        app.query_one(f"#{field}", Input).value = value
        await until(pilot, seen(app, problem, "#problem"))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert not started
        assert app.query_one(f"#{field}", Input).value == value
        assert app.query_one("#seq_length", Input).value == "17"
        app.query_one(f"#{field}", Input).value = "1"
        app.query_one("#dropout", Input).value = "0"
        await until(pilot, lambda: not app.query_one("#problem").display)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no corpus or file"),
        (b"", "is empty"),
        (b"x", "has one character"),
        (b"\x00\x01text", "binary"),
        (b"\xff\xfe\xfa", "no UTF-8"),
    ],
)
async def test_a_text_that_cannot_be_imported_is_refused_beside_the_form(
    home, tmp_path, started, until, content, problem
):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.query_one("#corpus", Select).value = FILE
        await until(pilot, lambda: app.query_one("#file").display)
        app.query_one("#file", Input).value = str(path)
        app.query_one("#file").focus()
        await pilot.press("enter")
        await until(pilot, lambda: not app.query_one("#start").disabled)
        await until(pilot, seen(app, problem, "#problem"))
        assert not started
        assert app.query_one("#file", Input).value == str(path)


async def test_a_file_is_imported_and_trained_on(home, tmp_path, started, until):
    path = tmp_path / "play.txt"
    path.write_text("to be or not to be " * 40)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.pane.fill_in(str(path))
        await until(pilot, seen(app, "760 characters", "#outlook"))
        await pilot.press("enter")
        await until(pilot, lambda: started)
    assert started[0].info().corpus_name == "play"


async def test_what_was_refused_stays_told_until_the_form_is_changed(
    winter, monkeypatch, until, facts_wait
):
    def start(run):
        raise HeloError("the disk is full")

    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        monkeypatch.setattr(launch, "start", start)
        await pilot.press("enter")
        await until(pilot, seen(app, "the disk is full", "#problem"))
        facts_wait.set()
        await until(pilot, seen(app, "cpu (test)", "#device-hint"))
        assert "the disk is full" in app.text("#problem")
        app.query_one("#hidden", Input).value = "64"
        await until(pilot, lambda: not app.query_one("#problem").display)


async def test_what_is_wrong_with_a_text_stays_told_until_there_is_another(
    winter, tmp_path, until, facts_wait
):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.pane.fill_in(str(tmp_path / "nowhere"))
        await until(pilot, seen(app, "no corpus or file", "#problem"))
        app.query_one("#hidden", Input).value = "64"
        facts_wait.set()
        await until(pilot, seen(app, "cpu (test)", "#device-hint"))
        assert "no corpus or file" in app.text("#problem")
        app.query_one("#corpus", Select).value = "winter"
        await until(pilot, seen(app, "lstm 64×1", "#outlook"))
        assert not app.query_one("#problem").display


async def test_a_device_that_is_not_there_is_refused(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "cpu (test)", "#device-hint"))
        await until(pilot, ready(app))
        app.query_one("#device", Select).value = "cuda"
        await until(pilot, seen(app, "this machine has cpu", "#problem"))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert not started


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


@pytest.mark.parametrize(
    ("key", "request_", "value"),
    [
        ("space", "pause", 1.0),
        ("l", "lr", 0.8),
        ("L", "lr", 1.25),
        ("v", "save", 1.0),
        ("e", "evaluate", 1.0),
        ("w", "sample", 1.0),
    ],
)
async def test_a_key_asks_and_says_so_until_it_is_answered(fake_run, until, key, request_, value):
    run = fake_run()
    run.begin()
    run.progress(1, 2.0)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press(key)
        await until(pilot, seen(app, "asked to"))
        (asked,) = requests(run)
        assert (asked["request"], asked["value"]) == (request_, value)
        run.say(Refused(life=0, step=2, id=asked["id"], reason="not [now]"))
        await until(pilot, seen(app, "step 2: refused: not [now]"))


async def test_space_goes_on_after_a_pause(fake_run, until):
    run = fake_run()
    run.begin()
    run.say(Paused(life=0, step=1))
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "paused", "#headline"))
        await pilot.press("space")
        await until(pilot, lambda: requests(run))
        assert requests(run)[0]["request"] == "resume"


async def test_stopping_asks_first(fake_run, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert not requests(run)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("s")
        await until(pilot, lambda: requests(run))
        assert requests(run)[0]["request"] == "stop"


async def test_a_killed_trainer_is_noticed_and_r_resumes_it(fake_run, started, until):
    run = fake_run("daily")
    run.begin()
    run.progress(100, 2.0)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        run.die()
        await until(pilot, seen(app, "was killed"))
        await pilot.press("l")
        assert not requests(run)
        await pilot.press("r")
        await until(pilot, seen(app, "starting", "#headline"))
        assert [r.name for r in started] == ["daily"]
        run.begin(life=1, step=50)
        await until(pilot, seen(app, "running", "#headline"))


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
        await until(pilot, lambda: app.query_one("#form").display)


async def test_keys_of_a_run_do_nothing_in_the_form(fake_run, winter, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("n")
        await until(pilot, lambda: app.query_one("#form").display)
        await pilot.press("v", "l", "x")
        app.query_one("#file", Input).focus()
        await pilot.pause()
        assert not requests(run)


async def test_leaving_asks_the_trainings_of_this_app_to_stop(winter, started, fake_run, until):
    elsewhere = fake_run("elsewhere")
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert not app.pane.running()
        await pilot.press("enter")
        await until(pilot, lambda: app.pane.running())
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
        await until(pilot, lambda: app.pane.running())
        app.pane.stop_all()
        await until(pilot, lambda: not app.pane.running())


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


async def test_an_error_that_nobody_expected_is_told_and_the_form_stays(winter, monkeypatch, until):
    def start(run):
        raise ZeroDivisionError("[/b]")

    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        monkeypatch.setattr(launch, "start", start)
        await pilot.press("enter")
        await until(pilot, seen(app, "nothing was started", "#problem"))
        assert "ZeroDivisionError: [/b]" in "".join(note.message for note in app._notifications)
        assert not app.query_one("#start").disabled
