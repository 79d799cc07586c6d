"""`helo sample`: a model writes to stdout, one character at a time."""

from __future__ import annotations

import inspect
import secrets
import sys
from collections.abc import Callable
from inspect import Parameter
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import LARGEST_SEED, MOST_NEW, check_count
from engine.errors import UsageError
from engine.words import counted
from engine.writing.rows import Setting
from engine.writing.settings import SETTINGS, SamplingConfig
from tui.cli.shared import completing
from tui.cli.shared.options import MODEL_HELP, Command, argument, flag, option
from tui.cli.shared.output import emit, note, progress, symbols, write

if TYPE_CHECKING:
    from engine.network.modelfile import Model
    from engine.text.copies import Index
    from engine.writing.generate import Generation

_RANDOM = -1
_MOST_STREAMS = 1000
_LONG = 1000
"""Characters of a prompt that are read at once."""
_ALIASES = {"prime": "prompt", "start": "prompt"} | {
    setting.alias: setting.word for setting in SETTINGS.values() if setting.alias
}
"""Names that similar programs use for these options."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting of sampling to a command, listed before --seed. The command receives
    them as `**sampling`."""
    signature = inspect.signature(command, eval_str=True)
    *parameters, _ = signature.parameters.values()
    place = list(signature.parameters).index("seed")
    parameters[place:place] = map(_parameter, SETTINGS.values())
    vars(command)["__signature__"] = signature.replace(parameters=parameters)
    return command


def _parameter(setting: Setting[Any]) -> Parameter:
    names = (f"--{setting.word}", setting.flag)
    about = setting.help.format(setting.letter)
    taken = option(
        *filter(None, names), shows=setting.letter, help=f"{about[:1].upper()}{about[1:]}."
    )
    return Parameter(
        setting.name,
        Parameter.POSITIONAL_OR_KEYWORD,
        default=setting.off,
        annotation=Annotated[setting.kind, taken],
    )


app = typer.Typer()


@app.command(
    cls=Command,
    rich_help_panel="Write",
    context_settings={"token_normalize_func": lambda name: _ALIASES.get(name, name)},
)
@_with_settings
def sample(
    model: Annotated[str | None, argument("MODEL", MODEL_HELP, completing.models)] = None,
    named: Annotated[
        str | None,
        option(
            "--model",
            "-m",
            shows="MODEL",
            help="The same, as in other commands.",
            offers=completing.models,
        ),
    ] = None,
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
    ] = _RANDOM,
    streams: Annotated[
        int,
        option(
            "--streams", shows="N", help="Write N texts at once; their seeds count from --seed up."
        ),
    ] = 1,
    greedy: Annotated[
        bool, flag("--greedy", help="Always take the likeliest, as with temperature 0.")
    ] = False,
    mix: Annotated[
        str | None,
        option(
            "--mix",
            shows="MODEL:SHARE",
            help="Mix in the probabilities of another model, as in other:0.3.",
        ),
    ] = None,
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
    check_count("seed", seed, _RANDOM, LARGEST_SEED)
    if model is not None and named is not None and model != named:
        raise UsageError(f"name one model: {model} or -m {named}")
    check_count("streams", streams, 1, _MOST_STREAMS)
    if copies and streams > 1:
        raise UsageError("--copies looks at one text, and --streams writes several: leave out one")
    opened = _open(named or model)
    index = _index(opened) if copies else None
    generation = _begin(opened, mix, prompt, config, seed, top=10 if json else 1)
    _read(generation)
    if streams > 1:
        from tui.cli.shared.streams import write_all

        texts = write_all(generation, length, streams, json)
    else:
        _write(generation, length, json)
        texts = [generation]
    if length and any(len(text) == len(text.prompt) + length and text.unfinished for text in texts):
        option = "regex" if config.regex else "words"
        note(f"--length {length} ended the text where --{option} does not let it end")
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


def _open(model: str | None) -> Model:
    """The model to write with."""
    from engine.runs.library import DEFAULT_MODEL, open_model

    return open_model(model or DEFAULT_MODEL)


def _index(model: Model) -> Index | None:
    """The index of the text that the model was trained on, if that is here."""
    from tui.cli.shared.copies import index_for

    return index_for(model)


def _tell_copies(index: Index | None, generation: Generation, json: bool) -> None:
    """Tell what was copied."""
    from tui.cli.shared.copies import tell

    tell(index, generation, json)


def _begin(
    opened: Model,
    mix: str | None,
    prompt: str,
    config: SamplingConfig,
    seed: int,
    top: int,
) -> Generation:
    """The generation for a command. Writes notes to stderr."""
    from engine.blas import settle_threads
    from engine.network.stepper import Stepper
    from engine.runs.library import open_model
    from engine.vocab import name_characters
    from engine.writing.generate import Generation
    from engine.writing.masks import never_written
    from engine.writing.mixture import AnyStepper, mixed, parse_mix
    from engine.writing.sampling import fitted_stop

    stepper: AnyStepper = Stepper(opened)
    if mix is not None:
        name, share = parse_mix(mix)
        other = open_model(name)
        stepper = mixed(Stepper(opened), Stepper(other), share)
        note(f"{1 - share:.4g} of {opened.name}, {share:.4g} of {other.name}")
    alphabet = stepper.alphabet
    fitted = alphabet.fit(_text(prompt, opened))
    if fitted.note:
        note(fitted.note)
    if config.top_k > len(alphabet):
        note(f"--top-k {config.top_k} keeps all {counted(len(alphabet), 'character')} of the model")
    for name, listed in (("ban", config.ban), ("force", config.force)):
        if needless := never_written(name, listed, alphabet):
            note(f"--{name}: the model never writes {name_characters(needless)} anyway")
    if changed := fitted_stop(config.stop, alphabet).note:
        note(f"--stop: {changed}")
    if seed == _RANDOM and (config.temperature > 0 or config.schedule):
        seed = secrets.randbelow(1 << 32)
        note(f"seed {seed}")
    settle_threads(stepper.rehearse)
    return Generation(stepper, fitted.ids, config, seed, top, rewinds=False)


def _read(generation: Generation) -> None:
    """Read a prompt that takes more than a moment, and say how far that is."""
    if (total := len(generation.prompt)) <= _LONG:
        return
    with progress("reading the prompt") as report:
        while generation.in_prompt:
            generation.advance()
            report(len(generation), total)


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
