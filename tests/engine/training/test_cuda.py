"""What is different on a GPU; skipped where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import UsageError
from engine.network.parameters import initial
from engine.runs.events import Evaluated, Progress, Stopped
from engine.training.learner import Learner
from engine.training.model import CharRNN
from tests.engine.lives import a_run, ask, at, live, only

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

V, H, L, T, B = 11, 24, 2, 9, 6
ON_GPU: dict[str, Any] = {"device": "cuda", "dropout": 0.0}


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_gives_what_the_processor_gives(
    cell: str, extra: bool, lines: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    torch.set_float32_matmul_precision("highest")
    config = ModelConfig(cell, H, L, layer_norm=extra, residual=extra, lines=lines)
    weights = initial(config, V, 0)
    ids = torch.randint(V, (T, B))
    results = []
    for kind in ("cpu", "cuda"):
        model = CharRNN(config, V, newline=3 if lines else None)
        model.load(weights)
        model.to(kind)
        logits, states = model(ids.to(kind), model.start_state(B))
        (logits.square().mean() + sum(s.sum() for state in states for s in state)).backward()
        gradients = {k: p.grad for k, p in model.named_parameters()}
        results.append((logits, states, gradients))
    torch.testing.assert_close(
        results[1], results[0], rtol=1e-3, atol=1e-4, check_device=False, check_stride=False
    )


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru", "peephole", "mlstm", "mingru"])
def test_a_captured_step_is_the_step(cell: str, lines: bool) -> None:
    losses, settings = [], {"steps": 60, "dtype": "float32", **ON_GPU}
    for name, captured in (("as-it-is", False), ("captured", True)):
        learner = Learner(a_run(name, "hello\n" * 300, cell, lines=lines, **settings))
        learner.plan()
        if not captured:
            step = learner.training_step
            step._captured = step._pass  # type: ignore[assignment]
        results = [result for _ in range(40) for result in learner.step()]
        losses.append(np.array(results + learner.settle()))
    assert losses[0].shape == (40, 2)
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.02)
    assert losses[0][-1, 0] < losses[0][0, 0]


def test_a_changed_dropout_and_clip_reach_a_captured_step() -> None:
    learner = Learner(a_run(steps=200, dtype="float32", **ON_GPU))
    learner.plan()
    calm = _losses(learner, 100)[-1]
    assert learner.training_step._captured is not None
    learner.tune(clip=1.0, dropout=0.95)
    assert max(_losses(learner, 10)) > 2 * calm, "most units are silent"


def _losses(learner: Learner, steps: int) -> list[float]:
    results = [result for _ in range(steps) for result in learner.step()]
    return [loss for loss, _ in results + learner.settle()]


@pytest.mark.parametrize("dtype", ["auto", "float32", "bfloat16", "float16"])
def test_a_whole_life(dtype: str) -> None:
    events = live(a_run(steps=200, **ON_GPU | {"dtype": dtype}))
    looks = only(Evaluated, events)
    assert isinstance(events[-1], Stopped) and events[-1].finished
    assert looks[-1].val_nats < 0.5 < looks[0].val_nats
    assert only(Progress, events)[-1].step == 200


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_resumed_equals_uninterrupted(dtype: str) -> None:
    settings = {**ON_GPU, "dtype": dtype, "dropout": 0.3, "steps": 80}
    whole, parted = a_run("whole", **settings), a_run("parted", **settings)
    live(whole)
    first = live(parted, at(Evaluated, 40, lambda _: ask(parted, "stop")))
    assert first[-1].step == 40
    live(parted)
    ends = [only(Evaluated, run.events())[-1].val_nats for run in (whole, parted)]
    assert ends[1] == pytest.approx(ends[0], rel=0.01)


def test_the_corpus_lies_on_the_device() -> None:
    learner = Learner(a_run(**ON_GPU))
    assert learner._text is not None
    for step in (0, 7, 100):
        block = learner._block(step)
        assert block.dtype == torch.long and block.device.type == "cuda"
        assert np.array_equal(block.cpu().numpy(), learner.stream.read(step))


def test_seconds_are_kept() -> None:
    events = live(a_run(seconds=4.0, dtype="auto", **ON_GPU))
    assert 1 < events[-1].seconds < 8  # type: ignore[attr-defined]


def test_float16_is_refused_elsewhere() -> None:
    with pytest.raises(UsageError, match="float16 is not for cpu"):
        Learner(a_run(dtype="float16"))
