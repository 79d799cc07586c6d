"""`helo bench`: how fast helo is on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from engine.config import CELLS, ModelConfig
from tui.cli.options import Command, Json, group, option
from tui.cli.output import emit, progress, table

app = group("Measure how fast helo is here.")


@app.command(cls=Command)
def start(json: Json = False) -> None:
    """Time helo --version, the app's first frame and its first character."""
    from tui.cli import startup

    with progress("starting", unit="runs") as report:
        found = startup.measure(report)
    if json:
        emit(found, indent=2)
        return
    rows = [[str(row["command"]), f"{row['seconds']:.3f} s"] for row in found]
    table({"command": "left", "median": "right"}, rows)


@app.command(cls=Command)
def sample(
    cell: Annotated[
        list[str],
        option("--cell", shows="CELL", help=f"One of {', '.join(CELLS)}; may be given again."),
    ] = ["lstm"],  # noqa: B006 - Typer only reads it
    hidden: Annotated[int, option("--hidden", shows="N", help="Units a layer.")] = 512,
    layers: Annotated[int, option("--layers", shows="N", help="Layers one on another.")] = 2,
    json: Json = False,
) -> None:
    """Measure writing, beside torch and beside what the memory allows."""
    from engine import bench

    configs = [ModelConfig(name, hidden, layers) for name in cell]
    found = []
    for config in configs:
        with progress(f"{config.cell} {hidden}×{layers}", unit="rounds") as report:
            found.append(bench.writing_speed(config, report))
    if json:
        emit([asdict(speed) for speed in found], indent=2)
        return
    columns = {"cell": "left", "characters/s": "right", "network alone": "right"}
    columns |= {"torch, a call each": "right", "× torch": "right", "of the limit": "right"}
    table(
        columns,
        [
            [
                f"{speed.cell} {speed.hidden}×{speed.layers}",
                f"{speed.chars_per_second:,.0f}",
                f"{speed.logits_per_second:,.0f}",
                f"{speed.torch_chars_per_second:,.0f}",
                f"{speed.torch_ratio:.1f}",
                f"{speed.limit_ratio:.0%}",
            ]
            for speed in found
        ],
    )
