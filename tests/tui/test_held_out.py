"""What is held out, where it is chosen and where it is told; and what is told of a run without it."""

from __future__ import annotations

import json

import pytest
from textual.widgets import Input, Select

from engine.runs import rundir
from engine.text import corpus
from tests.engine import said
from tests.tui.library import LibraryApp, listed
from tests.tui.training import TrainApp, found_for, ready, seen
from tui.train.curve import Curve

SMALL = ("train", "hello", "--hidden", "8", "--batch", "4", "--seq-length", "8", "--steps", "20")
NAMES = "".join(f"{a}{b}{c}\n" for a in "abcdef" for b in "aeiou" for c in "lmnrst")


@pytest.fixture
def bare(fake_run):
    """A run without a validation part, that has learnt and finished."""
    run = fake_run("bare")
    run.live()
    part = {"train_chars": 1560, "val_chars": 0}
    run.say(said.started(total_steps=1000, parameters=1234, note="no validation: why", **part))
    for step in range(10, 1001, 10):
        run.progress(step, 3 / (1 + step / 100))
        if step % 100 == 0:
            run.sampled(step, "Now is the winter")
    return run


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18)])
async def test_the_train_screen_says_that_there_is_none(bare, until, size):
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, seen(app, "training", "#numbers"))
        title = str(app.query_one(Curve).border_title)
        assert "no validation" in title and "◆" not in title
        shown = app.text("#numbers")
        assert " ".join(shown.split()).partition("validation ")[2].startswith("none")
        assert "best" not in shown and "◆" not in str(app.query_one(Curve).content)
        assert app.text("#note") == "no validation: why"
        bare.finish()
        await until(pilot, seen(app, "finished"))


async def test_the_library_says_that_there_is_none(bare, until):
    bare.finish()
    app = LibraryApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, listed(app, "bare"))
        app.choose("bare")
        await until(pilot, lambda: "no part of the text is held out" in " ".join(app.about.split()))


async def test_a_run_without_it_is_compared_with(bare, fake_run, until):
    bare.finish()
    daily = fake_run("daily")
    daily.begin()
    daily.progress(100, 2.0)
    daily.evaluated(100, 2.1)
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, seen(app, "daily", "#headline"))
        app.pane.compared.toggle(bare.run)
        await until(pilot, seen(app, "none: nothing held out", "#numbers"))


def test_the_commands_say_that_there_is_none(bare, cli):
    bare.finish()
    row = cli("runs", "list").out.splitlines()[-1].split()
    assert (row[0], row[-2]) == ("bare", "none")
    page = cli("runs", "show", "bare").out
    assert "loss        none: no part of the text is held out" in page
    assert "no validation" in page and "◆" not in page
    data = json.loads(cli("runs", "show", "bare", "--json").out)
    assert (data["best_val_nats"], data["validates"]) == (None, False)


def test_a_run_that_holds_nothing_out_is_trained_and_written_with(helo, cli):
    done = helo(*SMALL, "--name", "bare", "--validation", "none")
    assert done.returncode == 0, done.stderr
    told = done.stdout.decode()
    assert "no validation: nothing is held out" in told and "finished" in told
    assert "loss     none: no part of the text is held out for validation" in told
    assert "latest.safetensors" in told
    assert cli("sample", "bare", "-n", "10", "--seed", "1").status == 0
    assert "validation  none" in cli("runs", "show", "bare").out
    assert cli("runs", "keep", "bare").status == 0
    assert "loss      not measured" in cli("models", "show", "bare").out


def test_what_was_asked_for_is_held_out_and_told(helo, cli, tmp_path):
    corpus.add([NAMES], "names", "here", lines=True)
    named = ("train", "names", *SMALL[2:])
    for name, asked, held in (
        ("usual", (), ("spread", 0.1)),
        ("last", ("--split", "end"), ("end", 0.1)),
        ("few", ("--validation", "20%"), ("spread", 0.2)),
    ):
        done = helo(*named, *asked, "--name", name)
        assert done.returncode == 0, done.stderr
        config = rundir.find(name).info().config
        assert (config.split, config.validation) == held
    assert "20% of the text: 144 characters, spread over the text" in cli("runs", "show", "few").out
    assert "10% of the text: 72 characters, the end of the text" in cli("runs", "show", "last").out


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--validation", "all"), "--validation must be a share such as 0.05 or 5%"),
        (("--validation", "95%"), "--validation must be between 0 and 0.9, not 0.95"),
        (("--validation", "nan"), "--validation must be between 0 and 0.9, not nan"),
        (("--split", "middle"), "--split must be one of end, spread, not 'middle'"),
    ],
)
@pytest.mark.parametrize("command", ["train", "race"])
def test_what_cannot_be_held_out_is_refused(cli, home, command, wrong, says):
    refused = cli(command, "hello", *wrong)
    assert refused.status == 2
    assert says in refused.err and refused.err.count("\n") == 1
    assert not list(home.glob("runs/*")) and not list(home.glob("corpora/*"))


def test_a_race_needs_it(cli, home):
    refused = cli("race", "hello", "--validation", "none")
    assert refused.status == 2 and refused.err.startswith("helo: a race compares losses")
    refused = cli("race", "hello", "--validation", "0.0001")
    assert refused.status == 1 and "give --validation a larger share" in refused.err
    refused = cli("train", "hello", "--validation", "none", "--early-stop", "3")
    assert refused.status == 2 and "--early-stop needs a validation part" in refused.err
    assert not list(home.glob("runs/*"))


async def test_it_is_chosen_in_the_form(winter, started, until):
    app = TrainApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, ready(app))
        for text, problem in (
            ("all", "a share such as 0.05"),
            ("95%", "between 0 and 0.9, not 0.95"),
        ):
            app.query_one("#validation", Input).value = text
            await until(pilot, seen(app, problem, "#problem"))
            assert "Validation must be " in app.text("#problem")
        app.query_one("#validation", Input).value = "none"
        await until(pilot, seen(app, "none to validate on", "#outlook"))
        app.query_one("#validation", Input).value = "20%"
        app.query_one("#split", Select).value = "spread"
        await until(pilot, lambda: "none to validate on" not in app.text("#outlook"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    config = started[0].info().config
    assert (config.validation, config.split) == (0.2, "spread")
    usual = found_for({"seconds": 300})
    assert (usual.validation, usual.split) == (0.1, "end")
    words = "--validation 0.2 --split spread --seconds 300"
    assert started[0].info().command == f"helo train winter {words}"


async def test_what_is_left_to_it_in_the_form_suits_the_text(home, started, until):
    corpus.add([NAMES], "names", "here", lines=True)
    app = TrainApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, ready(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    assert started[0].info().config.split == "spread"
