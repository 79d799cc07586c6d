"""The settings of the Write screen, by key and by slash command."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import make_model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.dialogs import ConfirmDialog
from tui.help import HelpScreen
from tui.write.command import SCREEN
from tui.write.menu import Menu
from tui.write.rates import SPEEDS
from tui.write.slash import commands


async def test_settings_by_key(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        state = screen.write.session.state
        await screen.press("escape", "t", "t", "T", "k", "k", "K", "p", "S")
        assert state.sampling.temperature == 0.95
        assert state.sampling.top_k == 40 and state.sampling.top_p == 0.95
        assert state.speed == 60
        await screen.press("K", "P", "s", "c")
        assert state.sampling.top_k == 0 and state.sampling.top_p == 1 and state.speed == 30
        assert state.colouring == "surprisal" and "surprisal in bits" in screen.see("#legend")
        for _ in range(30):
            await screen.press("t")
        assert state.sampling.temperature == 0 and "greedy" in screen.see("#status")


async def test_a_key_does_not_move_a_setting_the_wrong_way(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter("/temperature 50")
        await until(screen.pilot, lambda: screen.write.session.state.sampling.temperature == 50)
        await screen.press("escape", "T")
        assert screen.write.session.state.sampling.temperature == 50
        await screen.press("t")
        assert screen.write.session.state.sampling.temperature == 49.95


async def test_a_change_while_it_writes(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 10)
        await screen.enter("/temperature 0")
        await until(screen.pilot, lambda: screen.write.session.state.sampling.temperature == 0)
        start = screen.passage.shown + 1
        await until(screen.pilot, lambda: screen.passage.shown > start + 5)
        for i in range(start, start + 5):
            view = screen.passage.view(i)
            assert view and view.step and view.step.id == view.prediction.top[0].id


async def test_the_same_seed_writes_the_same(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = SPEEDS[-1]
        await screen.enter("/length 50")
        await screen.enter("/seed 5")
        texts = []
        for _ in range(2):
            before = screen.write.passage
            await screen.enter(PROMPT)
            await until(
                screen.pilot,
                lambda before=before: (
                    screen.write.passage is not before and screen.passage.finished
                ),
            )
            texts.append(screen.passage.exact())
        assert texts[0] == texts[1]
        assert screen.see("#transcript").count("seed 5") == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/temperature -1", "/temperature must be between"),
        ("/temperature hot", "number"),
        ("/temperature nan", "between 0 and 100"),
        ("/temperature 1e400", "between 0 and 100"),
        ("/top-k 100000000000000000000", "between 0 and 1,114,112"),
        ("/min-p inf", "between 0 and 1"),
        ("/length 100000000000000000000", "1 to 100,000"),
        ("/seed 100000000000000000000", "0 to 9,223,372,036,854,775,807"),
        ("/speed nan", "0.01 to 1,000,000"),
        ("/speed 1e300", "0.01 to 1,000,000"),
        ("/top-k 1.5", "number"),
        ("/top-p 0", "/top-p must be more than 0"),
        ("/length 0", "/length"),
        ("/seed -2", "/seed"),
        ("/speed 0", "/speed"),
        ("/theme nothing", "nothing"),
        ("/save", "/save"),
        ("/save x", "no passage"),
        ("/clear now", "takes no argument"),
        ("/model nosuch", "nosuch"),
        ("/candidates", "helo --plain"),
        ("/take 1", "helo --plain"),
        ("/save ~nosuch_user/x", "no passage"),
        ("/tmep 0.5", "no command /tmep; did you mean /temperature?"),
        ("/hlep", "did you mean /help?"),
        (
            "/May",
            "no command /May: /help lists the commands. To begin a prompt with it, type //May",
        ),
        ("/usr/bin/python", "no command /usr/bin/python"),
        ("/top 5", "/top can be /top-k or /top-p"),
        ("/set", "/set needs a setting and its value, as in /set temperature 0.7"),
        ("/set clear", "/clear is not a setting"),
        ("/set heat 3", "no command /heat"),
        ("/set temperature", "/temperature needs an argument"),
        ("/a[b]", "there is no command"),
        ("/x\x1b[2J", "there is no command"),
        ("/" + "x" * 5000, "…"),
    ],
)
async def test_a_refused_command_says_so_and_loses_nothing(
    tiny: Model, until: Until, line: str, words: str
) -> None:
    async with opened() as screen:
        await screen.enter(line)
        await until(screen.pilot, lambda: words in screen.toasts)
        if not line.startswith("/model"):
            assert screen.write.prompt.text == line
        assert screen.write.passage is None and screen.write.session.opened


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("//save", "/save"),
        ("//save May.txt", "/save May.txt"),
        ("///help", "//help"),
        ("// May", "// May"),
        ("//May", "/May"),
        ("///May", "//May"),
        ("/* May", "/* May"),
        ("/ May", "/ May"),
        ("@@May", "@@May"),
    ],
)
async def test_two_slashes_begin_a_prompt_with_one(
    home: Path, until: Until, line: str, prompt: str
) -> None:
    model = make_model(text="/@* MayhelpsvTxt.\n")
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with opened() as screen:
        await screen.enter(line)
        await until(
            screen.pilot, lambda: screen.write.passage and screen.passage.shown > len(prompt)
        )
        assert screen.passage.exact().startswith(prompt)
        assert screen.passage.exact()[len(prompt) - 1] == prompt[-1] and not screen.toasts
        await screen.press("up")
        assert screen.write.prompt.text == line, "as it was typed, so that Enter means the same"


async def test_an_empty_prompt_is_walked_from_its_first_character(
    tiny: Model, until: Until
) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = SPEEDS[-1]
        screen.write.session.state.length = 20
        screen.write.prompt.openings = ()  # Enter alone takes one where there are some
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        before = screen.passage.exact()
        assert len(before) == screen.passage.cursor == 20
        await screen.press("escape", "home")
        assert screen.passage.cursor == 0 and "of this charac" in screen.see("#next")
        await screen.press("right", "left", "left")
        assert screen.passage.cursor == 0
        await screen.press("9")
        assert len(screen.passage.branches) == 2 or screen.passage.cursor == 1


async def test_append_goes_on_in_the_passage(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("i")
        await screen.enter("/append day")
        await until(screen.pilot, lambda: screen.passage.shown > len(text) + 5)
        assert screen.passage.exact().startswith(text + "day")


async def test_save_writes_exactly_and_asks_before_it_overwrites(
    tiny: Model, until: Until, tmp_path: Path
) -> None:
    file = tmp_path / "out.txt"
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter(f"/save {file}")
        await until(screen.pilot, file.exists)
        assert file.read_text() == screen.passage.exact()
        file.write_text("precious")
        await screen.enter(f"/save {file}")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, ConfirmDialog))
        await screen.press("escape")
        assert file.read_text() == "precious"
        await screen.enter(f"/save {tmp_path}")
        await until(screen.pilot, lambda: "is a folder" in screen.toasts)
        screen.write.prompt.fill("")
        await screen.enter(f"/save {'x' * 300}")
        await until(screen.pilot, lambda: "cannot be written: File name too long" in screen.toasts)
        screen.write.prompt.fill("")
        await screen.enter(f"/save {file}/x")
        await until(screen.pilot, lambda: "cannot write" in screen.toasts)


async def test_clear(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter("/clear")
        await until(screen.pilot, lambda: screen.write.passage is None)
        assert "press Enter" in screen.see("#transcript")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)


async def test_another_model_is_taken_at_the_next_passage(
    tiny: Model, home: Path, until: Until
) -> None:
    modelfile.save(home / "models" / "other.safetensors", make_model(hidden=4, layers=1))
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter("/model other")
        await until(screen.pilot, lambda: "other" in screen.see("#status"))
        assert screen.model.config.hidden == 16
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.model.config.hidden == 4)


async def test_a_model_that_learnt_since_is_taken_at_the_next_passage(
    tiny: Model, home: Path, until: Until
) -> None:
    async with written(until) as screen:
        modelfile.save(home / "models" / "tiny.safetensors", make_model(hidden=5, seed=3))
        await screen.press("i")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.model.config.hidden == 5)
        (home / "models" / "tiny.safetensors").unlink()
        before = screen.passage
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.passage is not before)
        assert screen.model.config.hidden == 5


@pytest.mark.parametrize("line", ["/temp 0.5", "/set temperature 0.5", "/SET TEMPERATURE=0.5"])
async def test_a_setting_is_found_by_habit(tiny: Model, until: Until, line: str) -> None:
    async with opened() as screen:
        await screen.enter(line)
        await until(screen.pilot, lambda: screen.write.session.state.sampling.temperature == 0.5)
        assert not screen.toasts and screen.write.prompt.text == ""


async def test_an_unknown_command_does_not_cut_the_passage_that_is_written(
    tiny: Model, until: Until
) -> None:
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 10)
        before = screen.passage
        await screen.enter("/halt")
        await until(screen.pilot, lambda: "no command /halt" in screen.toasts)
        assert screen.passage is before and screen.write.writing


@pytest.mark.parametrize("line", ["/bye", "/exit", "/q"])
async def test_helo_is_left_by_habit(tiny: Model, until: Until, line: str) -> None:
    async with opened() as screen:
        await screen.enter(line)
        await until(screen.pilot, lambda: screen.app._exit)


async def test_a_question_mark_is_help(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter("/?")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, HelpScreen))


async def test_commands_are_listed_and_completed(tiny: Model) -> None:
    async with opened() as screen:
        await screen.press(*"/te")
        assert "/temperature F" in screen.see("#commands")
        await screen.press("tab")
        assert screen.write.prompt.text == "/temperature "
        await screen.press("0", "enter")
        assert not screen.app.query_one(Menu).display
        await screen.press(*"/model t", "tab")
        assert screen.write.prompt.text == "/model tiny"


@pytest.mark.parametrize("size", [(40, 10), (60, 18), (80, 24)])
async def test_the_list_of_commands_leaves_the_prompt_in_sight(
    tiny: Model, size: tuple[int, int], until: Until
) -> None:
    async with opened(size) as screen:
        await screen.press("slash")
        await until(screen.pilot, lambda: screen.see("#commands").strip())
        shown, prompt = screen.app.query_one("#commands"), screen.write.prompt
        *lines, last = screen.see("#commands").splitlines()
        assert shown.display and all(line.lstrip("› ").startswith("/") for line in lines)
        assert f"… {len(commands(SCREEN)) + 1 - len(lines)} more" in last, "the last one is /set"
        assert prompt.region.height and screen.app.screen.region.contains_region(prompt.region)


def chosen(screen: Screen) -> str:
    """The line of the menu that is chosen."""
    (line,) = [line for line in screen.see("#commands").splitlines() if line.startswith(" ›")]
    return line.strip(" ›")


async def test_arrows_choose_and_enter_completes(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press(*"/t")
        assert chosen(screen).startswith("/temperature F")
        await screen.press("down", "down")
        assert chosen(screen).startswith("/top-p F")
        await screen.press("enter")
        assert screen.write.prompt.text == "/top-p "
        await screen.press(*"0.5", "enter")
        await until(screen.pilot, lambda: screen.write.session.state.sampling.top_p == 0.5)
        await screen.press("slash", "up")
        assert chosen(screen).startswith("/set NAME VALUE")
        assert "above" in screen.see("#commands") and "more" not in screen.see("#commands")
        await screen.press("down")
        assert chosen(screen).startswith("/model"), "after the last one comes the first"


async def test_the_chosen_line_is_always_in_sight(tiny: Model) -> None:
    async with opened((40, 10)) as screen:
        await screen.press("slash")
        for command in commands(SCREEN):
            assert chosen(screen).startswith(command.usage)
            await screen.press("down")


async def test_values_of_an_argument_are_listed(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press(*"/theme ")
        assert "gruvbox" in screen.see("#commands") or "more" in screen.see("#commands")
        await screen.press(*"nor")
        assert chosen(screen) == "nord"
        await screen.press("enter")
        assert screen.write.prompt.text == "/theme nord" and screen.app.theme != "nord"
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.app.theme == "nord")
        await screen.press(*"/mod ")
        assert chosen(screen) == "shakespeare"
        await screen.press("down", "tab")
        assert screen.write.prompt.text == "/mod tiny"


async def test_a_click_completes_a_command(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press(*"/t")
        menu = screen.app.query_one(Menu)
        await until(screen.pilot, lambda: 1 < menu.count == menu.size.height)  # laid out for "/t"
        await screen.pilot.pause()
        await screen.pilot.click("#commands", offset=(5, 1))
        await until(screen.pilot, lambda: screen.write.prompt.text == "/top-k ")
        assert screen.app.focused is screen.write.prompt


async def test_arrows_walk_the_history_over_a_prompt_that_looks_like_a_command(
    tiny: Model, until: Until
) -> None:
    places.history().write_text('"May"\n"/t"\n')
    async with opened() as screen:
        await screen.press("up", "up")
        assert screen.write.prompt.text == "May"
        await screen.press("down")
        assert screen.write.prompt.text == "/t"
