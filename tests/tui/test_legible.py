"""Text can be read under every theme, and surprise is told without colors, too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color_triplet import ColorTriplet
from textual.widget import Widget

from engine.network.modelfile import Model
from tests.tui.writing import Screen, Until, opened, written
from tui.legible import LEAST, contrast, stronger
from tui.write.colours import COLOURINGS, NO_COLOURS

BLACK, WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)
COLORS = st.builds(ColorTriplet, *[st.integers(0, 255)] * 3)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(BLACK, WHITE) == contrast(WHITE, BLACK) == 21
    assert contrast(ColorTriplet(118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.005)


@given(COLORS, COLORS)
def test_a_color_becomes_strong_enough_and_no_other_changes(
    color: ColorTriplet, ground: ColorTriplet
) -> None:
    found = stronger(color, ground)
    assert contrast(found, ground) >= LEAST
    assert found == color or contrast(color, ground) < LEAST


def texts(screen: Screen) -> Iterator[tuple[str, str, float]]:
    """Each text on the screen that has letters: its widget, the text, and its contrast with its ground."""
    for widget in screen.app.screen.query(Widget):
        if widget.is_on_screen and widget.size and not widget.children:
            for strip in widget.render_lines(widget.size.region):
                for text, style, _ in strip:
                    if style and style.color and style.bgcolor and any(map(str.isalnum, text)):
                        color, ground = style.color.triplet, style.bgcolor.triplet
                        assert color and ground and not style.dim
                        yield str(widget), text, contrast(color, ground)


async def test_text_is_told_from_its_ground_in_every_theme(tiny: Model, until: Until) -> None:
    async with written(until, 200) as screen:
        await screen.press(*["left"] * 40, "2", "b", *["left"] * 9)
        await screen.type("/")
        themes = [name for name in screen.app.available_themes if not name.startswith("ansi")]
        assert {"textual-dark", "textual-light", "nord", "solarized-light"} <= set(themes)
        for mode in (NO_COLOURS, *COLOURINGS):
            screen.write.colour(mode)
            for theme in themes:
                screen.app.theme = theme
                await screen.pilot.pause()
                found = [*texts(screen)]
                assert len(found) > 60
                assert not [(theme, *each) for each in found if each[2] < LEAST]


async def test_the_legend_fits(tiny: Model, until: Until) -> None:
    async with opened((40, 10)) as screen:
        screen.write.colour("surprisal")
        short = " bits  <0.5  0.5–2  2–4  4–7  >7"
        await until(screen.pilot, lambda: screen.see("#legend") == short)
        await screen.pilot.resize_terminal(60, 18)
        await until(screen.pilot, lambda: "surprisal in bits" in screen.see("#legend"))
        assert ">7" in screen.see("#legend")


@pytest.mark.parametrize("kind", ["theme", "ansi-dark", "NO_COLOR", "both"])
async def test_the_levels_of_surprisal_differ(
    tiny: Model, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind in ("NO_COLOR", "both"):
        monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as screen:
        if kind in ("ansi-dark", "both"):
            screen.app.theme = "ansi-dark"
        await screen.pilot.pause()
        styles = screen.write.transcript.palette.surprise
        if kind != "theme":
            styles = tuple(style.without_color for style in styles)
        assert all(a != b for a, b in combinations(styles, 2))
