"""Names and what they stand for; keeping, renaming and removing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import places, storage
from engine.errors import HeloError, NotFoundError, StorageError, UsageError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs import library
from tests.conftest import make_model


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bundled"
    monkeypatch.setattr(places, "bundled", lambda: folder)
    modelfile.save(folder / "shakespeare.safetensors", make_model())
    return folder


def put(path: Path) -> Path:
    modelfile.save(path, make_model())
    return path


def test_a_name_is_a_model_of_the_users_then_a_bundled_one_then_a_run(
    home: Path, bundled: Path
) -> None:
    latest = put(home / "runs" / "shakespeare" / "latest.safetensors")
    assert library.model_path("shakespeare") == bundled / "shakespeare.safetensors"
    own = put(home / "models" / "shakespeare.safetensors")
    assert library.model_path("shakespeare") == own
    own.unlink()
    (bundled / "shakespeare.safetensors").unlink()
    assert library.model_path("shakespeare") == latest
    best = put(home / "runs" / "shakespeare" / "best.safetensors")
    assert library.model_path("shakespeare") == best
    assert library.open_model("shakespeare").name == "shakespeare"


def test_a_path_is_a_file_or_the_folder_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path / "there" / "m.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for ref in ("there/m.safetensors", "./there/m.safetensors", "~/there/m.safetensors", str(file)):
        assert library.model_path(ref).samefile(file)
    latest = put(tmp_path / "run" / "latest.safetensors")
    assert library.model_path(str(tmp_path / "run")) == latest
    assert library.model_path("run").samefile(latest)


def test_a_name_wins_over_a_file_here_and_a_path_over_a_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = put(home / "models" / "m.safetensors")
    (tmp_path / "m").write_text("another thing")
    here = put(tmp_path / "m.safetensors")
    assert library.model_path("m") == own
    assert library.model_path("m.safetensors").samefile(here)


ODD = ["", "none", "no/such", "x" * 5000, "a\0b", "~nobody-of-that-name/m", "\udce9", ".", "[/b]"]


@pytest.mark.parametrize("ref", ODD, ids=range(len(ODD)))
def test_what_is_no_model_is_refused_in_one_line(ref: str) -> None:
    with pytest.raises(HeloError) as caught:
        library.open_model(ref)
    assert "\n" not in str(caught.value)


def test_the_list_hides_what_a_name_would_not_reach_and_shows_what_is_broken(
    home: Path, bundled: Path
) -> None:
    put(bundled / "other.safetensors")
    own = put(home / "models" / "shakespeare.safetensors")
    (home / "models" / "broken.safetensors").write_bytes(b"nothing")
    (home / "models" / ".half.tmp.safetensors").write_bytes(b"nothing")
    (home / "models" / "shakespeare.md").write_text("A card.")
    found = {entry.name: entry for entry in library.models()}
    assert set(found) == {"broken", "other", "shakespeare"}
    assert found["shakespeare"].path == own and not found["shakespeare"].bundled
    assert found["shakespeare"].size == own.stat().st_size
    assert found["shakespeare"].card == "A card." and found["other"].card == ""
    assert found["other"].bundled and found["other"].summary is not None
    assert found["broken"].summary is None and "broken" in found["broken"].problem


def test_keep(tiny: Model, home: Path) -> None:
    path = library.keep_model(tiny, "kept")
    assert path == home / "models" / "kept.safetensors"
    assert library.open_model("kept").config == tiny.config
    before = path.read_bytes()
    with pytest.raises(UsageError, match="already"):
        library.keep_model(tiny, "kept")
    with pytest.raises(UsageError):
        library.keep_model(tiny, "../kept")
    assert path.read_bytes() == before


@pytest.mark.usefixtures("tiny")
def test_rename_takes_the_card_along(home: Path) -> None:
    (home / "models" / "tiny.md").write_text("A card.")
    library.rename_model("tiny", "small")
    assert sorted(os.listdir(home / "models")) == ["small.md", "small.safetensors"]
    assert library.open_model("small").name == "small"


@pytest.mark.usefixtures("tiny")
def test_rename_overwrites_nothing(home: Path) -> None:
    put(home / "models" / "other.safetensors")
    for new in ("other", "tiny", "a/b", ""):
        with pytest.raises(UsageError):
            library.rename_model("tiny", new)
    assert sorted(os.listdir(home / "models")) == ["other.safetensors", "tiny.safetensors"]


@pytest.mark.usefixtures("tiny")
def test_remove(home: Path) -> None:
    (home / "models" / "tiny.md").write_text("A card.")
    library.remove_model("tiny")
    assert os.listdir(home / "models") == []


def test_only_models_of_the_users_are_renamed_and_removed(
    home: Path, bundled: Path, tmp_path: Path
) -> None:
    outside = put(home / "outside.safetensors")
    for name, error in [
        ("shakespeare", UsageError),
        ("none", NotFoundError),
        ("../outside", NotFoundError),
        (str(outside.with_suffix("")), NotFoundError),
    ]:
        with pytest.raises(error):
            library.remove_model(name)
        with pytest.raises(error):
            library.rename_model(name, "new")
    assert outside.exists() and (bundled / "shakespeare.safetensors").exists()


def test_remove_folder_goes_out_of_sight_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / "runs" / "r").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    assert storage.folders(tmp_path / "runs", "run.json") == [folder]

    def refuse(path: object, **_: object) -> None:
        raise OSError(16, "Device or resource busy")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", refuse)
        with pytest.raises(StorageError, match="busy"):
            storage.remove_folder(folder)
    assert storage.folders(tmp_path / "runs", "run.json") == []

    folder.mkdir()
    storage.remove_folder(folder)
    assert not folder.exists(), "what an earlier removal left is not in the way"
    with pytest.raises(StorageError):
        storage.remove_folder(folder)


def test_no_model_takes_a_bundled_name(home: Path, bundled: Path, tiny: Model) -> None:
    put(bundled / "bard.safetensors")
    with pytest.raises(UsageError, match="came with helo"):
        library.keep_model(tiny, "bard")
    with pytest.raises(UsageError, match="came with helo"):
        library.rename_model("tiny", "bard")
    assert library.model_path("bard") == bundled / "bard.safetensors"
    assert library.model_path("tiny").is_file()
