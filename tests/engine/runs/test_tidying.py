"""Renaming and deleting runs and corpora, and all that knows them by their old names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file

from engine.errors import HeloError, NotFoundError, RunError, UsageError
from engine.network import modelfile
from engine.runs import launch, race, rundir, tidying
from engine.runs.comparison import Comparison
from engine.runs.events import Evaluated
from engine.text import corpus, survey
from tests.conftest import make_model
from tests.engine.lives import a_run, ask, at, live


@contextmanager
def held(path: Path) -> Iterator[None]:
    """A lock that a living process holds."""
    with FileLock(path):
        yield


def test_a_run_goes_on_to_the_same_bits_after_it_and_its_corpus_were_renamed(home: Path) -> None:
    text = "of York and summer\n" * 40
    whole, parted = (a_run(name, text=text) for name in ("whole", "parted"))
    live(whole)
    live(parted, at(Evaluated, 20, lambda _: ask(parted, "stop")))
    tidying.rename_corpus("whole", "gone")
    folder = tidying.rename_corpus("parted", "york")
    renamed = tidying.rename_run("parted", "daily")
    assert renamed.name == "daily" and [run.name for run in rundir.runs()] == ["daily", "whole"]
    assert renamed.corpus().info.sha256 == renamed.info().corpus_sha256
    assert corpus.read_info(folder).name == "york"
    assert live(renamed)[-1].step == 40
    one, two = load_file(whole.state_path(40)), load_file(renamed.state_path(40))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_a_renamed_corpus_is_compared_with_as_before(home: Path) -> None:
    run = a_run(text="of York and summer\n" * 40)
    survey.obtain(run.corpus())
    before = Comparison(run.info()).look()
    tidying.rename_corpus("r", "york")
    assert before and Comparison(run.info()).look() == before


def test_a_text_that_took_the_old_name_is_not_mistaken_for_it(home: Path) -> None:
    run = a_run(text="of York and summer\n" * 40)
    tidying.rename_corpus("r", "york")
    corpus.add(["another text"], "r", "here")
    assert run.info().place.name == "york"
    corpus.add(["of York and summer\n" * 40], "lined", "here", lines=True)
    tidying.remove(home / "corpora" / "york")
    assert run.info().place.name == "r", "a text read by lines is another one"
    with pytest.raises(HeloError, match="not the text"):
        run.corpus()


@pytest.mark.parametrize("new", ["other", "r", "a/b", "", ".", "x" * 99])
def test_no_name_that_is_taken_or_invalid(home: Path, new: str) -> None:
    text = "of York and summer\n" * 40
    a_run(text=text), a_run("other", text=text)
    for rename in (tidying.rename_run, tidying.rename_corpus):
        with pytest.raises(UsageError):
            rename("r", new)
    for folder in ("runs", "corpora"):
        assert sorted(p.name for p in (home / folder).iterdir()) == ["other", "r"]


@pytest.mark.parametrize("name", ["none", "", ".", "..", "../runs/r", "a\0b"])
def test_what_is_not_there_is_not_renamed(home: Path, name: str) -> None:
    a_run()
    for rename in (tidying.rename_run, tidying.rename_corpus):
        with pytest.raises(NotFoundError):
            rename(name, "new")


@pytest.mark.parametrize("taken", ["python", "hello"])
def test_no_corpus_takes_the_name_of_a_built_in_one(home: Path, taken: str) -> None:
    corpus.add(["some text"], "mine", "here")
    with pytest.raises(UsageError, match="another corpus"):
        tidying.rename_corpus("mine", taken)


def test_what_trains_keeps_its_name_and_its_corpus(home: Path) -> None:
    run = a_run(text="of York and summer\n" * 40)
    with held(run.folder / "trainer.lock"):
        for change in (
            lambda: tidying.rename_run("r", "new"),
            lambda: tidying.rename_corpus("r", "new"),
            lambda: tidying.remove(run.folder),
            lambda: tidying.remove(home / "corpora" / "r"),
        ):
            with pytest.raises(RunError, match="r is training"):
                change()
    assert not tidying.in_use()
    tidying.rename_corpus("r", "york")
    tidying.remove(run.folder)
    assert not list(rundir.runs())


def test_a_run_of_a_race_keeps_its_name_until_the_race_is_over(home: Path) -> None:
    first = a_run()
    found, config = first.corpus(), first.info().config
    leader = race.lead(found, config, "helo race", "parameters")
    other = launch.create("race-1-gru", found, config, race="race-1")
    with held(leader.folder / "race.lock"):
        assert set(tidying.in_use()) == {run.folder.resolve() for run in (leader, other)}
        with pytest.raises(RunError, match="race-1, which still runs"):
            tidying.rename_run(other.name, "new")
    for run, name in ((leader, "one"), (other, "two")):
        tidying.rename_run(run.name, name)
    assert race.free_name() == "race-2"


def test_a_run_stays_while_another_has_yet_to_start_from_its_model(home: Path) -> None:
    parent = a_run("parent")
    modelfile.save(parent.best, make_model(hidden=8, text="helo\n"))
    child = a_run("child", init_from="parent")
    assert child.info().init_from == str(parent.best.resolve())
    with pytest.raises(RunError, match="child starts from it"):
        tidying.rename_run("parent", "new")
    child.state_path(0).touch()
    assert tidying.rename_run("parent", "new").best.exists()


def test_a_damaged_run_and_a_damaged_corpus_are_renamed_too(home: Path) -> None:
    run = a_run(text="of York and summer\n" * 40)
    (run.folder / "run.json").write_text("{")
    (home / "corpora" / "r" / "corpus.json").write_text("[]")
    tidying.rename_run("r", "bad")
    tidying.rename_corpus("r", "bad")
    assert sorted(p.name for p in home.glob("*/*")) == ["bad", "bad"]


def test_what_a_newer_helo_wrote_about_a_corpus_is_kept(home: Path) -> None:
    corpus.add(["some text"], "mine", "here")
    path = home / "corpora" / "mine" / "corpus.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"later": 1}))
    folder = tidying.rename_corpus("mine", "yours")
    data = json.loads((folder / "corpus.json").read_text())
    assert (data["name"], data["later"]) == ("yours", 1)


def test_a_disk_that_refuses_leaves_all_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise OSError(30, "Read-only file system")

    run = a_run(text="of York and summer\n" * 40)
    monkeypatch.setattr(Path, "rename", refuse)
    for rename in (tidying.rename_run, tidying.rename_corpus):
        with pytest.raises(HeloError, match="cannot write"):
            rename("r", "new")
    assert not run.alive() and run.corpus().info.name == "r"
