"""Numbers that no command can use are refused in a line that names the option, and its limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer

from docs.commands import commands
from tests.conftest import Cli
from tui.cli.main import app

HOPELESS = ("100000000000000000000", "-1", "nan", "inf", "-inf", "1e400", "9" * 5000)
NEEDED = {
    "score": ("-",),
    "train": ("hello",),
    "race": ("hello",),
    "runs lr": ("none",),
    "runs clip": ("none",),
    "runs dropout": ("none",),
    "corpora add": ("hello",),
    "inspect why": ("tiny", "--text", "Shall I compare thee"),
}
"""What stands without a name where a command must have it."""
ALLOWED = {("sample", "--seed", "-1"), ("complete", "--seed", "-1")}
TEXTS_THAT_ARE_NUMBERS = (("corpora add", "--max-size"),)


def numbers() -> Iterator[tuple[str, str]]:
    """(command, option) of everything that takes a number; "" is what stands without a name."""
    for path, command in commands(typer.main.get_command(app)):
        for parameter in command.params:
            if parameter.type_descriptor.annotation in (int, float):
                named = parameter.param_type_name == "option"
                yield path, max(parameter.opts, key=len) if named else ""
    yield from TEXTS_THAT_ARE_NUMBERS


FOUND = list(numbers())


def test_the_numbers_are_found() -> None:
    assert {
        ("sample", "--length"),
        ("train", "--steps"),
        ("runs lr", ""),
        ("bench train", "--threads"),
    } <= {*FOUND}
    assert len(FOUND) > 30


@pytest.mark.parametrize(("path", "option"), FOUND, ids=lambda name: name or "argument")
def test_a_number_out_of_bounds_is_refused(cli: Cli, tiny: object, path: str, option: str) -> None:
    for value in HOPELESS:
        if (path, option, value) in ALLOWED:
            continue
        given = (f"{option}={value}",) if option else ("--", value)
        before = NEEDED.get(path, ())
        if not option:
            given = ("--", *before, value)
            before = ()
        done = cli(*path.split(), *before, *given, stdin=b"Shall I compare thee")
        said = f"{path} {option} {value[:30]}: {done.status} {done.out[:200]} {done.err[:300]}"
        assert done.status in (1, 2) and done.out == "", said
        assert done.err.startswith("helo: ") and done.err.count("\n") == 1, said
        assert "unexpected" not in done.err and "Traceback" not in done.err, said
        assert len(done.err) < 400, said
        if option:
            assert done.status == 2 and option in done.err, said
