"""Steering what is written: `helo sample`, `helo --plain` and the app."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.writing.settings import SamplingConfig
from tests.conftest import Cli, random_model
from tests.tui.writing import PROMPT, Until, opened
from tui.remember import State

SAMPLE = ("sample", "tiny", "-n", "60", "-s", "3")


def test_what_is_banned_is_not_written_and_each_step_tells_how_likely_it_was(
    cli: Cli, tiny: Model
) -> None:
    done = cli(*SAMPLE, "-p", "ease", "--ban", r"e\s", "--json")
    steps = [json.loads(line) for line in done.out.splitlines()]
    assert not {"e", " ", "\n"} & {step["char"] for step in steps[4:]}
    vowel = tiny.alphabet.ids["e"]
    for step in steps[1:]:
        likely = dict(map(tuple, step["top"]))
        assert likely.get("e", 0) <= step["removed"] < 1
        assert step["seed"] or (step["id"] != vowel and step["drawn_prob"] > step["prob"])
    plain = cli(*SAMPLE, "--json").out.splitlines()
    assert all(json.loads(line)["removed"] == 0 for line in plain)


def test_only_what_is_forced_is_written(cli: Cli, tiny: Model) -> None:
    done = cli(*SAMPLE, "-p", "Shall", "--force", r"easl\sΩ")
    assert {*done.out.removeprefix("Shall")} <= {*"easl \n"} and len(done.out) == 65
    assert done.err == "--force: the model never writes 'Ω' anyway\n"
    plain = cli("-m", "tiny", "--plain", stdin=b"/length 60\n/seed 3\n/force easl\\s\nShall\n")
    assert plain.out.split() == done.out.split() and r"force easl\s" in plain.err


def test_a_ban_of_what_the_model_does_not_know_is_noted(cli: Cli, tiny: Model) -> None:
    done = cli(*SAMPLE, "--ban", "漢Ω")
    assert done.err == "--ban: the model never writes 'Ω', '漢' anyway\n"
    assert done.out == cli(*SAMPLE).out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ban", r"\w\W"], "--ban leaves no character that the model could write"),
        (["--force", r"\d"], "--force: the model knows none of these characters"),
        (
            ["--force", "ea", "--ban", "aew"],
            "--ban leaves none of the characters that --force asks",
        ),
        (
            ["--force", "a\\"],
            r"--force: \ stands at the end; \\ is a backslash, at character 2: a▸\ ",
        ),
        (
            ["--ban", "ab\\"],
            r"--ban: \ stands at the end; \\ is a backslash, at character 3: ab▸\ ",
        ),
        (["--repetition-penalty", "0"], "--repetition-penalty must be more than 0 and at most 10"),
        (["--repetition-penalty", "nan"], "--repetition-penalty must be more than 0"),
        (["--repetition-window", "99999999"], "--repetition-window must be between 1 and 10,000"),
        (["--regex", "(May|Shall"], "--regex: ( is never closed, at character 1: ▸(May|Shall"),
        (["--regex", "漢+"], "--regex: the model cannot write a text that matches, without '漢'"),
        (["--words", "no/such.txt"], "--words: cannot read no/such.txt: No such file"),
        (["--regex", "a", "--words", "b"], "--regex and --words exclude each other"),
        (["--schedule", "0.5"], "--schedule must be a temperature, another, and the characters"),
        (["--schedule", "1-2/9", "--greedy"], "--schedule and --temperature exclude each other"),
        (["--mix", "tiny"], "--mix must be a model and its share, as in other:0.3, not 'tiny'"),
        (["--typical", "nan"], "--typical must be more than 0 and at most 1, not nan"),
    ],
)
def test_what_cannot_steer_is_refused_in_a_line(
    cli: Cli, tiny: Model, options: list[str], said: str
) -> None:
    done = cli(*SAMPLE, *options)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"helo: {said.strip()}") and done.err.count("\n") == 1


def test_an_expression_ends_the_text_where_nothing_can_follow(cli: Cli, tiny: Model) -> None:
    expression = r"[A-Z][a-z]{3,9}( [a-z]{2,5}){2},"
    done = cli(*SAMPLE, "-p", "May: ", "--regex", expression)
    assert re.fullmatch(expression, done.out.removeprefix("May: ")) and done.err == ""
    steps = [json.loads(line) for line in cli(*SAMPLE, "--regex", "ab", "--json").out.splitlines()]
    assert [(step["char"], step["drawn_prob"]) for step in steps] == [("a", 1), ("b", 1)]
    assert all(step["removed"] == pytest.approx(1 - step["prob"]) for step in steps)


def test_a_length_that_ends_a_text_too_early_is_noted(cli: Cli, tiny: Model, home: Path) -> None:
    done = cli(*SAMPLE, "--regex", "a{61}")
    assert done.out == "a" * 60
    assert done.err == "--length 60 ended the text where --regex does not let it end\n"
    assert cli(*SAMPLE, "--regex", "a*").err == ""
    (home / "words.txt").write_text("ab ba")
    done = cli(*SAMPLE, "--words", str(home / "words.txt"))
    *whole, last = re.split(r"\W+", done.out.lower())
    assert {*whole} <= {"", "ab", "ba"} and last in ("", "ab", "ba", "a", "b")
    assert ("--words does not let it end" in done.err) == (last in ("a", "b"))


def test_two_models_mixed(cli: Cli, tiny: Model) -> None:
    modelfile.save(places.models() / "other.safetensors", random_model(text="abc\nXY"))
    alone = cli(*SAMPLE, "-p", "ab")
    for share, name in ((0, "tiny"), (1, "other")):
        done = cli(*SAMPLE, "-p", "ab", "--mix", f"other:{share}")
        assert done.out == cli("sample", name, *SAMPLE[2:], "-p", "ab").out
        assert done.err == f"{1 - share} of tiny, {share} of other\n"
    half = cli(*SAMPLE, "-p", "ab", "--mix", "other:0.5")
    assert {*half.out} & {*"XY"} and half.out != alone.out and len(half.out) == 62
    known = tiny.alphabet.symbols
    steps = cli(*SAMPLE, "--mix", "other:0.5", "--regex", "X[a-c]+", "--json").out.splitlines()
    assert json.loads(steps[0])["char"] == "X" not in known
    refused = cli(*SAMPLE, "--mix", "nosuch:0.5")
    assert refused.status == 1 and refused.err.count("\n") == 1 and "nosuch" in refused.err


def test_plain_writes_one_match_per_enter(cli: Cli, tiny: Model) -> None:
    done = cli("-m", "tiny", "--plain", stdin=b"/regex (day|night)s\nSo \n\n\n/regex\n")
    assert re.fullmatch("So ((day|night)s){3}\n", done.out), done.out
    assert "regex (day|night)s" in done.err.splitlines()[0]
    assert "regex" not in done.err.splitlines()[-1]


def test_a_schedule_counts_from_what_is_written(cli: Cli, tiny: Model) -> None:
    cold, warm = (cli(*SAMPLE, "-p", "Shall I", "--schedule", s).out for s in ("0-0/30", "0→3/30"))
    assert cold == cli(*SAMPLE, "-p", "Shall I", "-t", "0").out
    assert warm[:8] == cold[:8] and warm[-30:] != cold[-30:]


def test_plain_bans_until_the_ban_is_off(cli: Cli, tiny: Model) -> None:
    def plain(*lines: str) -> tuple[str, str]:
        told = cli("-m", "tiny", "--plain", stdin="\n".join((*lines, "")).encode())
        return told.out, told.err

    begin = ("/length 20", "/seed 3", PROMPT)
    banned, said = plain(r"/ban \s", *begin, "/ban", "", "/settings")
    assert " " not in banned.splitlines()[0].removeprefix(PROMPT)
    assert r"ban \s" in said.splitlines()[0] and "ban" not in banned.splitlines()[-4]
    refused, said = plain(r"/ban \w\W", *begin)
    assert refused == plain(*begin)[0] and "--ban leaves no character" in said


async def test_the_app_bans_and_says_so(tiny: Model, until: Until) -> None:
    async with opened((140, 30)) as screen:
        state = screen.write.session.state
        await screen.enter(r"/ban aeiou\n")
        await until(screen.pilot, lambda: "ban aeiou\\n" in screen.see("#status"))
        await screen.enter("/repetition-penalty 1.2")
        await until(screen.pilot, lambda: "repetition-penalty 1.20" in screen.see("#status"))
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 20)
        assert not set("aeiou\n") & set(screen.passage.exact(len(PROMPT)))
        assert re.search(r"ruled out +[\d.]+%", screen.see("#next"))
        await screen.enter("/schedule 0.5-1.2/500")
        await until(screen.pilot, lambda: "schedule 0.5-1.2/500" in screen.see("#status"))
        await screen.press("tab", "t", "i")
        assert state.sampling.schedule == "" and state.sampling.temperature == 0.95
        before = state.sampling
        await screen.enter(r"/ban \w\W")
        await until(
            screen.pilot, lambda: "/ban leaves no character that the model" in screen.toasts
        )
        assert state.sampling == before
        assert screen.passage.generation.sampling == before
        screen.write.prompt.fill("")
        await screen.enter("/ban")
        await until(screen.pilot, lambda: state.sampling.ban == "")


async def test_a_remembered_ban_that_leaves_nothing_of_another_model(
    tiny: Model, until: Until
) -> None:
    """It is said in a line at a passage's beginning and at a key, and nothing breaks."""
    modelfile.save(places.models() / "letters.safetensors", random_model(text="abc"))
    State(model="tiny", sampling=SamplingConfig(ban="abc"), length=20).save()
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage is not None)
        await screen.enter("/model letters")
        await until(screen.pilot, lambda: screen.write.session.state.model == "letters")
        await screen.press("tab", "t")
        await until(
            screen.pilot, lambda: "/ban leaves no character that the model" in screen.toasts
        )
        assert screen.write.session.state.sampling.temperature == 1
        screen.app.clear_notifications()
        await screen.press("i")
        await screen.enter("ab")
        await until(
            screen.pilot, lambda: "/ban leaves no character that the model" in screen.toasts
        )
        assert screen.write.prompt.text == "ab" and screen.passage.model.name == "tiny"


def other(text: str = "abc\nXY", name: str = "other") -> None:
    """A second model in the library."""
    modelfile.save(
        places.models() / f"{name}.safetensors", replace(random_model(text=text), name=name)
    )


async def test_a_mixture_writes_from_the_next_passage_on_and_keys_slide_it(
    tiny: Model, until: Until
) -> None:
    other()
    async with opened((140, 30)) as screen:
        screen.write.session.seed, screen.write.session.state.length = 3, 30
        screen.write.session.state.speed = math.inf
        await screen.enter("/mix other:0.3")
        await until(screen.pilot, lambda: "mix other ───●─────── 30%" in screen.see("#status"))
        await screen.enter("Xa")
        await until(screen.pilot, lambda: screen.passage.finished and not screen.write.writing)
        assert screen.passage.exact().startswith("Xa"), "an X is of the other alphabet"
        assert screen.passage.model.name == "tiny 70% + other 30%"
        await screen.press("escape", "M", "M")
        assert "mix other ────●────── 40%" in screen.see("#status")
        assert screen.write.query_one("#next").border_title == "next character · 60% + 40%"
        before = screen.passage.ids().tolist()
        for _ in range(14):
            await screen.press("M")
        assert screen.write.session.share == 1 and screen.passage.ids().tolist() == before
        view = screen.passage.view(screen.passage.shown)
        assert view and {c.char for c in view.prediction.top if c.prob} == {*"abc\nXY"}
        await screen.press("m", "i")
        await screen.enter("/mix other:0.5")
        assert screen.passage.model.name == "tiny 50% + other 50%", "the same models: from here on"
        await screen.enter("/mix")
        assert "mix" not in screen.see("#status").replace("next", "").split("│", 1)[1]
        assert screen.passage.model.name == "tiny 50% + other 50%"
        await screen.enter("Sh")
        await until(screen.pilot, lambda: screen.passage.model.name == "tiny")


async def test_what_cannot_be_mixed_is_refused_in_a_line(tiny: Model, until: Until) -> None:
    other("αβγ", "greek")
    other()
    async with opened((140, 30)) as screen:
        for argument, told in (
            ("greek:0.5", "tiny and greek have no character in common"),
            ("other", "Mix must be a model and its share"),
            ("nosuch:0.5", "nosuch"),
        ):
            await screen.enter(f"/mix {argument}")
            await until(screen.pilot, lambda: told in screen.toasts)  # noqa: B023
            assert screen.write.prompt.text == f"/mix {argument}"
            screen.write.prompt.fill("")
        await screen.press("escape", "M")
        assert "/mix MODEL:SHARE" in screen.see("#status")
        await screen.press("i")
        await screen.enter("/mix other:0.5")
        await until(screen.pilot, lambda: screen.write.session.other)
        await screen.enter("/model greek")
        await until(screen.pilot, lambda: "nothing is mixed in" in screen.toasts)
        assert screen.write.session.other is None


def test_plain_mixes_until_the_mixture_is_off(cli: Cli, tiny: Model) -> None:
    other()
    lines = ("/length 60", "/seed 3", "/mix other:0.5", "Xa", "/mix", PROMPT)
    done = cli("-m", "tiny", "--plain", stdin="\n".join((*lines, "")).encode())
    mixed = cli("sample", "tiny", "-n", "60", "-s", "3", "-p", "Xa", "--mix", "other:0.5").out
    alone = cli("sample", "tiny", "-n", "60", "-s", "3", "-p", PROMPT).out
    assert done.out.splitlines() == [*mixed.splitlines(), *alone.splitlines()]
    told = cli("-m", "tiny", "--plain", stdin=b"/mix other:0.5\n/settings\n")
    assert "mix other 50%" in told.out and "tiny 50% + other 50%" in told.err
    refused = cli("-m", "tiny", "--plain", stdin=b"/mix no:0.5\n")
    assert "no" in refused.err and refused.err.count("\n") == 1


def test_streams_are_the_texts_of_as_many_seeds(cli: Cli, tiny: Model) -> None:
    alone = [cli("sample", "tiny", "-p", "Sh", "-s", f"{seed}", "-n", "30").out for seed in (5, 6)]
    done = cli("sample", "tiny", "-p", "Sh", "-s", "5", "-n", "30", "--streams", "2")
    assert done.out == f"==> seed 5 <==\n{alone[0]}\n\n==> seed 6 <==\n{alone[1]}\n"
    stopped = cli("sample", "tiny", "-n", "300", "-s", "5", "--streams", "12", "--stop", "e").out
    texts = re.split(r"\n*==> seed \d+ <==\n", stopped)[1:]
    assert len(texts) == 12 and all(
        text.strip("\n").find("e") == len(text.strip("\n")) - 1 for text in texts
    )
    lines = cli("sample", "tiny", "-p", "Sh", "-s", "5", "-n", "30", "--streams", "2", "--json").out
    steps = [json.loads(line) for line in lines.splitlines()]
    for stream in (0, 1):
        own = [step for step in steps if step["stream"] == stream]
        assert "".join(step["char"] for step in own) == alone[stream]
        assert [step["index"] for step in own] == list(range(32))
    refused = cli(*SAMPLE, "--streams", "2", "--copies")
    assert refused.status == 2 and "--copies looks at one text" in refused.err
    assert cli(*SAMPLE, "--streams", "1001").err.count("\n") == 1


async def test_a_remembered_list_of_words_is_found_from_another_folder(
    tiny: Model, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.txt").write_text("May Shall")
    monkeypatch.chdir(tmp_path)
    async with opened() as screen:
        await screen.enter("/words words.txt")
        await until(screen.pilot, lambda: screen.write.session.state.sampling.words)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    async with opened() as screen:
        assert screen.write.session.state.sampling.words == str(tmp_path / "words.txt")
        await screen.enter("")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 3)


async def test_the_app_stops_after_a_text_and_enter_goes_on(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        state = screen.write.session.state
        screen.write.session.seed, state.length, state.speed = 3, 2000, math.inf
        await screen.enter("/stop a")
        await until(screen.pilot, lambda: "stop a" in screen.see("#status"))
        await screen.enter("a day")
        for times in (1, 2):
            await until(screen.pilot, lambda: not screen.write.writing)
            written = screen.passage.exact().removeprefix("a day")
            assert written.endswith("a") and written.count("a") == times
            await screen.enter("")
        screen.write.pause()
        await screen.enter("/stop 漢")
        await until(screen.pilot, lambda: "/stop can never come" in screen.toasts)
        assert state.sampling.stop == "a"


def test_plain_stops_after_a_text(cli: Cli, tiny: Model) -> None:
    done = cli("-m", "tiny", "--plain", stdin=b"/length 300\n/seed 3\n/stop e\nease\n\n")
    first = cli("sample", "tiny", "-n", "300", "-s", "3", "-p", "ease", "--stop", "e").out
    assert done.out.startswith(first) and done.out.removeprefix("ease").count("e") == 2
