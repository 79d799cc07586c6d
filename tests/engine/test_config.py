"""Settings: valid from the moment they exist, and refused in the words of the command line."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import outside
from engine.cells import CELLS
from engine.config import DTYPES, ModelConfig, TrainConfig, held_out, time_span, usual_split
from engine.errors import DamagedError, UsageError
from engine.writing.settings import SamplingConfig
from tests.configs import a_config

BAD_MODEL = {
    "cell": ["", "transformer", "LSTM"],
    "hidden": [0, -1, 65537, math.nan, math.inf, 10**400, 8.0],
    "layers": [0, 65, -(10**400), 1.5],
}
BAD_SAMPLING = {
    "temperature": [-1, -1e-9, 101, math.nan, math.inf],
    "top_k": [-1, 2.5],
    "top_p": [0, -0.1, 1.01, math.nan],
    "min_p": [-0.1, 1.01, math.nan],
    "typical": [0, -0.1, 1.01, math.nan],
    "repetition_penalty": [0, -1, 10.5, math.nan, math.inf],
    "repetition_window": [0, -1, 10_001, 10**30, 1.5],
}
BAD_TRAINING = {
    "batch": [0, 65537, 1.5],
    "seq_length": [0, -5],
    "dropout": [-0.1, 0.96, math.nan],
    "lr": [0, -1, 101, math.nan, math.inf],
    "warmup": [-0.1, 1.1],
    "final_lr": [-0.1, 1.1],
    "beta1": [-0.1, 1.0],
    "beta2": [-0.1, 1.0],
    "weight_decay": [-1, 11],
    "clip": [0, -1, math.inf, math.nan],
    "steps": [0, -1, 0.5, 2.5],
    "validation": [-0.1, 0.91],
    "split": ["", "start", "END"],
    "evaluations": [0],
    "early_stop": [-1, 0.5],
    "sample_length": [-1, 100_001],
    "save_every": [0, -1, math.inf],
    "device": ["gpu"],
    "dtype": ["int8"],
    "threads": [-1, 1025],
    "seed": [-1, 2**63],
}


MODEL = ModelConfig("lstm", 8, 1)


def cases(bad: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in bad.items() for value in values]


def short(value: Any) -> str:
    return str(value)[:12]


def refuses(config: Any, name: str, value: Any) -> None:
    with pytest.raises(UsageError) as caught:
        replace(config, **{name: value})
    message = str(caught.value)
    assert message.startswith(f"--{name.replace('_', '-')} must be ") and "\n" not in message


@pytest.mark.parametrize(("name", "value"), cases(BAD_MODEL), ids=short)
def test_no_network(name: str, value: Any) -> None:
    refuses(MODEL, name, value)


@pytest.mark.parametrize(("name", "value"), cases(BAD_SAMPLING), ids=short)
def test_no_way_to_draw(name: str, value: Any) -> None:
    refuses(SamplingConfig(), name, value)


@pytest.mark.parametrize(("name", "value"), cases(BAD_TRAINING), ids=short)
def test_no_training(name: str, value: Any) -> None:
    refuses(a_config(steps=10), name, value)


@pytest.mark.parametrize("name", ["epochs", "seconds"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_no_time_to_train(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"^--{name} must be"):
        a_config(**{name: value})


@pytest.mark.parametrize(
    "budget", [{}, {"steps": 1, "epochs": 1}, {"steps": 1, "epochs": 1, "seconds": 1}]
)
def test_exactly_one_budget(budget: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="--steps, --epochs and --seconds"):
        a_config(**budget)


def test_the_bounds_themselves_are_allowed() -> None:
    SamplingConfig(temperature=0, top_k=0, top_p=1, min_p=0)
    SamplingConfig(temperature=100, top_k=0x110000, top_p=5e-324, min_p=1)
    ModelConfig("rnn", 1, 1)
    a_config(epochs=1e-9, dropout=0, warmup=0, final_lr=1, validation=0, seed=2**63 - 1)


@pytest.mark.parametrize("name", ["layer_norm", "residual", "lines"])
@pytest.mark.parametrize("value", [0, 1, None, "yes", "true", 0.0, [True]], ids=str)
def test_what_is_on_or_off_is_nothing_else(name: str, value: Any) -> None:
    with pytest.raises(UsageError) as caught:
        replace(MODEL, **{name: value})
    assert str(caught.value) == f"--{name.replace('_', '-')} is on or off, not {value!r}"
    assert getattr(replace(MODEL, **{name: True}), name) is True


def test_a_network_in_words() -> None:
    assert str(ModelConfig("gru", 512, 2)) == "gru 512×2"
    assert str(ModelConfig("lstm", 8, 1, layer_norm=True)) == "lstm 8×1, layer norm"
    assert str(ModelConfig("rnn-relu", 8, 3, residual=True)) == "rnn-relu 8×3, residual"
    assert str(ModelConfig("mlstm", 8, 3, True, True)) == "mlstm 8×3, layer norm, residual"
    assert str(ModelConfig("gru", 8, 1, lines=True)) == "gru 8×1, lines"


def test_a_message_says_the_bound_and_the_value() -> None:
    with pytest.raises(UsageError, match=r"^--hidden must be between 1 and 65,536, not 0$"):
        ModelConfig("lstm", 0, 1)
    with pytest.raises(
        UsageError, match=r"^--steps must be between 1 and 1,000,000,000, not 1{40}…1{39}$"
    ):
        a_config(steps=int("1" * 400))
    with pytest.raises(UsageError, match=r"^--lr must be more than 0 and at most 100, not -1$"):
        a_config(steps=1, lr=-1)


@given(
    st.builds(
        a_config,
        model=st.builds(
            ModelConfig,
            cell=st.sampled_from(list(CELLS)),
            hidden=st.integers(1, 9),
            layers=st.just(1),
            layer_norm=st.booleans(),
            residual=st.booleans(),
        ),
        dropout=st.floats(0, 0.95),
        lr=st.floats(1e-9, 100),
        seconds=st.floats(1e-3, 3e7),
        prompt=st.text(),
        dtype=st.sampled_from(DTYPES),
        seed=st.integers(0, 2**63 - 1),
    )
)
def test_a_configuration_survives_json(config: TrainConfig) -> None:
    assert (
        outside.convert(TrainConfig, json.loads(json.dumps(asdict(config))), exact=True) == config
    )


@pytest.mark.parametrize(
    "data",
    [
        *({"momentum": 1}, {"steps": "1"}, {"steps": None}, {"batch": None}, {"batch": 0}),
        *({"lr": [1]}, {"model": 3}, {"model": asdict(MODEL) | {"size": 3}}),
        *({"model": asdict(MODEL) | {"hidden": "8"}}, {"model": asdict(MODEL) | {"layer_norm": 1}}),
    ],
)
def test_a_damaged_configuration_is_refused(data: dict[str, Any]) -> None:
    whole = asdict(a_config(steps=1))
    outside.convert(TrainConfig, whole, exact=True)
    with pytest.raises(DamagedError):
        outside.convert(TrainConfig, whole | data, exact=True)


@pytest.mark.parametrize(
    "missing", ["model", "batch", "seq_length", "dropout", "lr", "weight_decay"]
)
def test_a_configuration_without_what_decides_a_training_is_refused(missing: str) -> None:
    data = asdict(a_config(steps=1))
    del data[missing]
    with pytest.raises(DamagedError, match=f"{missing} is missing"):
        outside.convert(TrainConfig, data, exact=True)


def test_settings_from_before_layer_norm_and_residual_are_read() -> None:
    data = asdict(a_config(steps=1, model=ModelConfig("gru", 8, 2)))
    del data["model"]["layer_norm"], data["model"]["residual"]
    assert outside.convert(TrainConfig, data, exact=True).model == ModelConfig(
        "gru", 8, 2, False, False
    )


def test_no_early_end_without_validation() -> None:
    with pytest.raises(UsageError, match="--early-stop needs a validation part"):
        a_config(steps=1, early_stop=2, validation=0.0)


@pytest.mark.parametrize(
    ("text", "share"),
    [("none", 0), ("None", 0), ("0", 0), ("0%", 0), ("0.05", 0.05), ("5%", 0.05), (" 90 % ", 0.9)],
)
def test_what_is_held_out_is_a_share_or_none(text: str, share: float) -> None:
    assert held_out(text) == share


@pytest.mark.parametrize(
    "text",
    ["", "%", "all", "5", "95%", "-1%", "nan", "nan%", "inf", "1e400", "5%%", "0.1.2", "x" * 10**6],
    ids=short,
)
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--validation must be ") as caught:
        held_out(text)
    assert len(str(caught.value)) < 200 and "\n" not in str(caught.value)


def test_lines_are_split_all_over_the_text() -> None:
    assert [usual_split(lines) for lines in (False, True)] == ["end", "spread"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), (" 5m ", 300), ("1h30m", 5400), ("1.5H", 5400), ("1h1m1s", 3661)],
)
def test_a_time_is_asked_for_in_seconds_minutes_or_hours(text: str, seconds: float) -> None:
    assert time_span(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 m", "1m1h", "5:00", "soon", "-5m"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--seconds must be a time such as"):
        time_span(text)
