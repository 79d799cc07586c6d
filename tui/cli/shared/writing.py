"""What commands that write have in common: the options for sampling, the model, the seed."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from inspect import Parameter
from typing import TYPE_CHECKING, Annotated, Any

from engine.errors import UsageError
from engine.words import counted
from engine.writing.rows import Setting
from engine.writing.settings import SETTINGS, SamplingConfig
from tui.cli.shared import completing
from tui.cli.shared.options import option
from tui.cli.shared.output import note, progress

if TYPE_CHECKING:
    from engine.network.modelfile import Model
    from engine.vocab import Alphabet
    from engine.writing.generate import Generation
    from engine.writing.mixture import AnyStepper

RANDOM = -1
"""The seed that stands for one picked at random."""
_LONG = 1000
"""Characters of a prompt that are read at once."""
ALIASES = {"prime": "prompt", "start": "prompt"} | {
    setting.alias: setting.word for setting in SETTINGS.values() if setting.alias
}
"""Names that similar programs use for these options."""


def with_settings(command: Callable[..., None], **defaults: tuple[Any, str]) -> Callable[..., None]:
    """Add an option for each setting of sampling to a command, listed before --seed. The command receives
    them as `**sampling`. A setting among `defaults` has another default, which the help calls as said
    there."""
    signature = inspect.signature(command, eval_str=True)
    *parameters, _ = signature.parameters.values()
    place = list(signature.parameters).index("seed")
    parameters[place:place] = [
        _parameter(row, *defaults.get(row.name, (row.off, True))) for row in SETTINGS.values()
    ]
    vars(command)["__signature__"] = signature.replace(parameters=parameters)
    return command


def _parameter(setting: Setting[Any], default: Any, told: bool | str) -> Parameter:
    names = (f"--{setting.word}", setting.flag)
    about = setting.help.format(setting.letter)
    about = f"{about[:1].upper()}{about[1:]}."
    taken = option(*filter(None, names), shows=setting.letter, help=about, default=told)
    return Parameter(
        setting.name,
        Parameter.POSITIONAL_OR_KEYWORD,
        default=default,
        annotation=Annotated[setting.kind, taken],
    )


Named = Annotated[
    str | None,
    option(
        "--model",
        "-m",
        shows="MODEL",
        help="The same, as in other commands.",
        offers=completing.models,
    ),
]
"""A model that is named by an option instead of an argument."""
MIX = option(
    "--mix",
    shows="MODEL:SHARE",
    help="Mix in the probabilities of another model, as in other:0.3.",
)


def opened(model: str | None, named: str | None) -> Model:
    """The model to write with, from MODEL and --model.

    Raises UsageError if they name two.
    """
    from engine.runs.library import DEFAULT_MODEL, open_model

    if model is not None and named is not None and model != named:
        raise UsageError(f"name one model: {model} or -m {named}")
    return open_model(named or model or DEFAULT_MODEL)


def writer(model: Model, mix: str | None) -> AnyStepper:
    """What writes for a command: a model, or its mixture with another one."""
    from engine.network.stepper import Stepper
    from engine.runs.library import open_model
    from engine.writing.mixture import mixed, parse_mix

    if mix is None:
        return Stepper(model)
    name, share = parse_mix(mix)
    other = open_model(name)
    stepper = mixed(Stepper(model), Stepper(other), share)
    note(f"{1 - share:.4g} of {model.name}, {share:.4g} of {other.name}")
    return stepper


def tell_needless(config: SamplingConfig, alphabet: Alphabet) -> None:
    """Tell on stderr which settings do less than they seem to with a model of this alphabet."""
    from engine.vocab import name_characters
    from engine.writing.masks import never_written
    from engine.writing.sampling import fitted_stop

    if config.top_k > len(alphabet):
        note(f"--top-k {config.top_k} keeps all {counted(len(alphabet), 'character')} of the model")
    for name, listed in (("ban", config.ban), ("force", config.force)):
        if needless := never_written(name, listed, alphabet):
            note(f"--{name}: the model never writes {name_characters(needless)} anyway")
    if changed := fitted_stop(config.stop, alphabet).note:
        note(f"--stop: {changed}")


def cut_short(config: SamplingConfig, length: int) -> str:
    """What to tell of a text that --length ended before its constraint lets it end."""
    option = "regex" if config.regex else "words"
    return f"--length {length} ended the text where --{option} does not let it end"


def chosen_seed(seed: int, config: SamplingConfig) -> int:
    """The seed to write with. If it is picked at random and matters, it is told on stderr."""
    if seed == RANDOM and (config.temperature > 0 or config.schedule):
        seed = secrets.randbelow(1 << 32)
        note(f"seed {seed}")
    return seed


def settle(work: Callable[[], object]) -> None:
    """`engine.blas.settle_threads`."""
    from engine.blas import settle_threads

    settle_threads(work)


def read_prompt(generation: Generation) -> None:
    """Read a prompt that takes more than a moment, and say how far that is."""
    if (total := len(generation.prompt)) <= _LONG:
        return
    with progress("reading the prompt") as report:
        while generation.in_prompt:
            generation.advance()
            report(len(generation), total)
