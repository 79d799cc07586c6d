"""Settings as frozen values that are always valid.

Every class checks itself and raises `UsageError` with the names of the command line, so that the command
line, the app and files on disk are all held to the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.cells import CELLS
from engine.errors import UsageError
from engine.words import quoted, shortened

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16", "float64")
PRECISIONS = {
    "cuda": ("float32", "bfloat16", "float16"),
    "mps": ("float32",),
    "cpu": ("float32", "bfloat16", "float64"),
}
"""The types that matrix products may have on each kind of device."""
SPLITS = ("end", "spread")
"""Where the validation part lies: at the end of the text, or in blocks spread over it."""
MOST_HIDDEN = 65536
MOST_LR, MOST_DROPOUT = 100, 0.95
MOST_THREADS, MOST_PROCESSES = 1024, 65536
MOST_STEPS, MOST_EPOCHS = 10**9, 10**6
MOST_SECONDS = 365 * 24 * 3600
"""The longest training, in seconds: a year."""
MOST_NEW = 10**7
"""Characters that one command may write."""
LARGEST_SEED = 2**63 - 1
MOST_CLIP = 10**9
_MOST_EVALUATIONS = 10**6
_TIME = re.compile("".join(rf"(?:([0-9]+(?:\.[0-9]+)?){unit})?" for unit in "hms"))
MOST_HELD_OUT = 0.9
"""The largest share of a text that may be its validation part."""
EVALUATION_COLUMNS, EVALUATION_LENGTH = 32, 128
"""B and T of an evaluation while training."""
LENGTHS = ("seconds", "epochs", "steps")
"""The settings that can say how long a training is."""
DEFAULT_CELL, DEFAULT_SECONDS = "lstm", 300.0
"""What to train, and for how long, unless the user says."""


def check_number(name: str, value: float, low: float, high: float, *, over: bool = False) -> None:
    """Refuse a value outside [low, high], or outside (low, high] if `over`, and name these limits."""
    fits = low < value if over else low <= value
    if not fits or value > high:  # a NaN does not fit
        limits = f"between {_amount(low)} and {_amount(high)}"
        if over:
            limits = f"more than {_amount(low)} and at most {_amount(high)}"
        shown = f"{value:g}" if isinstance(value, float) else shortened(str(value))
        raise UsageError(f"--{name.replace('_', '-')} must be {limits}, not {shown}")


def _amount(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def check_count(name: str, value: float, low: int, high: int) -> None:
    """Refuse anything but a whole number in [low, high]."""
    if not isinstance(value, int):
        raise UsageError(f"--{name.replace('_', '-')} must be a whole number, not {quoted(value)}")
    check_number(name, value, low, high)


def _flag(name: str, value: bool) -> None:
    """Refuse anything but True and False."""
    if not isinstance(value, bool):
        raise UsageError(f"--{name.replace('_', '-')} is on or off, not {quoted(value)}")


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a value that is not known."""
    if value not in known:
        raise UsageError(f"--{name} must be one of {', '.join(known)}, not {quoted(value)}")


def check_device(device: str, dtype: str, there: Sequence[str]) -> str:
    """The kind of device that `device` means on a machine with the devices `there`, best first.

    Raises UsageError if it is not one of them, or has no `dtype`.
    """
    kind = there[0] if device == "auto" else device
    if kind not in there:
        raise UsageError(f"--device {kind} is not there; this machine has {', '.join(there)}")
    known = PRECISIONS[kind]
    if dtype not in ("auto", *known):
        raise UsageError(f"--dtype {dtype} is not for {kind}, which has {', '.join(known)}")
    return kind


def held_out(text: str) -> float:
    """The share of a text that was asked for as the validation part: 0.05, 5%, or none.

    Raises UsageError.
    """
    number = text.strip().casefold()
    if number == "none":
        return 0.0
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise UsageError(
            f"--validation must be a share such as 0.05 or 5%, or none, not {quoted(text)}"
        ) from None
    check_number("validation", share, 0, MOST_HELD_OUT)
    return share


def time_span(text: str) -> float:
    """A time in seconds, asked for as 90, 90s, 5m or 1h30m.

    Raises UsageError.
    """
    asked = text.strip().casefold()
    found = _TIME.fullmatch(asked)
    try:
        if not found or not asked:
            return float(asked)
    except ValueError:
        raise UsageError(
            f"--seconds must be a time such as 90, 90s, 5m or 1h30m, not {quoted(text)}"
        ) from None
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + rest


def usual_split(lines: bool) -> str:
    """The way of `SPLITS` for a text; `lines` says whether each of its lines is an example of its own. The
    order of such lines means nothing to a network, but sorted ones at the end are unlike the others."""
    return "spread" if lines else "end"


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a network; its alphabet size V comes with the alphabet."""

    cell: str
    """One of `engine.cells.CELLS`."""
    hidden: int
    """H, hidden units per layer."""
    layers: int
    """L, the number of stacked layers."""
    layer_norm: bool = False
    """Whether each layer's output is normalised before it is read (Ba, Kiros & Hinton, 2016)."""
    residual: bool = False
    """Whether layers above the first add their output to their input (He et al., 2016)."""
    lines: bool = False
    """Whether each line is an example of its own (`engine.network.lines`), as the corpus says."""

    def __post_init__(self) -> None:
        check_choice("cell", self.cell, tuple(CELLS))
        check_count("hidden", self.hidden, 1, MOST_HIDDEN)
        check_count("layers", self.layers, 1, 64)
        _flag("layer_norm", self.layer_norm)
        _flag("residual", self.residual)
        _flag("lines", self.lines)

    def __str__(self) -> str:
        """`lstm 512×2`, and its options."""
        extra = (("layer_norm", "layer norm"), ("residual", "residual"), ("lines", "lines"))
        return ", ".join(
            [f"{self.cell} {self.hidden}×{self.layers}", *(w for k, w in extra if getattr(self, k))]
        )


@dataclass(frozen=True)
class TrainConfig:
    """Everything that determines what a run learns, and how often it evaluates and saves.

    Exactly one of `steps`, `epochs` and `seconds` says how long it trains. `seconds` is turned into a
    number of steps by timing a few, and again when the steps turn out to take longer, or less long
    (`engine.training.schedule`).
    """

    model: ModelConfig
    batch: int
    """B, columns read in parallel; fewer if the corpus is too small."""
    seq_length: int
    """T, characters between updates; fewer if the corpus is too small."""
    dropout: float
    """Share of units silenced between layers and before the head, while training."""
    lr: float
    """Peak learning rate, after the warm-up."""
    weight_decay: float
    """Decoupled (AdamW), on matrices only."""
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises from 0 to its peak."""
    final_lr: float = 0.02
    """Where the cosine decay ends, as a share of the peak."""
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    """The largest global norm of the gradients."""
    steps: int | None = None
    epochs: float | None = None
    seconds: float | None = None
    validation: float = 0.1
    """Share of the corpus that is kept for validation; 0 means none, and no evaluations."""
    split: str = "end"
    """Where that part lies, one of `SPLITS`."""
    evaluations: int = 20
    """Evaluations in a run, evenly spread; a sample is written at each."""
    early_stop: int = 0
    """Evaluations without improvement after which a run ends; 0 means never."""
    prompt: str = "\n"
    """The beginning of every sample."""
    sample_length: int = 300
    save_every: float = 30.0
    """Seconds between saves."""
    device: str = "auto"
    dtype: str = "auto"
    threads: int = 0
    """Processor threads; 0 means all the machine has, or a share if other trainings are running."""
    seed: int = 0

    @property
    def lr_to(self) -> float:
        """The learning rate where the decay ends."""
        return self.lr * self.final_lr

    def __post_init__(self) -> None:
        check_count("batch", self.batch, 1, 65536)
        check_count("seq_length", self.seq_length, 1, 65536)
        check_number("dropout", self.dropout, 0, MOST_DROPOUT)
        check_number("lr", self.lr, 0, MOST_LR, over=True)
        check_number("warmup", self.warmup, 0, 1)
        check_number("final_lr", self.final_lr, 0, 1)
        check_number("beta1", self.beta1, 0, 0.9999)
        check_number("beta2", self.beta2, 0, 0.99999)
        check_number("weight_decay", self.weight_decay, 0, 10)
        check_number("clip", self.clip, 0, MOST_CLIP, over=True)
        check_number("validation", self.validation, 0, MOST_HELD_OUT)
        check_choice("split", self.split, SPLITS)
        check_count("evaluations", self.evaluations, 1, _MOST_EVALUATIONS)
        check_count("early_stop", self.early_stop, 0, _MOST_EVALUATIONS)
        if self.early_stop and not self.validation:
            raise UsageError(
                "--early-stop needs a validation part: give --validation a share, as in 5%"
            )
        check_count("sample_length", self.sample_length, 0, 100_000)
        check_number("save_every", self.save_every, 0, MOST_SECONDS, over=True)
        check_count("threads", self.threads, 0, MOST_THREADS)
        check_count("seed", self.seed, 0, LARGEST_SEED)
        check_choice("device", self.device, DEVICES)
        check_choice("dtype", self.dtype, DTYPES)
        budgets = {"steps": self.steps, "epochs": self.epochs, "seconds": self.seconds}
        given = {name: value for name, value in budgets.items() if value is not None}
        if len(given) != 1:
            raise UsageError("say how long to train with one of --steps, --epochs and --seconds")
        if self.steps is not None:
            check_count("steps", self.steps, 1, MOST_STEPS)
        if self.epochs is not None:
            check_number("epochs", self.epochs, 0, MOST_EPOCHS, over=True)
        if self.seconds is not None:
            check_number("seconds", self.seconds, 0, MOST_SECONDS, over=True)
