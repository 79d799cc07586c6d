"""CharRNN: a row gather in, a stack of cells, a head; and which kernel runs each cell.

    T  time    B  batch    V  alphabet    H  hidden units    L  layers

Parameters carry the contract's names and layout, whatever kernel runs. torch's kernels want matrices
transposed and two biases; that mapping lives here alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.autograd import recurrence
from engine.cells import CELLS
from engine.cells.cell import State
from engine.config import ModelConfig
from engine.parameters import Weights, shapes

States = tuple[State, ...]


class CharRNN(nn.Module):
    """A stack of L recurrent layers over an alphabet of V symbols."""

    def __init__(self, config: ModelConfig, V: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.config, self.V, self.dropout = config, V, dropout
        self.cell = CELLS[config.cell]
        self.layers = nn.ModuleList(nn.Module() for _ in range(config.layers))
        self.head = nn.Module()
        for name, shape in shapes(config, V).items():
            path, _, own = name.rpartition(".")
            self.get_submodule(path).register_parameter(own, nn.Parameter(torch.zeros(shape)))

    def load(self, weights: Weights) -> None:
        """Take the values of `weights`, which has every parameter by name."""
        self.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})

    def weights(self) -> Weights:
        """A copy of every parameter as float32."""
        named = self.state_dict().items()
        return {k: v.detach().float().cpu().numpy().copy() for k, v in named}

    def zero_state(self, B: int) -> States:
        """Zeros (B, H) for each state of each layer, where the parameters are."""
        zeros = self.head.get_parameter("W_hy").new_zeros(B, self.config.hidden)
        return tuple(tuple(zeros for _ in self.cell.states) for _ in self.layers)

    def forward(self, ids: Tensor, states: States) -> tuple[Tensor, States]:
        """ids (T, B) and the states before them give logits (T, B, V) and the states after.

        While training, dropout silences outputs between layers and before the head.
        """
        x, after = ids, []
        for layer, state in zip(self.layers, states, strict=True):
            p: dict[str, Tensor] = dict(layer.named_parameters())
            x, state = (self._torch_kernel if self._on_torch(x) else self._loops)(p, x, state)
            x = F.dropout(x, self.dropout, self.training)
            after.append(state)
        W_hy, b_y = self.head.get_parameter("W_hy"), self.head.get_parameter("b_y")
        return x @ W_hy + b_y, tuple(after)

    def _on_torch(self, x: Tensor) -> bool:
        """Whether torch's kernel is the faster one for this layer.

        On a processor in float32 that is the LSTM's (oneDNN), unless its one-hot product over a
        large alphabet costs more than it saves; see docs/experiments.md.
        """
        if x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return True
        return self.cell.name == "lstm" and (x.ndim > 2 or self.V <= self.config.hidden)

    def _loops(self, p: dict[str, Tensor], x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.ndim == 2:
            a_x = F.embedding(x, p["W_xh"]) + p["b_h"]
        else:
            a_x = x @ p["W_xh"] + p["b_h"]
        return recurrence(self.cell, p, a_x, state)

    def _torch_kernel(self, p: dict[str, Tensor], x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.ndim == 2:
            x = F.one_hot(x, self.V).to(p["W_xh"].dtype)
        b_hh = torch.zeros_like(p["b_h"])
        if "b_hn" in p:
            b_hh = torch.cat([b_hh[: -len(p["b_hn"])], p["b_hn"]])
        flat = [p["W_xh"].t().contiguous(), p["W_hh"].t().contiguous(), p["b_h"], b_hh]
        # has biases, 1 layer, no dropout, training, one direction, time first
        rest = (flat, True, 1, 0.0, self.training, False, False)
        if self.cell.name == "lstm":
            h, c = state
            x, h, c = torch.lstm(x, (h[None], c[None]), *rest)
            return x, (h[0], c[0])
        kernel = {"gru": torch.gru, "rnn": torch.rnn_tanh}[self.cell.name]
        x, h = kernel(x, state[0][None], *rest)
        return x, (h[0],)
