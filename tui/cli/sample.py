"""`helo sample`: a model writes to stdout, one character at a time."""

from __future__ import annotations

import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import LARGEST_SEED, MOST_NEW, check_count
from engine.errors import UsageError
from engine.writing.settings import SamplingConfig
from tui.cli.shared import completing
from tui.cli.shared.options import MODEL_HELP, Command, argument, flag, option
from tui.cli.shared.output import emit, note, symbols, write
from tui.cli.shared.writing import (
    ALIASES,
    MIX,
    RANDOM,
    Named,
    chosen_seed,
    cut_short,
    opened,
    read_prompt,
    settle,
    tell_needless,
    with_settings,
    writer,
)

if TYPE_CHECKING:
    from engine.network.modelfile import Model
    from engine.text.copies import Index
    from engine.writing.generate import Generation

_MOST_STREAMS = 1000

app = typer.Typer()


@app.command(
    cls=Command,
    rich_help_panel="Write",
    context_settings={"token_normalize_func": lambda name: ALIASES.get(name, name)},
)
@with_settings
def sample(
    model: Annotated[str | None, argument("MODEL", MODEL_HELP, completing.models)] = None,
    named: Named = None,
    prompt: Annotated[
        str,
        option(
            "--prompt",
            "-p",
            shows="TEXT",
            help="Text to begin with; @FILE or - reads it. To begin with @, write @@.",
        ),
    ] = "",
    length: Annotated[
        int, option("--length", "-n", shows="N", help="New characters to write.")
    ] = 500,
    seed: Annotated[
        int,
        option("--seed", "-s", shows="N", help="Random seed; -1 picks one and reports it."),
    ] = RANDOM,
    streams: Annotated[
        int,
        option(
            "--streams", shows="N", help="Write N texts at once; their seeds count from --seed up."
        ),
    ] = 1,
    greedy: Annotated[
        bool, flag("--greedy", help="Always take the likeliest, as with temperature 0.")
    ] = False,
    mix: Annotated[str | None, MIX] = None,
    copies: Annotated[
        bool,
        flag(
            "--copies",
            help="Tell the longest passage that stands word for word in the training text.",
        ),
    ] = False,
    json: Annotated[
        bool, flag("--json", help="Print one JSON object per character, including the prompt's.")
    ] = False,
    **sampling: Any,
) -> None:
    """Write text with a model, as fast as possible.

    The prompt is written too, and does not count for --length.

    The same seed gives the same text.
    """
    config = SamplingConfig(**sampling | ({"temperature": 0.0} if greedy else {}))
    config.check_alone()
    check_count("length", length, 0, MOST_NEW)
    check_count("seed", seed, RANDOM, LARGEST_SEED)
    check_count("streams", streams, 1, _MOST_STREAMS)
    if copies and streams > 1:
        raise UsageError("--copies looks at one text, and --streams writes several: leave out one")
    found = opened(model, named)
    index = _index(found) if copies else None
    generation = _begin(found, mix, prompt, config, seed, top=10 if json else 1)
    texts = [generation]
    if streams > 1:
        from tui.cli.shared.streams import write_all

        texts = write_all(generation, length, streams, json)
    else:
        settle(generation.stepper.rehearse)
        read_prompt(generation)
        _write(generation, length, json)
    if length and any(len(text) == len(text.prompt) + length and text.unfinished for text in texts):
        note(cut_short(config, length))
    if not json and streams == 1 and sys.stdout.isatty():
        write("\n")
    if copies:
        _tell_copies(index, generation, json)


def _write(generation: Generation, length: int, json: bool) -> None:
    """Write a text to stdout, a character at a time."""
    read = map(generation.step, range(len(generation)))
    put = symbols(generation.alphabet)
    for step in islice(chain(read, generation), len(generation.prompt) + length):
        if json:
            emit({"stream": 0} | step.to_json())
        else:
            put(step.char)
        if not step.given and generation.ended:
            break


def _index(model: Model) -> Index | None:
    """The index of the text that the model was trained on, if that is here."""
    from tui.cli.shared.copies import index_for

    return index_for(model)


def _tell_copies(index: Index | None, generation: Generation, json: bool) -> None:
    """Tell what was copied."""
    from tui.cli.shared.copies import tell

    tell(index, generation, json)


def _begin(
    model: Model,
    mix: str | None,
    prompt: str,
    config: SamplingConfig,
    seed: int,
    top: int,
) -> Generation:
    """The generation for a command. Writes notes to stderr."""
    from engine.writing.generate import Generation

    stepper = writer(model, mix)
    fitted = stepper.alphabet.fit(_text(prompt, model))
    if fitted.note:
        note(fitted.note)
    tell_needless(config, stepper.alphabet)
    seed = chosen_seed(seed, config)
    return Generation(stepper, fitted.ids, config, seed, top, rewinds=False)


def _text(prompt: str, model: Model) -> str | bytes:
    """The text that a prompt stands for: itself, a file's text, or standard input."""
    from engine.text.sources import read
    from engine.vocab import normalise

    if prompt == "@":
        raise UsageError(
            "--prompt @ names no file: @FILE begins with the text of FILE, and @@ is the character @"
        )
    if prompt.startswith("@@"):
        return normalise(prompt[1:])
    if prompt != "-" and not prompt.startswith("@"):
        return normalise(prompt)
    return read(prompt.removeprefix("@"), model.alphabet.units, note)
