"""Numbers and plurals in messages."""

SHORT, LONG = 80, 240
"""Characters of a value, and of a path or a list, in the line of an error."""


def plural(n: float, one: str, many: str = "") -> str:
    """The noun for `n` things: `one` if n is 1, else `many`, which defaults to `one` with an s."""
    return one if n == 1 else many or f"{one}s"


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 file`, `1,363 files`."""
    return f"{n:,} {plural(n, one, many)}"


def shortened(text: str, most: int = SHORT) -> str:
    """A text for the line of an error: the middle of a long one is left out."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[1 - most // 2 :]}"


def quoted(value: object) -> str:
    """A value as the line of an error shows it, `shortened`."""
    return shortened(repr(value))
