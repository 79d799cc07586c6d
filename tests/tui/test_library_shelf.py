"""What the Library reads from disk, and how it is laid out. No screen is needed for that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs.kept import SLICE
from engine.runs.logs import LineReader
from engine.text import corpus, survey
from tui.library.details import details, name_width, rows
from tui.library.shelf import Kind, Shelf

pytestmark = pytest.mark.usefixtures("bundled")


def test_of_a_long_log_only_what_was_added_is_read(fake_run, monkeypatch):
    run, read = fake_run("daily"), []
    run.begin()
    for step in range(1, 3000):
        run.progress(step, 2.0)
    real = LineReader.read

    def counted(reader, most=-1):
        lines = real(reader, most)
        read.append(sum(len(line) + 1 for line in lines))
        return lines

    monkeypatch.setattr(LineReader, "read", counted)
    shelf = Shelf()
    first = shelf.read()[Kind.RUN]
    whole = run.run.events_path.stat().st_size
    assert sum(read) == whole > SLICE and max(read) < 2 * SLICE
    read.clear()
    assert shelf.read()[Kind.RUN] == first and not read
    run.progress(3000, 2.0)
    run.evaluated(3000, 1.5)
    [item] = shelf.read()[Kind.RUN]
    assert dict(item.facts)["steps"].startswith("3,000 of 1,000") and "1.500" in item.columns[1]
    assert sum(read) == run.run.events_path.stat().st_size - whole
    run.die()
    assert "killed" in shelf.read()[Kind.RUN][0].columns[0]


def test_a_log_that_was_made_anew_is_read_from_its_beginning(fake_run):
    run, shelf = fake_run("daily"), Shelf()
    run.begin()
    for step in (10, 20, 30):
        run.progress(step, 2.0)
    shelf.read()
    run.run.events_path.write_text("")
    run.progress(7, 2.0)
    assert dict(shelf.read()[Kind.RUN][0].facts)["steps"].startswith("7 of")


def test_columns_stand_under_one_another_and_never_overflow(tiny, fake_run, winter):
    fake_run("a-run-with-quite-a-long-name-indeed-and-more")
    items = Shelf().read()
    name = name_width(item for section in items.values() for item in section)
    for section in items.values():
        for width in (20, 40, 60, 90):
            lines = list(rows(section, name, width))
            assert all(line.cell_length <= max(width, name) for line in lines)
            assert len({line.cell_length for line in lines}) <= 1


def test_names_are_whole_and_other_columns_give_way(fake_run):
    names = [f"a-run-with-quite-a-long-name-indeed-{i}" for i in range(3)]
    for name in names:
        fake_run(name)
    items = Shelf().read()[Kind.RUN]
    for width in (80, 50, 39, 20):
        lines = [line.plain for line in rows(items, name_width(items), width)]
        assert sorted(line.split()[0] for line in lines) == names
        assert all(len(line) <= max(width, len(names[0])) for line in lines)
        assert ("new" in lines[0]) == (width >= 50)


def test_a_network_with_a_long_name_is_cut_and_keeps_its_place(fake_run):
    fake_run()
    (run,) = Shelf().read()[Kind.RUN]
    status, loss, _, day = run.columns
    network = str(ModelConfig("peephole", 1024, 2, layer_norm=True, residual=True))
    item = replace(run, columns=(status, loss, network, day))
    wide, narrow = (next(rows([item], 14, width)).plain for width in (100, 60))
    assert network in wide and day in wide
    assert "peephole 1024×2, layer n" in narrow and "…" in narrow and len(narrow) <= 60


def test_details_of_wide_characters_fit(tiny):
    item = replace(Shelf().read()[Kind.MODEL][0], facts=(("corpus", "床前明月光" * 9),), text="")
    lines = details(item, 40).plain.splitlines()
    assert len(lines) > 2 and all(cell_len(line) <= 40 for line in lines)


def test_details_wrap_beside_their_names(tiny):
    item = Shelf().read()[Kind.MODEL][0]
    text = details(item, 40).plain
    assert all(len(line) <= 40 for line in text.splitlines())
    assert text.startswith("network")


def test_a_survey_that_is_kept_is_shown_beside_the_limit(winter):
    made = corpus.add(["ab" * 500], "known", "here", entropy_rate=0.25)
    survey.obtain(made)
    [item] = [item for item in Shelf().read()[Kind.CORPUS] if item.name == "known"]
    facts = dict(item.facts)
    assert facts["limit"].startswith("0.2500 nats") and "500 characters" in facts["repeated"]
    assert "scored on 99 of the validation part" in facts["baselines"]
    (made.folder / survey.KEPT).write_text("{torn")
    [item] = [item for item in Shelf().read()[Kind.CORPUS] if item.name == "known"]
    assert "baselines" not in dict(item.facts) and not item.problem


def test_long_texts_of_files_are_laid_out_in_part(tiny, home):
    told = replace(tiny, history=replace(tiny.history, command="漢" * 2_000_000))
    modelfile.save(home / "models" / "told.safetensors", told)
    (home / "models" / "told.md").write_text("x" * 2_000_000)
    [item] = [item for item in Shelf().read()[Kind.MODEL] if item.name == "told"]
    assert len(details(item, 60).plain) < 100_000
    odd = replace(item, columns=("漢" * 2_000_000, "", "", ""))
    assert all(row.cell_length == 60 for row in rows([item, odd], 12, 60))
