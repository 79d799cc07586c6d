"""`helo bench`: how fast helo is on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from engine.cells import CELLS, named
from engine.config import DTYPES, ModelConfig
from engine.errors import UsageError
from engine.words import quoted
from tui.cli.shared import completing
from tui.cli.shared.options import BATCH, DEVICE, LAYERS, SEQ_LENGTH, Command, Json, group, option
from tui.cli.shared.output import emit, progress
from tui.cli.shared.tables import table
from tui.phrases import number

_CELL = option(
    "--cell",
    shows="CELL",
    help=f"One of {', '.join(CELLS)}; may be repeated.",
    parser=named,
    offers=completing.cells,
)
_HIDDEN = option("--hidden", shows="N", help="Units per layer.")
_DTYPES = tuple(dtype for dtype in DTYPES if dtype not in ("auto", "float64"))

app = group("Measure how fast helo is on this machine.")


@app.command(cls=Command)
def start(json: Json = False) -> None:
    """Time helo --version, the app's first frame and its first character."""
    from tui.cli.shared import startup

    with progress("starting", unit="runs") as report:
        found = startup.measure(report)
    if json:
        emit(found, indent=2)
        return
    rows = [[str(row["command"]), f"{row['seconds']:.3f} s"] for row in found]
    table({"command": "left", "median": "right"}, rows)


@app.command(cls=Command)
def sample(
    cell: Annotated[list[str], _CELL] = list(CELLS),  # noqa: B006 - Typer only reads it
    hidden: Annotated[int, _HIDDEN] = 512,
    layers: Annotated[int, LAYERS] = 2,
    json: Json = False,
) -> None:
    """Measure writing on one thread, as in the app, compared with torch and the limit set by memory."""
    from engine.writing import bench

    found = []
    for config in [ModelConfig(name, hidden, layers) for name in cell]:
        with progress(str(config), unit="rounds") as report:
            found.append(bench.writing_speed(config, report))
    if json:
        emit([asdict(speed) for speed in found], indent=2)
        return
    columns = {
        "network": "left",
        "characters/s": "right",
        "network alone": "right",
        "of it": "right",
    }
    columns |= {"torch, call by call": "right", "× torch": "right", "of the limit": "right"}
    table(
        columns,
        [
            [
                f"{speed.cell} {speed.hidden}×{speed.layers}",
                f"{speed.chars_per_second:,.0f}",
                f"{speed.logits_per_second:,.0f}",
                f"{speed.network_ratio:.0%}",
                number(speed.torch_chars_per_second, ",.0f"),
                number(speed.torch_ratio, ".1f"),
                f"{speed.limit_ratio:.0%}",
            ]
            for speed in found
        ],
    )


@app.command(cls=Command)
def train(
    cell: Annotated[list[str], _CELL] = list(CELLS),  # noqa: B006 - Typer only reads it
    hidden: Annotated[int, _HIDDEN] = 512,
    layers: Annotated[int, LAYERS] = 2,
    batch: Annotated[int, BATCH] = 64,
    seq_length: Annotated[int, SEQ_LENGTH] = 128,
    dtype: Annotated[
        list[str],
        option(
            "--dtype",
            shows="DTYPE",
            help=f"One of {', '.join(_DTYPES)}; may be repeated.",
            offers=completing.one_of(*_DTYPES),
        ),
    ] = ["float32"],  # noqa: B006 - Typer only reads it
    device: Annotated[str, DEVICE] = "cpu",
    threads: Annotated[int, option("--threads", shows="N", help="0 uses all.")] = 0,
    json: Json = False,
) -> None:
    """Measure training, compared with torch's own modules and with matrix products alone."""
    from engine.runs import launch, recipe

    found = []
    for config in [ModelConfig(name, hidden, layers) for name in cell]:
        for each in dtype:
            if each not in _DTYPES:
                raise UsageError(f"--dtype must be one of {', '.join(_DTYPES)}, not {quoted(each)}")
            machine = {"device": device, "dtype": each, "threads": threads}
            recipe.check(
                {**asdict(config), "batch": batch, "seq_length": seq_length, "steps": 1, **machine}
            )
            with progress(f"{config} {each}", unit="rounds") as report:
                found.append(
                    launch.training_speed(
                        config, batch, seq_length, each, device, threads, lambda n: report(n, None)
                    )
                )
    if json:
        emit(found, indent=2)
        return
    columns = {"network": "left", "batch": "right", "precision": "left", "characters/s": "right"}
    table(
        columns | {"× torch": "right", "of the limit": "right"}, [_training_row(f) for f in found]
    )


def _training_row(found: dict[str, Any]) -> list[str]:
    return [
        f"{found['cell']} {found['hidden']}×{found['layers']}",
        f"{found['batch']}×{found['seq_length']}",
        found["dtype"],
        f"{found['chars_per_second']:,.0f}",
        number(found["torch_ratio"], ".2f"),
        number(found["limit_ratio"], ".0%"),
    ]
