"""Files that torch itself wrote: the network computes what torch's modules compute, to single precision."""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.errors import HeloError, ModelFileError, UsageError
from engine.exporting import torch_file
from engine.foreign import importing
from engine.foreign.alphabet import told
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from tests.conftest import random_model

SYMBOLS = "hely wodr\n"
V, TEXT = len(SYMBOLS), "hello world\nhold her"
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CharNet(nn.Module):
    """What tutorials have: an embedding or one-hot, a stack, and a linear layer."""

    def __init__(self, kind: str, H: int = 6, layers: int = 2, D: int = 0, **more: Any) -> None:
        super().__init__()
        self.chars = tuple(SYMBOLS)
        self.embedding = nn.Embedding(V, D) if D else None
        self.rnn = KINDS[kind](D or V, H, layers, **more)
        self.fc = nn.Linear(H, V)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        if self.embedding is not None:
            x = self.embedding(ids)
        else:
            x = nn.functional.one_hot(ids, V).float()
        return self.fc(self.rnn(x)[0])


def expected(net: nn.Module) -> Any:
    ids = torch.tensor([SYMBOLS.index(char) for char in TEXT])
    with torch.no_grad():
        return net(ids).numpy()


def logits(model: Model) -> Any:
    stepper = Stepper(model)
    found, _ = stepper.sequence(model.alphabet.encode(TEXT), stepper.start_state())
    return found[:, [model.alphabet.ids[char] for char in SYMBOLS]]


def check(path: Path, net: nn.Module, cell: str) -> Model:
    model = importing.read(path, "m")
    assert model.config.cell == cell
    np.testing.assert_allclose(logits(model), expected(net), atol=1e-5)
    return model


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    torch.manual_seed(3)
    yield


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_both_forms_of_state_dicts_and_whole_modules(
    tmp_path: Path, kind: str, whole: bool, zipped: bool
) -> None:
    net = CharNet(kind, D=5)
    saved = net if whole else {"tokens": net.chars, "n_hidden": 6, "state_dict": net.state_dict()}
    torch.save(saved, tmp_path / "x.net", _use_new_zipfile_serialization=zipped)
    model = check(tmp_path / "x.net", net, kind)
    assert any("what its program does" in note for note in model.history.notes)


@pytest.mark.parametrize(
    "nest",
    [
        lambda s: {"model": {"module." + k: v for k, v in s.items()}, "itos": list(SYMBOLS)},
        lambda s: {"epoch": 3, "model_state": s, "char2int": {c: i for i, c in enumerate(SYMBOLS)}},
        lambda s: {"net": s, "int2char": dict(enumerate(SYMBOLS)), "loss": 1.5},
        lambda s: [s, {"a": [SYMBOLS.split("x")[0], list(SYMBOLS)]}],
        lambda s: {
            "optimizer": {"state": {0: {"exp_avg": s["fc.weight"]}}},
            "s": s,
            "v": [*SYMBOLS],
        },
    ],
)
def test_wherever_the_weights_and_the_alphabet_are(tmp_path: Path, nest: Any) -> None:
    net = CharNet("lstm")
    torch.save(nest(net.state_dict()), tmp_path / "x")
    check(tmp_path / "x", net, "lstm")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_every_precision(tmp_path: Path, dtype: torch.dtype) -> None:
    net = CharNet("gru").to(dtype)
    torch.save({"s": net.state_dict(), "chars": net.chars}, tmp_path / "x")
    check(tmp_path / "x", net.float(), "gru")


def test_names_mean_nothing(tmp_path: Path) -> None:
    net = CharNet("lstm", D=6)  # all of one width: only names tell the ends apart
    for ends in (("embed.weight", "to_logits.weight"), ("char_encoder.weight", "decoder.weight")):
        state = OrderedDict(
            (k.replace("embedding.weight", ends[0]).replace("fc.weight", ends[1]), v)
            for k, v in reversed(net.state_dict().items())
        )
        bias = state.pop("fc.bias")
        state[ends[1].replace("weight", "bias")] = bias
        torch.save([state, net.chars], tmp_path / "x")
        check(tmp_path / "x", net, "lstm")


class Cells(nn.Module):
    """Layers apart, of unequal width, without some biases, the input through a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.i2h = nn.Linear(V, 7)
        self.cells = nn.ModuleList([nn.GRUCell(7, 4), nn.GRUCell(4, 6, bias=False)])
        self.out = nn.Linear(6, V, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        states, found = [torch.zeros(4), torch.zeros(6)], []
        for x in self.i2h(nn.functional.one_hot(ids, V).float()):
            for l, cell in enumerate(self.cells):
                x = states[l] = cell(x, states[l])
            found.append(self.out(x))
        return torch.stack(found)


def test_layers_of_their_own_and_of_unequal_width(tmp_path: Path) -> None:
    net = Cells()
    torch.save({"s": net.state_dict(), "chars": list(SYMBOLS)}, tmp_path / "x")
    assert check(tmp_path / "x", net, "gru").config.hidden == 6


def test_a_whole_module_says_that_it_cuts_at_zero(tmp_path: Path) -> None:
    net = CharNet("rnn", nonlinearity="relu")
    torch.save(net, tmp_path / "x")
    check(tmp_path / "x", net, "rnn-relu")
    torch.save({"s": net.state_dict(), "c": net.chars}, tmp_path / "x")
    notes = importing.read(tmp_path / "x", "m").history.notes
    assert any("taken for tanh" in note for note in notes)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module(tmp_path: Path) -> None:
    net = CharNet("lstm", D=5)
    torch.jit.script(net).save(tmp_path / "x")
    check(tmp_path / "x", net, "lstm")


def test_views_of_one_storage_and_transposed_ones(tmp_path: Path) -> None:
    net = CharNet("lstm")
    flat = torch.cat([p.detach().t().reshape(-1) for p in net.parameters()])
    state, place = OrderedDict(), 0
    for name, p in net.state_dict().items():
        part = flat[place : place + p.numel()]
        state[name] = part.view(*reversed(p.shape)).t() if p.dim() == 2 else part
        place += p.numel()
    for zipped in (True, False):
        torch.save([state, net.chars], tmp_path / "x", _use_new_zipfile_serialization=zipped)
        check(tmp_path / "x", net, "lstm")


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "rnn-relu", "coupled"])
def test_what_helo_exported_comes_back(tmp_path: Path, cell: str) -> None:
    model = random_model(cell)
    for suffix, data in torch_file.write(model).items():
        (tmp_path / f"m{suffix}").write_bytes(data)
    back = importing.read(tmp_path / "m.safetensors", "m")
    assert back.alphabet == model.alphabet and not back.history.notes
    if cell != "coupled":
        assert back.config == model.config
        for name, W in model.weights.items():
            np.testing.assert_array_equal(back.weights[name], W)


def test_safetensors_without_metadata(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    net = CharNet("lstm", D=4, layers=1).bfloat16()
    save_file(net.state_dict(), tmp_path / "x")
    with pytest.raises(UsageError, match="stores no alphabet"):
        importing.read(tmp_path / "x", "m")
    model = importing.read(tmp_path / "x", "m", told(SYMBOLS))
    order = sorted(SYMBOLS)
    got = logits(model)[:, [SYMBOLS.index(char) for char in order]]
    ids = torch.tensor([order.index(char) for char in TEXT])
    with torch.no_grad():
        np.testing.assert_allclose(got, net.float()(ids).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("net", "says"),
    [
        (CharNet("lstm", bidirectional=True), "bidirectional"),
        (CharNet("lstm", proj_size=3), "proj_size"),
        (nn.Sequential(nn.Linear(V, V)), "no recurrent layer of torch's"),
        (
            nn.ModuleDict(
                {"rnn": nn.LSTM(V, 6), "attention": nn.Linear(6, 6), "fc": nn.Linear(6, V)}
            ),
            "attention",
        ),
        (
            nn.ModuleDict({"rnn": nn.LSTM(V, 6), "norm": nn.LayerNorm(6), "fc": nn.Linear(6, V)}),
            "norm.weight",
        ),
        (
            nn.ModuleDict({"rnn": nn.LSTM(V, 6), "a": nn.Linear(6, 6), "b": nn.Linear(6, V)}),
            "more than an",
        ),
        (
            nn.ModuleDict({"rnn": nn.LSTM(V, 6), "a": nn.Linear(6, 8), "b": nn.Linear(8, V)}),
            "more than an",
        ),
        (
            nn.ModuleDict({"a": nn.LSTM(V, 6), "b": nn.GRU(6, 6), "fc": nn.Linear(6, V)}),
            "several kinds",
        ),
        (
            nn.ModuleDict({"a": nn.LSTM(V, 6), "b": nn.LSTM(V, 7), "fc": nn.Linear(7, V)}),
            "do not stand",
        ),
        (nn.ModuleDict({"rnn": nn.LSTM(4, 6), "fc": nn.Linear(6, V)}), "reads 4 values a step"),
        (nn.ModuleDict({"rnn": nn.LSTM(V, 6)}), "no matrix that writes"),
    ],
)
def test_what_no_network_of_helos_can_be_is_refused_with_its_reason(
    tmp_path: Path, net: nn.Module, says: str
) -> None:
    for saved in (net.state_dict(), net):
        torch.save([saved, list(SYMBOLS)], tmp_path / "x.pt")
        with pytest.raises(ModelFileError, match=says) as refused:
            importing.read(tmp_path / "x.pt", "m")
        assert str(refused.value).startswith(str(tmp_path / "x.pt"))


def test_words_are_refused(tmp_path: Path) -> None:
    words = [f"word{i}" for i in range(30)]
    net = nn.ModuleDict({"rnn": nn.LSTM(30, 6), "fc": nn.Linear(6, 30)})
    torch.save([net.state_dict(), dict(enumerate(words))], tmp_path / "x")
    with pytest.raises(ModelFileError, match="writes words"):
        importing.read(tmp_path / "x", "m")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    torch.save([CharNet("lstm").state_dict(), list(SYMBOLS)], tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "x") as old, zipfile.ZipFile(tmp_path / "y", "w", 8) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data + bytes(300 << 20) if name.endswith("data/0") else data)
    with pytest.raises(HeloError, match="far more than its size"):
        importing.read(tmp_path / "y", "m")
