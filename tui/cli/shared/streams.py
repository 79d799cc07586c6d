"""What `helo sample --streams` writes: several texts, one after the other, or their Steps as they come."""

from __future__ import annotations

from collections.abc import Sequence

from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.streams import Forks, Streams, Text, row_by_row
from tui.cli.shared.output import emit, progress, symbols, write
from tui.cli.shared.writing import read_prompt, settle

_ROWS = 128
"""Texts that are written at the same time at most."""


def write_all(generation: Generation, length: int, count: int, json: bool) -> list[Generation]:
    """Write `count` texts that begin with the prompt of `generation`, which is still to be read. Returns
    those that have kept their Steps."""
    stepper = generation.stepper
    if isinstance(stepper, Stepper) and row_by_row(stepper, generation.sampling):
        if length and not json:
            _as_rows(stepper, generation, length, count)
            return []
    settle(stepper.rehearse)
    read_prompt(generation)
    while generation.in_prompt:
        generation.advance()
    forks = Forks(generation, count)
    going, given = list(range(count)), len(generation.prompt)
    for i in going if json else []:
        for n in range(given):
            _emit(forks, i, n)
    with progress("writing", length) as report:
        for n in range(given, given + length):
            forks.advance(going)
            for i in going if json else []:
                _emit(forks, i, n)
            going = [i for i in going if not forks.texts[i].ended]
            report(n + 1 - given, length)
            if not going:
                break
    if not json:
        for i, text in enumerate(forks.texts):
            _write(i, text.seed, text.alphabet, text.ids().tolist())
    return forks.texts


def _as_rows(stepper: Stepper, generation: Generation, length: int, count: int) -> None:
    """Write texts of which only the characters are wanted."""
    streams = Streams(stepper, generation.sampling, length, min(count, _ROWS))
    settle(streams.rehearse)
    prompt, state = generation.prompt.tolist(), None
    if len(prompt) > 1:
        read = Generation(stepper, generation.prompt[:-1], rewinds=False)
        read_prompt(read)
        while read.in_prompt:
            read.advance()
        state = read.state
    texts: list[Text] = []
    done = 0
    with progress("writing") as report:
        while streams.texts or len(texts) < count:
            while len(texts) < count and len(streams.texts) < streams.rows:
                texts.append(streams.add(prompt, generation.seed + len(texts), state))
            streams.advance()
            done += len(streams.texts)
            report(done, length * count)
    for i, text in enumerate(texts):
        _write(i, text.seed, stepper.alphabet, text.ids)


def _write(i: int, seed: int, alphabet: Alphabet, ids: Sequence[int]) -> None:
    write(f"{'' if i == 0 else chr(10)}==> seed {seed} <==\n")
    symbols(alphabet)("".join([alphabet.symbols[id] for id in ids]))
    write("\n")


def _emit(forks: Forks, i: int, n: int) -> None:
    emit({"stream": i} | forks.texts[i].step(n).to_json())
