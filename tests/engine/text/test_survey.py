"""What a corpus is like: its characters, baselines and repetitions, and how that is kept."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import storage
from engine.config import ModelConfig
from engine.runs import launch
from engine.runs.comparison import Comparison
from engine.text import corpus, survey
from engine.text.corpus import Corpus
from engine.text.ngram import baselines
from engine.text.survey import Reference, Survey, references
from tests.configs import a_config
from tests.conftest import SONNET


@pytest.fixture
def sonnet(home: Path) -> Corpus:
    return corpus.add([SONNET * 3], "sonnet", "here", entropy_rate=0.5)


def test_entropy_of_characters() -> None:
    info = corpus.add(["aabc" * 10], "abc", "here").info
    assert survey.entropy(info) == pytest.approx(1.5 * math.log(2))
    assert survey.entropy(corpus.add(["zzz"], "z", "here").info) == 0


def kinds(text: str, units: str = "char") -> dict[str, str]:
    blocks = [text] if units == "char" else [text.encode("utf-8", "surrogatepass")]
    info = corpus.add(blocks, f"odd-{units}", "here", units=units).info
    return {odd.char: odd.kind for odd in survey.unusual(info)}


def test_unusual_characters_have_their_kind() -> None:
    odd = {
        "\x00": "control character",
        "\x1b": "control character",
        "\x85": "control character",
        "\xa0": "odd space",
        "\xad": "invisible",
        "\u200b": "invisible",
        "\ufeff": "invisible",
        "\u2028": "line separator",
        "\u202e": "direction mark",
        "\u2067": "direction mark",
        "\ue000": "private use",
        "\ufffd": "replacement character",
        chr(0xD800): "half of a surrogate pair",
        "\uffff": "unassigned",
    }
    text = "naïve 日本\n\t𝐀é" + "".join(odd)
    assert kinds(text) == odd
    assert kinds(text, "byte") == {}


def test_what_is_very_rare_is_unusual_in_a_long_text_only() -> None:
    assert kinds("a" * 100_001 + "bb" + "c") == {"c": "rare"}
    info = corpus.add(["abc"], "short", "here").info
    assert survey.unusual(info) == []


def test_a_survey_is_of_the_split_and_bounded(
    sonnet: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[int] = []
    seen = survey.survey(sonnet, 0.25, stages.append)
    train, val = sonnet.split(0.25)
    assert list(seen.baselines) == baselines(train, val, len(sonnet.info.symbols))
    assert seen.repeat.length == len(SONNET) and seen.validation == 0.25
    assert stages == list(range(1, survey.STAGES + 1))
    monkeypatch.setattr(survey, "SCORED_MOST", 11)
    assert survey.survey(sonnet, 0.25).baselines[0].predictions == 10


@pytest.mark.parametrize("text", ["ab", "aa", "x" * 199, "ab" * 99])
def test_a_text_too_small_for_validation_has_no_baselines(text: str) -> None:
    seen = survey.survey(corpus.add([text], "small", "here"))
    assert seen.baselines == ()
    assert seen.repeat.searched == len(text)


@pytest.mark.parametrize("validation", [0.0, 0.004, 0.9])
def test_any_share_may_be_kept_for_validation(sonnet: Corpus, validation: float) -> None:
    seen = survey.survey(sonnet, validation)
    assert all(math.isfinite(b.nats_per_char) for b in seen.baselines)
    assert bool(seen.baselines) == (len(sonnet.split(validation)[1]) >= 2)


def test_it_is_computed_once(sonnet: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    first = survey.obtain(sonnet)
    assert survey.kept(sonnet.folder) == first
    with monkeypatch.context() as patch:
        patch.setattr(survey, "survey", lambda *_: pytest.fail("computed again"))
        assert survey.obtain(sonnet) == first
    assert survey.kept(sonnet.folder, 0.2) is None, "another split has other baselines"
    assert survey.obtain(sonnet, 0.2).validation == 0.2
    assert corpus.corpora() == [sonnet.folder]


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def changed(**values: object) -> object:
    def write(path: Path) -> None:
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return write


DAMAGE = {
    "torn": torn,
    "empty": lambda path: path.write_bytes(b""),
    "no text": lambda path: path.write_bytes(b"\xff\xfe"),
    "a list": lambda path: path.write_text("[]"),
    "null": lambda path: path.write_text("null"),
    "older": changed(version=0),
    "odd baselines": changed(baselines=[3]),
    "odd number": changed(baselines=[{"order": 1, "nats_per_char": "x"}]),
    "no number": changed(
        baselines=[{"order": 1, "nats_per_char": math.nan, "predictions": 9, "learnt_from": 9}]
    ),
    "odd repeat": changed(repeat={"length": None}),
    "newer": changed(version=99),
    "deep": lambda path: path.write_text("[" * 100_000),
    "huge number": changed(repeat={"length": 10**400, "first": 0, "second": 0, "searched": 9}),
    "endless": changed(validation=math.inf),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_or_older_is_made_anew(sonnet: Corpus, damage: str) -> None:
    first = survey.obtain(sonnet)
    DAMAGE[damage](sonnet.folder / survey.KEPT)
    assert survey.kept(sonnet.folder) is None
    assert survey.obtain(sonnet) == first


def test_a_deleted_corpus_does_not_come_back(sonnet: Corpus) -> None:
    survey.obtain(sonnet, report=lambda stages: stages > 1 and storage.remove_folder(sonnet.folder))
    assert not sonnet.folder.exists()


def test_where_nothing_can_be_kept_it_is_still_told(sonnet: Corpus) -> None:
    (sonnet.folder / survey.KEPT).mkdir()
    assert survey.obtain(sonnet).baselines


def test_references_are_the_limit_the_best_and_the_lowest_orders(sonnet: Corpus) -> None:
    seen = survey.survey(sonnet)
    nats = [b.nats_per_char for b in seen.baselines]
    best = int(np.argmin(nats))
    found = references(0.5, seen)
    assert found[:2] == (
        Reference("entropy rate", 0.5, limit=True),
        Reference(f"{best + 1}-gram", nats[best]),
    )
    assert [r.name for r in found[2:]] == [f"{n}-gram" for n in (1, 2, 3) if n != best + 1]
    assert references(None, Survey(0.1, (), seen.repeat)) == references(None, None) == ()


def test_a_comparison_learns_of_a_survey_when_it_is_there(sonnet: Corpus) -> None:
    config = a_config(ModelConfig("gru", 8, 1), steps=10)
    run = launch.create("r", sonnet, config).info()
    comparison = Comparison(run)
    assert [r.name for r in comparison.look()] == ["entropy rate"]
    seen = survey.obtain(sonnet)
    assert comparison.look() == references(0.5, seen)
    storage.remove_folder(sonnet.folder)
    assert comparison.look() == references(0.5, seen), "what is known stays known"
    assert Comparison(run).look() == ()


def test_another_process_sees_to_it(sonnet: Corpus) -> None:
    child = launch.survey(sonnet.folder)
    assert child is not None and child.wait(60) == 0
    assert survey.kept(sonnet.folder) == survey.survey(sonnet)
    assert launch.survey(sonnet.folder) is None
    assert launch.survey(sonnet.folder / "nowhere") is None


def test_the_process_says_what_is_wrong_in_one_line(sonnet: Corpus) -> None:
    (sonnet.folder / corpus.IDS).write_bytes(b"")
    command = [sys.executable, "-P", "-m", "engine.text.survey", str(sonnet.folder), "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("helo: ") and done.stderr.count("\n") == 1
