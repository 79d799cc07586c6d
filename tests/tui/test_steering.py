"""Steering what is written: `helo sample`, `helo --plain` and the app."""

from __future__ import annotations

import json

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


def test_a_ban_of_what_the_model_does_not_know_is_noted(cli: Cli, tiny: Model) -> None:
    done = cli(*SAMPLE, "--ban", "漢Ω")
    assert done.err == "--ban: the model never writes 'Ω', '漢' anyway\n"
    assert done.out == cli(*SAMPLE).out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ban", r"\w\W"], "--ban leaves no character that the model could write"),
        (
            ["--ban", "ab\\"],
            r"--ban: \ stands at the end; \\ is a backslash, at character 3: ab▸\ ",
        ),
        (["--repetition-penalty", "0"], "--repetition-penalty must be more than 0 and at most 10"),
        (["--repetition-penalty", "nan"], "--repetition-penalty must be more than 0"),
        (["--repetition-window", "99999999"], "--repetition-window must be between 1 and 10,000"),
        (["--typical", "nan"], "--typical must be more than 0 and at most 1, not nan"),
    ],
)
def test_what_cannot_steer_is_refused_in_a_line(
    cli: Cli, tiny: Model, options: list[str], said: str
) -> None:
    done = cli(*SAMPLE, *options)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"helo: {said.strip()}") and done.err.count("\n") == 1


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
        before = state.sampling
        await screen.enter(r"/ban \w\W")
        await until(screen.pilot, lambda: "leaves no character that the model" in screen.toasts)
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
        await screen.press("escape", "t")
        await until(screen.pilot, lambda: "leaves no character that the model" in screen.toasts)
        assert screen.write.session.state.sampling.temperature == 1
        screen.app.clear_notifications()
        await screen.press("i")
        await screen.enter("ab")
        await until(screen.pilot, lambda: "leaves no character that the model" in screen.toasts)
        assert screen.write.prompt.text == "ab" and screen.passage.model.name == "tiny"
