"""CharRNN: a row gather in, a stack of cells, a head; and which kernel runs each cell.

    T  time    B  batch    V  alphabet    H  hidden units    L  layers

Parameters have the names and layout of the model file, whatever kernel runs. torch's kernels take
transposed matrices and two biases; that mapping is here alone.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.cells import CELLS
from engine.cells.cell import State
from engine.config import ModelConfig
from engine.network.kernels import on_torch
from engine.network.lines import carry
from engine.network.parameters import Weights, shapes
from engine.network.stepper import NORM_EPSILON
from engine.training.autograd import recurrence

States = tuple[State, ...]
Norm = tuple[Tensor | None, Tensor | None]
"""The parameters of a layer's normalisation, if it has one."""


class CharRNN(nn.Module):
    """A stack of L recurrent layers over an alphabet of V symbols. If lines are examples of their own,
    `newline` is the id that ends one (`engine.network.lines`)."""

    def __init__(
        self, config: ModelConfig, V: int, dropout: float = 0.0, newline: int | None = None
    ) -> None:
        assert config.lines == (newline is not None)
        super().__init__()
        self.config, self.V, self.dropout, self.newline = config, V, dropout, newline
        self.batch: int | None = None
        """Columns of a training in several processes; `share` is this process' part."""
        self.share = range(0)
        self.cell = CELLS[config.cell]
        self.layers = nn.ModuleList(nn.Module() for _ in range(config.layers))
        self.head = nn.Module()
        for name, shape in shapes(config, V).items():
            path, _, own = name.rpartition(".")
            # torch's kernel takes transposed matrices: with this layout none has to be copied
            turned = self.cell.torch_kernel == "lstm" and len(shape) == 2
            zeros = torch.zeros(shape[::-1]).t() if turned else torch.zeros(shape)
            self.get_submodule(path).register_parameter(own, nn.Parameter(zeros))

    def load(self, weights: Weights) -> None:
        """Load `weights`, which has every parameter by name."""
        self.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})

    def weights(self) -> Weights:
        """A copy of every parameter as float32."""
        named = self.state_dict().items()
        return {k: v.detach().float().cpu().numpy().copy() for k, v in named}

    def zero_state(self, B: int) -> States:
        """Zeros (B, H) for each state of each layer, on the parameters' device."""
        like, H = self.head.get_parameter("W_hy"), self.config.hidden
        return tuple(tuple(like.new_zeros(B, H) for _ in self.cell.states) for _ in self.layers)

    @torch.no_grad()
    def start_state(self, B: int) -> States:
        """The state (B, H) at the start of a text: zeros, or as `engine.network.lines` says. Uses no random
        numbers."""
        states = self.zero_state(B)
        if self.newline is None:
            return states
        ids = states[0][0].new_full((1, B), self.newline, dtype=torch.long)
        was_training = self.training
        _, states = self.eval().outputs(ids, states)
        self.train(was_training)
        return states

    def forward(self, ids: Tensor, states: States) -> tuple[Tensor, States]:
        """Logits (T, B, V) and the states after, from ids (T, B) and the states before."""
        x, after = self.outputs(ids, states)
        W_hy, b_y = self.head.get_parameter("W_hy"), self.head.get_parameter("b_y")
        return x @ W_hy + b_y, after

    def outputs(self, ids: Tensor, states: States) -> tuple[Tensor, States]:
        """The head's input (T, B, H) for ids (T, B), and the states after.

        In training, dropout silences the outputs of a layer: the same units at all T steps of a column
        (Gal & Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks",
        2016), which learns as well as one mask per step and costs T times less.
        """
        x, passed, after = ids, ids, []
        carried = carry(ids, self.newline)
        for l, state in enumerate(states):
            p, norm = self.parameters_of(l)
            if self._on_torch(x):
                h, state = self._torch_kernel(p, x, state)
            else:
                h, state = self._loops(p, x, state, carried)
            after.append(state)
            x, passed = self.read(l, h, passed, norm)
            if self.training and self.dropout:
                x = x * self._mask(x)
        return x, tuple(after)

    def parameters_of(self, l: int) -> tuple[dict[str, Tensor], Norm]:
        """The parameters of a layer's cell by name, and those of its normalisation."""
        p: dict[str, Tensor] = dict(self.layers[l].named_parameters())
        return p, (p.pop("g_n", None), p.pop("b_n", None))

    def read(self, l: int, h: Tensor, passed: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
        """The next layer's input from a layer's output h (T, B, H), and the residual stream."""
        passed = passed + h if l and self.config.residual else h
        if not self.config.layer_norm:
            return passed, passed
        return F.layer_norm(passed, (h.shape[-1],), *norm, NORM_EPSILON), passed

    def _mask(self, x: Tensor) -> Tensor:
        """0 for silenced units, else what keeps the sum's expectation: (1, B, H). Drawn for the columns of
        all processes, so that it does not matter which of them has a column."""
        B, H = x.shape[1:]
        share, kept = self.share if self.batch else range(B), 1 - self.dropout
        drawn = x.new_empty(1, self.batch or B, H).bernoulli_(kept).div_(kept)
        return drawn[:, share.start : share.stop]

    def _on_torch(self, x: Tensor) -> bool:
        V, kind = self.V if x.ndim == 2 else 0, x.device.type
        bfloat16 = torch.is_autocast_enabled(kind)
        if bfloat16 and kind == "cpu" and not _has_bfloat16_kernels():
            return False
        return on_torch(self.config, V, x.shape[1], kind, bfloat16)

    def _loops(
        self, p: dict[str, Tensor], x: Tensor, state: State, carried: Tensor | None
    ) -> tuple[Tensor, State]:
        kind, dtype = x.device.type, p["W_xh"].dtype
        bfloat16 = torch.is_autocast_enabled(kind) and (
            torch.get_autocast_dtype(kind) == torch.bfloat16
        )
        with torch.autocast(kind, enabled=False):  # the loops round for themselves
            x = x.to(dtype) if x.ndim > 2 else x
            carried = None if carried is None else carried.to(dtype)
            return recurrence(self.cell, p, x, state, bfloat16, carried)

    def _torch_kernel(self, p: dict[str, Tensor], x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.ndim == 2:
            x = p["W_xh"].new_zeros(*x.shape, self.V).scatter_(2, x[..., None], 1.0)
        rows = [p["W_xh"].t(), p["W_hh"].t(), p["b_h"]]
        if self.cell.torch_kernel == "lstm" and "i" not in self.cell.gates:
            rows = [_with_input_gate(v) for v in rows]
        b_hh = torch.zeros_like(rows[2])
        if "b_hn" in p:
            b_hh = torch.cat([b_hh[: -len(p["b_hn"])], p["b_hn"]])
        flat = [*(v.contiguous() for v in rows), b_hh]
        # has biases, 1 layer, no dropout, training, one direction, time first
        rest = (flat, True, 1, 0.0, self.training, False, False)
        before = tuple(s[None] for s in state)
        kernel = getattr(torch, self.cell.torch_kernel)
        x, *after = kernel(x, before if len(before) > 1 else before[0], *rest)
        return x, tuple(s[0] for s in after)


@cache
def _has_bfloat16_kernels() -> bool:
    """Whether oneDNN has recurrent kernels in bfloat16 for this processor; without AVX-512 it has none."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _with_input_gate(v: Tensor) -> Tensor:
    """The coupled cell's f, g, o (3H, …) as an LSTM's i, f, g, o: 1 − σ(a) is σ(−a)."""
    H = len(v) // 3
    f, rest = torch.split_with_sizes(v, [H, 2 * H])
    return torch.cat([-f, f, rest])
