"""What `helo sample --streams` writes: several texts, one after the other, or their Steps as they come."""

from __future__ import annotations

from engine.writing.generate import Generation
from engine.writing.streams import Streams
from tui.cli.shared.output import emit, progress, symbols, write


def write_all(generation: Generation, length: int, count: int, json: bool) -> list[Generation]:
    """Write `count` texts."""
    while generation.in_prompt:
        generation.advance()
    streams = Streams(generation, count)
    going, given = list(range(count)), len(generation.prompt)
    for i in going if json else []:
        for n in range(given):
            _emit(streams, i, n)
    with progress("writing", length) as report:
        for n in range(given, given + length):
            streams.advance(going)
            for i in going if json else []:
                _emit(streams, i, n)
            going = [i for i in going if not streams.texts[i].ended]
            report(n + 1 - given, length)
            if not going:
                break
    if not json:
        for i, text in enumerate(streams.texts):
            write(f"{'' if i == 0 else chr(10)}==> seed {text.seed} <==\n")
            put = symbols(text.alphabet)
            for n in range(len(text)):
                put(text.step(n).char)
            write("\n")
    return streams.texts


def _emit(streams: Streams, i: int, n: int) -> None:
    emit({"stream": i} | streams.texts[i].step(n).to_json())
