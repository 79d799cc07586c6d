"""Words that messages of all wings share."""


def counted(n: int, one: str, many: str = "") -> str:
    """How many there are of something: `1 file`, `1,363 files`; `many` where an s is not enough."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
