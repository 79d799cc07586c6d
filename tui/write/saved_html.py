"""A passage as a web page in one file, without scripts and without anything to be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from tui.width import INSIDE, spans
from tui.write.passage import Passage
from tui.write.saved_page import Page, legend_of, page_of, style

_HEAD = """\
<!doctype html>
<html class="page">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{model}</title>
<style>
{style}
body {{ margin: 2rem auto; max-width: 80ch; padding: 0 1rem; font: 1rem/1.5 monospace }}
h1 {{ font-size: 1.2rem }}
pre {{ font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4 }}
</style>
</head>
<body class="text">
<h1><bdi>{model}</bdi></h1>
<p><bdi>{facts}</bdi></p>
<p>surprisal in bits: {legend}</p>
<pre dir="auto">
"""
"""A parser leaves out the line end after `<pre>`, so that one in the text would not be."""


def html(passage: Passage) -> Iterator[str]:
    """The page of a passage as it is now, in parts."""
    return _html(page_of(passage))


def _html(page: Page) -> Iterator[str]:
    legend = " ".join(_span(sample.text, sample.classes) for sample in legend_of(page))
    yield _HEAD.format(
        model=escape(page.model),
        facts=escape(" · ".join(page.facts)),
        legend=legend,
        style=style(".{} {{ color: {} }}", ".{} {{ background: {} }}"),
    )
    start = 0
    for line in page.text.splitlines(keepends=True):
        yield _line(page, start, line)
        start += len(line)
    yield "</pre>\n</body>\n</html>\n"


def _line(page: Page, start: int, line: str) -> str:
    """A line of the text, which begins at `start`, with its line end."""
    body = line.removesuffix("\n")
    parts = ((page.classes(start + a, start + b), body[a:b]) for a, b in spans(body))
    runs = groupby(parts, key=lambda part: part[0])
    text = "".join(_span("".join(text for _, text in run), classes) for classes, run in runs)
    return text + line[len(body) :]


def _span(text: str, classes: str) -> str:
    shown = escape(text.replace(INSIDE, ""))
    return f'<span class="{classes}">{shown}</span>' if classes else shown
