"""The form that starts a training: what is typed, chosen and refused."""

from __future__ import annotations

import gzip
from dataclasses import asdict, replace

import pytest
from textual.events import Key
from textual.widgets import Input, Select

from engine.cells import CELLS
from engine.config import DEFAULT_SECONDS, ModelConfig
from engine.errors import HeloError, UsageError
from engine.network.parameters import count
from engine.runs import launch
from engine.text import corpus
from tests.tui.training import PACE, TrainApp, found_for, ready, seen
from tui.train.choice import FILE
from tui.train.fields import FIELDS
from tui.train.plan import describe, look, speeds
from tui.train.watch import RunView

pytestmark = pytest.mark.usefixtures("started")
PLAIN = ModelConfig("peephole", 64, 2)


async def test_one_key_starts_a_training(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert "1,560 characters, 26 different" in app.text("#outlook")
        await pilot.press("enter")
        await until(pilot, lambda: started)
        await until(pilot, seen(app, "starting"))
        assert app.focused is app.pane.query_one(RunView)
        assert app.pane.at_work()
    info = started[0].info()
    assert info.config == found_for({"seconds": DEFAULT_SECONDS}) and info.corpus_name == "winter"
    assert info.command == "helo train winter --seconds 300"


async def test_without_any_corpus_a_built_in_one_is_ready(home, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        assert app.query_one("#corpus", Select).value == "python"


async def test_typing_in_the_list_of_corpora_goes_to_the_one_that_is_typed(winter, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.query_one("#corpus", Select).focus()
        await pilot.press("down", "b", "r", "a", "enter")
        await until(pilot, lambda: app.query_one("#corpus", Select).value == "brackets")


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
        for cell, its in CELLS.items():
            app.query_one("#cell", Select).value = cell
            await until(pilot, seen(app, f"{cell} 128×1: ", "#outlook"))
            assert its.hint and app.text("#cell-hint") == its.hint
            assert len(its.hint) <= app.query_one("#cell-hint").size.width


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
    assert info.config == found_for(asdict(stack) | {"seconds": DEFAULT_SECONDS})
    words = "--cell peephole --hidden 64 --layers 2 --layer-norm --residual --seconds 300"
    assert info.command == f"helo train winter {words}"


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_every_field_is_reached_by_tab_and_says_there_what_it_means(winter, until, size):
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, ready(app))
        app.query_one("#corpus").focus()
        reached, fields = [], app.query_one("#fields")
        for _ in range(len(FIELDS) + 1):
            await pilot.press("tab")
            focused = app.focused
            if focused.id == "toggle":
                await pilot.press("enter", "shift+tab")  # which leads into the fields, and back
            await until(pilot, lambda: fields.region.contains_region(focused.region))  # noqa: B023
            reached.append(focused.id)
            if hint := app.text(f"#{focused.id}-hint"):
                shown = app.query_one(f"#{focused.id}-hint")
                await until(pilot, lambda: len(hint) <= shown.size.area)  # noqa: B023
        common = [field.key for field in FIELDS if field.common]
        others = [field.key for field in FIELDS if not field.common]
        assert reached == [*common, "toggle", *others]


async def test_when_it_ends_early_and_its_processes_are_chosen(winter, started, until, monkeypatch):
    asked = []

    def start(run, processes):
        asked.append((run.info(), processes))
        raise HeloError("that is enough")

    app = TrainApp()
    async with app.run_test() as pilot:
        monkeypatch.setattr(launch, "processors", lambda: 4)
        monkeypatch.setattr(launch, "start", start)
        await until(pilot, ready(app))
        app.query_one("#early_stop", Input).value = "3"
        app.query_one("#processes", Input).value = "4"
        app.query_one("#batch", Input).value = "3"
        await until(pilot, seen(app, "at most 3, the number of columns of the batch", "#problem"))
        app.query_one("#batch", Input).value = ""
        await until(pilot, lambda: not app.query_one("#problem").display)
        await pilot.press("ctrl+s")
        await until(pilot, seen(app, "that is enough", "#problem"))
    (info, processes) = asked[0]
    assert info.config == found_for({"early_stop": 3, "seconds": DEFAULT_SECONDS})
    assert processes == 4
    assert info.command == "helo train winter --early-stop 3 --seconds 300 --processes 4"


def test_the_time_is_told_from_a_run_of_the_same_stack_only(winter, fake_run):
    run = fake_run()
    run.begin()
    run.progress(100, 2.0)
    config, outlook = run.run.info().config, look("winter")
    other = replace(config, model=replace(config.model, layer_norm=True))
    assert "about" in list(describe(config, outlook, speeds()))[-1]
    assert "about" not in list(describe(other, outlook, speeds()))[-1]


def test_the_speed_of_a_run_whose_batch_was_cut_says_nothing_about_a_larger_text(winter, fake_run):
    run = fake_run()
    run.begin(batch=3)
    run.progress(100, 2.0)
    config, outlook = run.run.info().config, look("winter")
    assert (config.batch, config.seq_length) == (16, 40)
    assert "about" not in list(describe(config, outlook, speeds()))[-1]
    small = replace(outlook, chars=150)
    assert "about" in list(describe(config, small, speeds()))[-1]


def test_the_pace_of_whole_batches_says_nothing_about_a_text_that_cuts_them(winter):
    small = replace(look("winter"), chars=150)
    config = replace(found_for({"steps": 10}), seq_length=32)
    assert "about" in list(describe(config, look("winter"), [], PACE))[-1]
    assert "about" not in list(describe(config, small, [], PACE))[-1]


def test_only_the_beginning_of_a_large_text_is_looked_at(tmp_path):
    text = tmp_path / "large.txt"
    text.write_bytes(b"to be or not to be, " * 1_000_000)
    found = look(str(text))
    assert (found.name, found.symbols, found.exact) == ("large", 8, False)
    assert found.chars == 20_000_000
    text.write_bytes(gzip.compress(text.read_bytes()[:1000]))
    assert (look(str(text)).chars, look(str(text)).exact) == (1000, True)
    with pytest.raises(UsageError, match="folder"):
        look(str(tmp_path))


def test_an_address_is_not_fetched_while_it_is_typed(server):
    url = server.serve("/play.txt", b"of York")
    for ref in (url, "@list.txt"):
        with pytest.raises(UsageError, match="import it in the Library"):
            look(ref)
    assert not server.asked


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("hidden", "0", "Hidden must be between 1 and"),
        ("early_stop", "-1", "Early stop must be between 0 and"),
        ("processes", "9999", "Processes must be at most"),
        ("hidden", "many", "Hidden must be a whole number, not 'many'"),
        ("dropout", "2", "Dropout must be between 0 and"),
        ("lr", "nan", "Learning rate must be more than 0"),
        ("length", "-5", "How long must be more than 0"),
        ("length", "1e300", "How long must be more than 0 and at most 31,536,000"),
        ("batch", "[/bold]", "not '[/bold]'"),
        ("hidden", "1" + "0" * 20, "Hidden must be between 1 and 65,536"),
        ("lr", "1e400", "Learning rate must be more than 0 and at most 100"),
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
        (wrong,) = app.query(".row.-wrong")
        assert wrong.query(f"#{field}")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused is app.query_one(f"#{field}"))
        assert not started
        assert app.query_one(f"#{field}", Input).value == value
        assert app.query_one("#seq_length", Input).value == "17"
        app.query_one(f"#{field}", Input).value = "1"
        app.query_one("#dropout", Input).value = "0"
        await until(pilot, lambda: not app.query_one("#problem").display)
        assert not app.query(".row.-wrong")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no corpus or file"),
        (b"", "is empty"),
        (b"x", "has one character"),
        (b"\x00\x01text", "binary"),
        (b"\xff\xfe\xfa", "not utf-16-le"),
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
        await app.pane.fill_in(str(path))
        await until(pilot, seen(app, "760 characters", "#outlook"))
        await pilot.press("enter")
        await until(pilot, lambda: started)
    assert started[0].info().corpus_name == "play"


async def test_what_is_typed_as_a_file_is_a_path_and_what_became_of_it_is_told(
    home, tmp_path, started, until, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    corpus.add(["another text " * 40], "notes", "elsewhere")
    (tmp_path / "notes").write_text("to be or not to be " * 40)
    app = TrainApp()
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, ready(app))
        app.query_one("#corpus", Select).value = FILE
        app.query_one("#file", Input).value = "notes"
        await until(pilot, seen(app, "760 characters", "#outlook"))
        app.query_one("#file").focus()
        await pilot.press("enter")
        await until(pilot, lambda: started)
        told = "imported as notes-2: the corpus notes has a different text"
        await until(pilot, lambda: told in [note.message for note in app._notifications])
    assert started[0].info().corpus_name == "notes-2"


async def test_what_was_refused_stays_told_until_the_form_is_changed(
    winter, monkeypatch, until, facts_wait
):
    def start(run, processes):
        raise HeloError("the disk is full")

    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.text("#outlook"))
        app.query_one("#unit", Select).value = "steps"  # which takes no knowledge of the machine
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
        await until(pilot, seen(app, "26 different", "#outlook"))
        await app.pane.fill_in(str(tmp_path / "nowhere"))
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


async def test_an_error_that_nobody_expected_is_told_and_the_form_stays(winter, monkeypatch, until):
    def start(run, processes):
        raise ZeroDivisionError("[/b]")

    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        monkeypatch.setattr(launch, "start", start)
        await pilot.press("enter")
        await until(pilot, seen(app, "nothing was started", "#problem"))
        assert "ZeroDivisionError: [/b]" in "".join(note.message for note in app._notifications)
        assert not app.query_one("#start").disabled


@pytest.mark.parametrize("there", ["tab", "shift+tab"])
async def test_keys_typed_ahead_go_to_the_field_that_a_tab_leads_to(winter, until, there):
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, ready(app))
        before, after = ("hidden", "layers") if there == "tab" else ("layers", "hidden")
        app.query_one(f"#{before}").focus()
        await pilot.pause()
        for key in ("6", "4", there, "2", "backspace", "3"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.query_one(f"#{after}", Input).value == "3")
        assert app.query_one(f"#{before}", Input).value == "64"


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_a_long_name_of_a_corpus_is_cut_with_an_ellipsis(home, until, size):
    corpus.add(["to be or not to be " * 20], "a-very-long-name-" * 3 + "indeed", "a play")
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, ready(app))
        label = app.query_one("#corpus #label")
        assert "name-a-very" in label.render_line(0).text
        assert label.render_line(0).text.rstrip().endswith("…")
