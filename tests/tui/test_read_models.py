"""All models side by side on the text that is read."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import OptionList

from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs.writers import verdict
from tests.conftest import SONNET, random_model
from tests.tui.test_read import reading, see
from tests.tui.writing import Until
from tui.read.models import ModelsDialog
from tui.read.page import Page


async def test_they_are_sorted_by_bits_and_one_is_taken(
    home: Path, bundled: Path, tiny: Model, tmp_path: Path, until: Until
) -> None:
    other = random_model(text=SONNET.replace("R", ""))
    modelfile.save(bundled / "other.safetensors", other)
    modelfile.save(home / "models" / "blind.safetensors", random_model(text="日本☃"))
    (home / "models" / "broken.safetensors").write_bytes(b"\0" * 99)
    (home / "runs" / "run").mkdir(parents=True)
    modelfile.save(home / "runs" / "run" / "best.safetensors", tiny)
    path = tmp_path / "sonnet.txt"
    path.write_text(SONNET)
    async with reading(until, str(path)) as (screen, pane):
        await screen.press("m")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, ModelsDialog))
        await until(screen.pilot, lambda: see(screen, "#models").count(".") > 2)
        found = {"tiny": verdict(tiny, SONNET), "other": verdict(other, SONNET)}
        names = sorted(found, key=lambda name: found[name].bits_per_char)
        lines = see(screen, "#models").splitlines()
        for line, name in zip(lines, names, strict=False):
            assert name in line and f"{found[name].bits_per_char:.4f}" in line
        assert "▶" in lines[0] and "▶" not in lines[1]
        assert "%" in next(line for line in lines if "other" in line)
        rest = "\n".join(lines[2:])
        assert "two characters" in rest and "damaged" in rest and "run" not in rest
        table = screen.app.screen.query_one(OptionList)
        table.highlighted = len(lines) - 1
        await screen.press("enter")
        await until(screen.pilot, lambda: "broken" in screen.toasts)
        assert isinstance(screen.app.screen, ModelsDialog)
        table.highlighted = names.index("other")
        await screen.press("enter")
        await until(
            screen.pilot,
            lambda: pane._reading and pane._reading.finished and pane._opened.ref == "other",
        )
        assert "read by other" in str(screen.app.screen.query_one(Page).border_title)
        assert f"of {len(SONNET) - 1}" in see(screen, "#facts")
