"""The writer that needs no torch, which other tests damage files of, writes what torch would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelFileError
from engine.foreign import importing
from engine.foreign.readers import reader, torch_pickle
from engine.foreign.source import Source
from tests.engine.foreign.known import SYMBOLS, assert_same, known, two_biases
from tests.engine.foreign.torch_files import in_row, module, state_dict, zipped


@pytest.mark.parametrize("write", [zipped, in_row])
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_written_is_read(tmp_path: Path, write: Any, whole: bool) -> None:
    model = two_biases(known("PyTorch", "lstm", "ifgo", (4, 4), embedding=3))
    weights = state_dict(model)
    saved = module(weights) if whole else {"state_dict": weights}
    write(tmp_path / "x", [saved, list(SYMBOLS)])
    source = Source(tmp_path / "x")
    assert reader(source) is torch_pickle
    found = torch_pickle.read(source)
    assert_same(replace(found, notes=()), model)


def test_torch_itself_reads_it(tmp_path: Path) -> None:
    import torch

    weights = state_dict(known("PyTorch", "gru", "rzn"))
    zipped(tmp_path / "x", weights)
    back = torch.load(tmp_path / "x", weights_only=True)
    assert {k: v.tolist() for k, v in back.items()} == {k: v.tolist() for k, v in weights.items()}


def test_a_folder_stands_for_the_only_model_in_it(tmp_path: Path) -> None:
    weights = state_dict(known("PyTorch", "gru", "rzn"))
    zipped(tmp_path / "a.pt", [weights, list(SYMBOLS)])
    (tmp_path / "vocab.json").write_text("{")
    (tmp_path / "LICENSE").write_text("MIT")
    assert importing.read(tmp_path, "m").config.cell == "gru"
    in_row(tmp_path / "b.pt", weights)
    with pytest.raises(ModelFileError, match="holds 2 models: name the file of one"):
        importing.read(tmp_path, "m")
