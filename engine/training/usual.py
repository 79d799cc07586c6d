"""The usual loop of char-rnn programs in PyTorch: embed, one call of the module, softmax, multinomial.

`python -P -m engine.training.usual CELL HIDDEN LAYERS` reads a count per line, writes that many characters,
and answers with a line.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import exit_status
from engine.writing.bench import ALPHABET


def torch_module(config: ModelConfig, inputs: int) -> Any:
    """torch's own module with the same layers, and weights of its own."""
    module = CELLS[config.cell].torch_module
    assert module is not None
    name, options = module
    return getattr(torch.nn, name)(inputs, config.hidden, config.layers, **options)


def main() -> None:
    """The process."""
    cell, hidden, layers = sys.argv[1:]
    config = ModelConfig(cell, int(hidden), int(layers))
    torch.set_num_threads(1)  # as all that it is compared with
    embed = torch.nn.Embedding(ALPHABET, config.hidden)
    network = torch_module(config, config.hidden)
    head = torch.nn.Linear(config.hidden, ALPHABET)
    char, state = torch.tensor([[0]]), None
    with torch.inference_mode():
        for line in sys.stdin:
            for _ in range(int(line)):
                output, state = network(embed(char), state)
                p = torch.softmax(head(output[0, 0]), -1)
                char = torch.multinomial(p, 1)[None]
            print("done", flush=True)


if __name__ == "__main__":
    sys.exit(exit_status(main))
