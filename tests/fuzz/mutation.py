"""Damage, of bytes and of JSON: what a full disk, another program, or someone with an intent leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

_DEEP = (60, 100_000)
RAW = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e300", "1e-300", "-0.0", "0.5", "1e16"),
    *("0", "1", "-1", "2", "255", "65537", "4294967296", str(2**63 - 1), str(2**63), str(-(2**63))),
    *("9" * 400, "-" + "9" * 400, "9" * 5000, "1" + "0" * 19, "true", "false", "null"),
    *('""', "[]", "{}", '[""]', "[null]", '{"": 0}', '{"a": 1}', "[0, 1, 2]", "[[1.0], [2.0]]"),
    *("[" * n + "]" * n for n in _DEEP),
    *('{"a":' * n + "1" + "}" * n for n in _DEEP),
    *("[" + "0," * n + "0]" for n in (100, 100_000)),
)
"""JSON values that stand where others should."""
TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\0",
        "a",
        "é",
        "ß",
        "\u202eabc",
        "\u200b",
        "\ufeff",
        "\U000e0041",
        "\U0001faea",
    ),
    *(
        "\ud800",
        "\udfff\ud800",
        "\ufffe",
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\x7f",
        "\r\n\t",
    ),
    *(
        "../../x",
        "/etc/passwd",
        "~",
        "a/b",
        "..",
        "-x",
        "@x",
        "[bold]",
        "[/",
        "[red]x[/red]",
        "{0}",
    ),
    *(
        "{}",
        "%s",
        "nan",
        "1",
        "none",
        "helo/2",
        "float64",
        "best",
        "byte",
        "char",
        "a\0b",
        "name\n" * 9,
    ),
    *("a" * 5000, "\x1b" * 5000, "漢" * 70_000, "x y " * 50_000),
)
"""Texts that stand where others should."""


def raw(rng: Random) -> str:
    """A JSON value, as it is written."""
    if rng.random() < 0.45:
        return json.dumps(rng.choice(TEXTS), ensure_ascii=rng.random() < 0.8)
    if rng.random() < 0.2:
        return repr(
            rng.choice((rng.randint(-9, 300), rng.uniform(-2, 2), 10 ** rng.uniform(-30, 30)))
        )
    return rng.choice(RAW)


def mutate_json(rng: Random, text: str) -> bytes:
    """A JSON document with one to three faults: values, keys and lists that are others, lack or recur."""
    data, places = json.loads(text), dict[str, str]()

    def put() -> str:
        """A stand-in for what JSON's own writer would not write."""
        places[mark := f"<{len(places)}>"] = raw(rng)
        return mark

    for _ in range(rng.choice((1, 1, 2, 3))):
        data = _mutated(rng, data, put)
    written = json.dumps(data, indent=rng.choice((None, None, 1)))
    for mark, value in places.items():
        written = written.replace(json.dumps(mark), value)
    if rng.random() < 0.05 and written.startswith("{"):  # a key that stands twice
        key = json.dumps(rng.choice([*data]) if data and isinstance(data, dict) else "a")
        written = f"{{{key}: {raw(rng)}, {written[1:]}" if rng.random() < 0.5 else written
    result = written.encode("utf-8", "surrogatepass")
    return mutate_bytes(rng, result) if rng.random() < 0.1 else result


def _mutated(rng: Random, data: Any, put: Callable[[], str]) -> Any:
    """The data with one fault somewhere in it."""
    down = isinstance(data, dict | list) and data and rng.random() < 0.9
    if not down:
        return put()
    if isinstance(data, list):
        place = rng.randrange(len(data))
        changed = list(data)
        match rng.randrange(6):
            case 0:
                del changed[place]
            case 1:
                changed.insert(place, put())
            case 2:
                changed *= rng.choice((2, 3, 300))
            case _:
                changed[place] = _mutated(rng, changed[place], put)
        return changed
    key = rng.choice([*data])
    changed = dict(data)
    match rng.randrange(9):
        case 0:
            del changed[key]
        case 1:
            changed[rng.choice(TEXTS)] = put()
        case 2:
            changed[rng.choice(TEXTS)] = changed.pop(key)
        case 3:
            changed[key] = changed[rng.choice([*data])]
        case _:
            changed[key] = _mutated(rng, changed[key], put)
    return changed


def mutate_lines(rng: Random, lines: list[str]) -> bytes:
    """Lines of JSON, some of them with faults, twice, in another order, or cut."""
    made = [line.encode() for line in lines]
    for _ in range(rng.choice((1, 2, 5))):
        place = rng.randrange(len(made))
        match rng.randrange(8):
            case 0:
                made.insert(rng.randrange(len(made)), made[place])
            case 1:
                made[place] = mutate_bytes(rng, made[place])
            case 2:
                made[place] = raw(rng).encode("utf-8", "surrogatepass")
            case _:
                line = rng.choice(lines)
                made[place] = mutate_json(rng, line).replace(b"\n", b" ")
    if rng.random() < 0.1:
        rng.shuffle(made)
    text = b"\n".join(made) + b"\n"
    return mutate_bytes(rng, text) if rng.random() < 0.1 else text


def mutate_bytes(rng: Random, data: bytes) -> bytes:
    """Bytes flipped, cut off, left out, repeated, put in or zeroed."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 30))):
        size = len(changed)
        place = rng.randrange(size) if size else 0
        length = rng.choice((1, 2, 8, 60, 500))
        match rng.randrange(8):
            case 0 | 1 if size:
                changed[place] ^= 1 << rng.randrange(8)
            case 2 if size:
                changed[place] = rng.choice((0, 1, 0x20, 0x7F, 0x80, 0xFF, 0x22, 0x7B))
            case 3:
                del changed[place:]
            case 4:
                del changed[place : place + length]
            case 5:
                changed[place:place] = changed[place : place + length] * rng.choice((1, 2, 40))
            case 6:
                changed[place:place] = rng.randbytes(length)
            case _:
                changed[place : place + length] = bytes(len(changed[place : place + length]))
    return bytes(changed)
