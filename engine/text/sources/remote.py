"""Sources that lead to others: a web address, a page and the pages it links to, a file of references.

Nothing is fetched until the documents are read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from time import sleep
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from engine import places
from engine.errors import CorpusError, NotFoundError, WebError
from engine.text import html, web
from engine.text.sources.document import Document, Ledger, Source
from engine.text.sources.local import find_path, stem
from engine.text.sources.reading import Reading
from engine.text.sources.text import blocks
from engine.words import shortened

if TYPE_CHECKING:
    from urllib.robotparser import RobotFileParser

PAUSE = 1.0
"""Seconds to wait before each page of a list, to go easy on the server."""
_LOOK_EVERY = 0.1
_MOST_RULES = 500_000
"""The most bytes of a robots.txt."""
_ODD_PAUSE = re.compile(
    r"\s*(request-rate|crawl-delay)\s*:(?!\s*[0-9]{1,6}\s*(#.*)?$)", re.IGNORECASE
)
"""A line of a robots.txt about pauses that is not a plain number of seconds: urllib may fail on it."""
_MOST_LISTED = 10_000_000
"""The most bytes of a file of references."""


def find_address(
    url: str, reading: Reading, hash: str | None = None, max_size: int = web.MAX_SIZE
) -> Source:
    """The source at an address: a file, the text of a page, or, with --glob, the pages of the same host
    that it links to. `hash` is the sha256 of the download, `max_size` the most bytes it may have.

    Raises WebError for an invalid address.
    """
    ledger = Ledger(reading.max_size)
    try:
        parts, shown = urlsplit(url), web.shown(url)
    except ValueError as error:
        raise WebError(
            f"{shortened(web.shown(url))} is not a valid address: {shortened(str(error))}"
        ) from error
    file = PurePosixPath(unquote(parts.path)).name

    def documents() -> Iterator[Document]:
        ledger.stage = "fetching"
        found = web.fetch(url, hash, max_size, ledger.report)
        if not found.page:
            ledger.stage = ""
            yield from _documents(find_path(found.path, reading, file, shown), ledger)
            return
        charset = reading.encoding or found.charset
        page = html.read(found.path, found.url, charset, lambda: ledger.count(0))
        if reading.glob:
            wanted = [
                link for link in page.links if reading.wants(unquote(urlsplit(link).path)[1:])
            ]
            if not wanted:
                raise CorpusError(f"{shown} has no links to its own host that match --glob")
            plain = replace(reading, glob=())
            yield from _each(wanted, lambda link: find_address(link, plain), ledger)
        else:
            text = page.text.encode("utf-8", "replace")
            ledger.count(len(text))
            yield Document(shown, len(text), iter([text]), made=True)

    return Source(stem(file) or parts.hostname or "", shown, "", documents(), ledger)


def find_list(path: str, reading: Reading, find: Callable[[str, Reading], Source]) -> Source:
    """The source made of the addresses, paths and built-in corpora that a file names, one per line. Each is
    found by `find`. Lines that begin with # are comments.

    Raises NotFoundError, CorpusError.
    """
    place = places.typed(path)
    plain = Reading(max_size=_MOST_LISTED)
    listed = find_path(place, plain, place.name, path)
    lines = "".join(map(str, blocks(listed, plain))).splitlines()
    refs = [ref for line in lines if (ref := line.strip()) and not ref.startswith("#")]
    if not refs:
        raise CorpusError(f"{path} names no source: write one address or path per line")
    if nested := next((ref for ref in refs if ref.startswith("@") or ref == "-"), None):
        raise CorpusError(f"{path} names {nested}: it can only list addresses and paths")
    ledger = Ledger(reading.max_size)
    return Source(
        stem(place.name),
        str(place),
        "",
        _each(refs, lambda ref: find(ref, reading), ledger),
        ledger,
        place=os.path.abspath(place),
    )


def _documents(inner: Source, ledger: Ledger) -> Iterator[Document]:
    inner.ledger.within(ledger)
    return inner.documents


def _each(refs: Sequence[str], find: Callable[[str], Source], ledger: Ledger) -> Iterator[Document]:
    """The documents of one source after another. Sources that cannot be fetched or found are left out and
    named.

    If all fail, the last one's error is raised.
    """
    manners, failed = _Manners(ledger), 0
    for n, ref in enumerate(refs, start=1):
        ledger.stage = f"{n} of {len(refs)}"
        try:
            if web.is_address(ref):
                manners.wait(ref)
            yield from _documents(find(ref), ledger)
        except (NotFoundError, WebError) as error:
            failed += 1
            if failed == len(refs):
                raise
            ledger.note("left out", str(error))


class _Manners:
    """What hosts ask of programs that read many of their pages."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rules: dict[str, RobotFileParser] = {}

    def wait(self, url: str) -> None:
        """Wait before `url` is fetched.

        Raises WebError if the host's robots.txt forbids it.
        """
        robots = urljoin(url, "/robots.txt")
        if robots not in self._rules:
            self._rules[robots] = self._read(robots)
        rules = self._rules[robots]
        if not rules.can_fetch(web.AGENT, url):
            raise WebError(
                f"cannot fetch {shortened(web.shown(url))}: the host's robots.txt forbids it"
            )
        pause = max(PAUSE, float(rules.crawl_delay(web.AGENT) or 0))
        for _ in range(round(pause / _LOOK_EVERY)):
            sleep(_LOOK_EVERY)
            self._ledger.count(0)  # which may raise, to stop

    def _read(self, url: str) -> RobotFileParser:
        """The rules of a robots.txt. If there is no such file, everything is allowed; if it cannot be read,
        nothing is (RFC 9309, 2.3.1)."""
        from urllib.robotparser import RobotFileParser

        try:
            lines = web.fetch(url, max_size=_MOST_RULES).path.read_text("utf-8", "replace")
        except WebError as error:
            missing = error.status is not None and 400 <= error.status < 500
            lines = "" if missing else "User-agent: *\nDisallow: /"
        rules = RobotFileParser(url)
        rules.parse([line for line in lines.splitlines() if not _ODD_PAUSE.match(line)])
        return rules
