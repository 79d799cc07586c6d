"""helo inspect units: which unit tells what, as text and as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.inspecting.properties import PROPERTIES
from tests.conftest import SONNET, Cli
from tui import telling

LONG = (SONNET.encode() + b"\n") * 20


def test_every_property_has_a_row(cli: Cli, tiny: object) -> None:
    done = cli("inspect", "units", "tiny", "--text", "-", stdin=LONG)
    assert done.status == 0, done.err
    said = " ".join(done.out.split())
    for sentence in (telling.AUC, telling.BASELINES, telling.NOT_SAID):
        assert sentence in said
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert set(PROPERTIES) <= set(rows)
    assert telling.RARE in rows["deep"] and "layers." in rows["far"]
    assert "of standard input; labels of other stretches from the same text" in said
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_json_has_the_numbers(cli: Cli, tiny: object) -> None:
    found = json.loads(cli("inspect", "units", "tiny", "--text", "-", "--json", stdin=LONG).out)
    assert found["model"] == "tiny" and found["text"] == "standard input"
    names = [each["property"] for each in found["properties"]]
    assert names == list(PROPERTIES)
    far = found["properties"][names.index("far")]
    assert far["unit"].startswith("layers.") and 0.5 <= far["last_character"] <= 1
    best = max(far["last_character"], far["untrained"], far["chance"])
    assert far["found"] == (far["auc"] >= best + 0.02)


def test_an_expression_is_a_property(cli: Cli, tiny: object) -> None:
    done = cli("inspect", "units", "tiny", "--text", "-", "--match", "th.", stdin=LONG)
    assert done.status == 0 and "th.: the character is in a match of the expression" in done.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--find", "quots"], "no property 'quots': there are quotes, brackets, "),
        (["--match", "a[b"], "--match: unterminated character set, at character 2: a▸[b"),
        (["--match", "x", "--find", "far"], "--find and --match name two properties"),
        (["--text", "-"], "the text has 5 characters: a search for units takes 2,000 or more"),
    ],
)
def test_what_cannot_be_looked_for(
    cli: Cli, tiny: object, options: list[str], message: str
) -> None:
    done = cli("inspect", "units", "tiny", *options, stdin=b"thee\n")
    assert done.status and message in done.err and len(done.err.strip().splitlines()) <= 2


def test_without_a_text_it_reads_what_the_model_writes(cli: Cli, tiny: object, home: Path) -> None:
    found = json.loads(cli("inspect", "units", "tiny", "--find", "far", "--json").out)
    assert found["text"] == "a text that it wrote itself" and found["chars"] == 20_000
    assert found["others"] == "the same text, moved along it"
