"""Networks of any configuration, with every parameter some random number."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.modelfile import History, Model
from engine.network.parameters import shapes
from engine.training.model import CharRNN
from engine.vocab import Alphabet

NORMED_AND_RESIDUAL = [(False, False), (True, False), (False, True), (True, True)]
CONFIGURATIONS = st.builds(
    ModelConfig,
    cell=st.sampled_from(list(CELLS)),
    hidden=st.integers(3, 9),
    layers=st.integers(1, 3),
    layer_norm=st.booleans(),
    residual=st.booleans(),
)


def random_model(
    config: ModelConfig, text: str = "abcdefg", seed: int = 0, reach: float = 0.8
) -> Model:
    alphabet, rng = Alphabet(tuple(sorted(set(text)))), np.random.default_rng(seed)
    weights = {
        name: rng.uniform(-reach, reach, shape).astype(np.float32)
        for name, shape in shapes(config, len(alphabet)).items()
    }
    return Model("random", config, alphabet, weights, History("sonnet"))


def network(config: ModelConfig, V: int = 7, seed: int = 0, dropout: float = 0.0) -> CharRNN:
    model = CharRNN(config, V, dropout)
    model.load(random_model(config, "".join(map(chr, range(97, 97 + V))), seed).weights)
    return model
