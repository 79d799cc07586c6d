"""Makes the moving picture of the README: `python docs/moving.py` writes moving.svg beside it.

The app itself is used as a person would, and its screen is taken every tenth of a second. A piece of the
screen that stays as it is from one picture to the next is stored once. CSS shows and hides it.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from textual.pilot import Pilot

from engine.blas import one_thread
from tui.app import HeloApp
from tui.write.pane import WritePane

FILE = Path(__file__).with_suffix(".svg")
SIZE = (104, 25)
EVERY = 0.1
"""Seconds between two pictures."""
SETTINGS = ("/seed 11", "/speed 40", "/length 190", "/temperature 0.7")
PROMPT = "ROMEO:"
_GROUND = "#121212"
_CLASS = re.compile(r"^ *\.(terminal-\d+-r\d+) \{ (.*) \}$", re.MULTILINE)
_RECTANGLE = re.compile(
    r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+"'
)
_TEXT = re.compile(
    r'<text class="(terminal-\d+-r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)</text>'
)


@dataclass
class Film:
    """Pieces of the screen, and in which pictures each is seen."""

    classes: dict[str, str] = field(default_factory=dict)
    """The short name of each style."""
    seen: dict[str, list[list[int]]] = field(default_factory=dict)
    """For each piece, as SVG, the ranges [begin, end) of pictures that have it."""
    count: int = 0

    def take(self, svg: str) -> None:
        """Add a picture, as Rich exports it."""
        styles = dict(_CLASS.findall(svg))
        for colour, x, y, width in _RECTANGLE.findall(svg):
            if colour != _GROUND:
                top = float(y) - 1.5
                self._see(f'<path fill="{colour}" d="M{x} {top:g}h{width}v24.7h-{width}"/>')
        for style, x, y, length, text in _TEXT.findall(svg):
            if text.strip():
                short = self.classes.setdefault(styles[style], f"s{len(self.classes)}")
                text = text.replace("&#160;", "\u00a0")
                self._see(
                    f'<text class="{short}" x="{x}" y="{y}" textLength="{length}">{text}</text>'
                )
        self.count += 1

    def _see(self, piece: str) -> None:
        ranges = self.seen.setdefault(piece, [])
        if not ranges or ranges[-1][1] < self.count:
            ranges.append([self.count, self.count])
        ranges[-1][1] = self.count + 1

    def svg(self) -> str:
        """The whole film. It goes round; whoever wants no motion sees the last picture."""
        width, height = SIZE[0] * 12.2 + 20, SIZE[1] * 24.4 + 20
        pieces = dict[tuple[int, int], list[str]]()
        for piece, ranges in sorted(self.seen.items()):
            for begin, end in ranges:
                pieces.setdefault((begin, end), []).append(piece)
        styles = [f".{name}{{{rule}}}" for rule, name in self.classes.items()]
        backs, texts = list[str](), list[str]()
        for number, ((begin, end), those) in enumerate(sorted(pieces.items())):
            name = f"f{number}"
            on, off = 100 * begin / self.count, 100 * end / self.count
            before = "0%{opacity:0}" if begin else ""
            rule = f"{before}{on:.2f}%{{opacity:1}}{off:.2f}%,to{{opacity:0}}"
            kinds = "f last" if end == self.count else "f"
            if (begin, end) != (0, self.count):
                styles.append(f"@keyframes {name}{{{rule}}}.{name}{{animation-name:{name}}}")
            else:
                kinds = "last"
            for layer, kind in ((backs, "<path"), (texts, "<text")):
                if own := [piece for piece in those if piece.startswith(kind)]:
                    layer.append(f'<g class="{kinds} {name}">{"".join(own)}</g>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"><style>'
            "text{font:20px 'Fira Code',Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}"
            f".f{{opacity:0;animation:{self.count * EVERY:g}s step-end infinite}}.last{{opacity:1}}"
            f"@media(prefers-reduced-motion:reduce){{.f{{animation:none}}}}{''.join(styles)}</style>"
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{_GROUND}"/>'
            f'<g transform="translate(10 10)">{"".join(backs + texts)}</g></svg>\n'
        )


async def record(pilot: Pilot[int], film: Film) -> None:
    """Type a prompt, watch it continue, go back, and choose another character."""
    pane = pilot.app.query_one(WritePane)
    loop = asyncio.get_running_loop()

    async def watch(seconds: float) -> None:
        for _ in range(round(seconds / EVERY)):
            begin = loop.time()
            film.take(pilot.app.export_screenshot(title="helo", simplify=True))
            await pilot.pause(max(0.0, begin + EVERY - loop.time()))

    async def until_written() -> None:
        while pane.passage is None or pane.writing:
            await watch(EVERY)

    while pane.session.opened is None:
        await pilot.pause(0.05)
    for line in SETTINGS:
        pane.prompt.fill(line)
        await pilot.press("enter")
    await watch(0.8)
    for key in ("R", "O", "M", "E", "O", "colon"):
        await pilot.press(key)
        await watch(0.2)
    await watch(0.5)
    await pilot.press("enter")
    await until_written()
    await watch(1.2)
    await pilot.press("escape")
    await watch(0.6)
    for _ in range(38):
        await pilot.press("left", "left")
        await watch(EVERY)
    await watch(1.5)
    await pilot.press("3")
    await watch(1.2)
    await pilot.press("space")
    await until_written()
    await watch(3)


async def main() -> None:
    film = Film()
    async with HeloApp("shakespeare").run_test(size=SIZE) as pilot:
        await record(pilot, film)
    FILE.write_text(film.svg(), encoding="utf-8")


if __name__ == "__main__":
    one_thread()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        asyncio.run(main())
