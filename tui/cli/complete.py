"""`helo complete`: lines in, a continuation of each out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import LARGEST_SEED, MOST_NEW, check_count
from engine.writing.settings import SamplingConfig
from tui.cli.shared import completing
from tui.cli.shared.lines import Lines
from tui.cli.shared.options import MODEL_HELP, Command, argument, flag, option
from tui.cli.shared.output import emit, note, symbols
from tui.cli.shared.writing import (
    ALIASES,
    MIX,
    RANDOM,
    Named,
    chosen_seed,
    cut_short,
    opened,
    settle,
    tell_needless,
    with_settings,
    writer,
)

if TYPE_CHECKING:
    from engine.network.stepper import Stepper
    from engine.vocab import Alphabet
    from engine.writing.mixture import AnyStepper
    from engine.writing.streams import Text

_ROWS = 64
"""Lines that are continued at the same time."""
_LINE_END = "\n"

app = typer.Typer()


@app.command(
    cls=Command,
    rich_help_panel="Write",
    context_settings={"token_normalize_func": lambda name: ALIASES.get(name, name)},
)
@partial(with_settings, stop=(_LINE_END, "the end of the line"))
def complete(
    model: Annotated[str | None, argument("MODEL", MODEL_HELP, completing.models)] = None,
    named: Named = None,
    length: Annotated[
        int, option("--length", "-n", shows="N", help="New characters per line, at most.")
    ] = 500,
    seed: Annotated[
        int,
        option(
            "--seed",
            "-s",
            shows="N",
            help="Random seed of the first line, from which the others count up; -1 picks one and "
            "reports it.",
        ),
    ] = RANDOM,
    greedy: Annotated[
        bool, flag("--greedy", help="Always take the likeliest, as with temperature 0.")
    ] = False,
    mix: Annotated[str | None, MIX] = None,
    json: Annotated[bool, flag("--json", help="Print one JSON object per line.")] = False,
    **sampling: Any,
) -> None:
    """Read lines from standard input, and write a continuation of each: a line in, a line out.

    Answers come in the order of the lines, each as soon as it can, without its prompt.

    A continuation ends with the line, after --length characters, or, with --stop, after that text.
    """
    config = SamplingConfig(**sampling | ({"temperature": 0.0} if greedy else {}))
    config.check_alone()
    check_count("length", length, 1, MOST_NEW)
    check_count("seed", seed, RANDOM, LARGEST_SEED)
    stepper = writer(opened(model, named), mix)
    alphabet = stepper.alphabet
    if config.stop == _LINE_END and _LINE_END not in alphabet.ids:
        config = replace(config, stop="")
    tell_needless(config, alphabet)
    lines = _Prompts(alphabet, max(0, chosen_seed(seed, config)))
    put = symbols(alphabet)
    for prompt, ids, ended in _continued(stepper, config, length, lines):
        if json:
            text = alphabet.decode(ids)
            emit(
                {
                    "index": prompt.index,
                    "prompt": prompt.line,
                    "text": text,
                    "seed": prompt.seed,
                    "ended": ended,
                }
            )
        else:
            text = "".join([alphabet.symbols[id] for id in ids])
            put(text if text.endswith(_LINE_END) else text + _LINE_END)


@dataclass(frozen=True)
class _Prompt:
    """A line to go on from."""

    index: int
    line: str
    ids: list[int]
    seed: int


class _Prompts:
    """The lines of standard input as prompts for an alphabet. Tells on stderr what had to be changed."""

    def __init__(self, alphabet: Alphabet, seed: int) -> None:
        self._lines, self._alphabet, self._seed = Lines(), alphabet, seed
        self._count = 0

    def take(self, wait: bool) -> _Prompt | None:
        """As `Lines.take`."""
        if (raw := self._lines.take(wait)) is None:
            return None
        index, line = self._count, raw.decode("utf-8", "replace").removeprefix("\ufeff")
        self._count += 1
        fitted = self._alphabet.fit(raw if self._alphabet.units == "byte" else line)
        if fitted.note:
            note(f"line {index + 1}: {fitted.note}")
        return _Prompt(index, line, fitted.ids.tolist(), self._seed + index)


Continued = tuple[_Prompt, list[int], bool]
"""A prompt, what is written after it, and whether that came to its end before --length."""


def _continued(
    stepper: AnyStepper, config: SamplingConfig, length: int, prompts: _Prompts
) -> Iterator[Continued]:
    from engine.network.stepper import Stepper
    from engine.writing.streams import row_by_row

    if isinstance(stepper, Stepper) and row_by_row(stepper, config):
        return _together(stepper, config, length, prompts)
    return _in_turn(stepper, config, length, prompts)


def _together(
    stepper: Stepper, config: SamplingConfig, length: int, prompts: _Prompts
) -> Iterator[Continued]:
    from engine.writing.streams import Streams

    streams = Streams(stepper, config, length, _ROWS)
    settle(streams.rehearse)
    waiting: deque[tuple[_Prompt, Text]] = deque()
    while True:
        while len(streams.texts) < streams.rows:
            if (prompt := prompts.take(wait=not streams.texts)) is None:
                break
            waiting.append((prompt, streams.add(prompt.ids, prompt.seed)))
        if not streams.texts:
            return
        streams.advance()
        while waiting and waiting[0][1].done:
            prompt, text = waiting.popleft()
            yield prompt, text.written, text.ended


def _in_turn(
    stepper: AnyStepper, config: SamplingConfig, length: int, prompts: _Prompts
) -> Iterator[Continued]:
    import numpy as np

    from engine.writing.generate import Generation

    settle(stepper.rehearse)
    while (prompt := prompts.take(wait=True)) is not None:
        ids = np.array(prompt.ids, np.int64)
        text = Generation(stepper, ids, config, prompt.seed, top=1, rewinds=False)
        while text.in_prompt:
            text.advance()
        while len(text) < len(ids) + length and not text.ended:
            text.advance()
        if text.unfinished:
            note(f"line {prompt.index + 1}: {cut_short(config, length)}")
        yield prompt, text.ids(len(ids)).tolist(), text.ended
