"""Files from the web: downloaded whole and verified, or not there.

A download goes to a file of its own, which gets its place in the cache once it is complete and its hash,
where one is known, is right; one that was cut is begun anew. It runs in a thread that whoever waits can
leave at once.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from uuid import uuid4

from engine import __version__, places
from engine.errors import WebError
from engine.storage import make_folder, storage_error

if TYPE_CHECKING:
    import requests

AGENT = f"helo/{__version__}"
MAX_SIZE = 10_000_000_000
"""Bytes of a download whose size nobody knows beforehand."""
MAX_PAGE = 20_000_000
"""Bytes of a page of HTML."""
_PAGES = ("text/html", "application/xhtml+xml")
_UNSAID = ("", "application/octet-stream")
_OK = 200
_REDIRECTS = 10
_PATIENCE = 30.0
"""Seconds for a connection, and in which at least _SLOWEST bytes a second must come."""
_SLOWEST = 1024
_LOOK_EVERY = 0.1
_STALE = 86_400
"""Seconds after which a part of a download is nobody's."""
_BLOCK = 1 << 18

Report = Callable[[int, int | None], object]
"""Called with the bytes that came and those that will have, some ten times a second; may raise, to stop."""


@dataclass(frozen=True)
class Fetched:
    """A file in the cache, and what the server said of it."""

    path: Path
    url: str
    """Where it was found, redirects followed."""
    page: bool = False
    """Whether it is a page of HTML."""
    charset: str | None = None


def is_address(ref: str) -> bool:
    """Whether `ref` begins as an address of the web does."""
    return ref.lower().startswith(("http://", "https://"))


def shown(url: str) -> str:
    """An address without the name and password that it may hold: those are nobody else's to see."""
    return re.sub("(?<=://)[^/?#]*@", "", url)


def fetch(
    url: str,
    hash: str | None = None,
    max_size: int = MAX_SIZE,
    report: Report = lambda done, total: None,
) -> Fetched:
    """The file at `url`, in the cache. One whose sha256 `hash` is known is downloaded once; any other, anew
    each time. Whatever ends it early, nothing is left behind.

    Raises WebError, StorageError, and what `report` raises.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    place = places.cache() / sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    # a name of its own until it is whole: pooch takes what is there as it is where no hash is known
    name = place.name if hash else f"{place.name}.{uuid4().hex}"
    found = Fetched(place, url)

    def download(url: str, to: str, _: object) -> None:
        nonlocal found
        found = _Transfer(url, Path(to), max_size).wait(place, report)

    try:
        make_folder(places.cache())
        _remove_stale_parts(places.cache())
        Path(pooch.retrieve(url, hash, name, places.cache(), downloader=download)).replace(place)
    except OSError as error:
        raise storage_error(place, error) from error
    except ValueError as error:  # pooch's, with both hashes
        raise WebError(
            f"{shown(url)} is not what it should be: {str(error).partition('. ')[0]}"
        ) from error
    return found


def _remove_stale_parts(cache: Path) -> None:
    for part in cache.glob("tmp*"):  # of a process that was killed
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()


class _Transfer(Thread):
    """One download."""

    def __init__(self, url: str, to: Path, max_size: int) -> None:
        super().__init__(daemon=True)
        self._asked, self._url = url, url
        self._to, self._max_size = to, max_size
        self._done = 0
        self._total: int | None = None
        self._page = False
        self._charset: str | None = None
        self._abandoned = False
        self._error: Exception | None = None

    def wait(self, place: Path, report: Report) -> Fetched:
        """Download to `to`, which will have its place in the cache."""
        self.start()
        waited, had = 0.0, 0
        try:
            while self.is_alive():
                self.join(_LOOK_EVERY)
                report(self._done, self._total)
                waited += _LOOK_EVERY  # no clock: it runs on while a process is stopped
                if waited >= _PATIENCE:
                    if self._done - had < _SLOWEST * waited:
                        raise self._fault(f"less than 1 KB/s came for {_PATIENCE:g} s")
                    waited, had = 0.0, self._done
        finally:
            self._abandoned = True
        if self._error:
            raise self._error
        return Fetched(place, self._url, self._page, self._charset)

    def run(self) -> None:
        import requests
        import urllib3

        try:
            with requests.Session() as session:
                self._download(self._response(session))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self._error = self._fault(_reason(error))
        except OSError as error:
            self._error = storage_error(self._to, error)
        except Exception as error:
            self._error = error

    def _response(self, session: requests.Session) -> requests.Response:
        """The answer at the end of the redirects, its body not read: nor is that of a redirect."""
        import requests

        session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
        timeouts = (_PATIENCE, 2 * _PATIENCE)
        for _ in range(_REDIRECTS + 1):
            if not is_address(self._url):
                raise self._fault(
                    f"it leads to {shown(self._url)}: only http and https are fetched"
                )
            request = session.prepare_request(requests.Request("GET", self._url))
            settings = session.merge_environment_settings(self._url, {}, True, None, None)
            # not session.send, which reads the body of a redirect
            adapter = session.get_adapter(self._url)
            response = adapter.send(request, timeout=timeouts, **settings)
            if response.status_code == _OK:
                return response
            response.close()
            if not (target := session.get_redirect_target(response)):
                status = f"{response.status_code} {response.reason or ''}".strip()
                raise self._fault(status, response.status_code)
            self._url = urljoin(self._url, target)
        raise self._fault(f"it was redirected more than {_REDIRECTS} times")

    def _download(self, response: requests.Response) -> None:
        from email.message import Message

        kind = Message()
        kind["content-type"] = response.headers.get("content-type", "")
        if not response.headers.get("content-encoding"):
            length = response.headers.get("content-length", "")
            self._total = int(length) if length.isdecimal() else None
        # made already: where nobody waits any more it is gone, and must not come again
        with response, open(self._to, "r+b") as file:
            while not self._abandoned and (block := response.raw.read1(_BLOCK, True)):
                if not self._done:
                    self._page = _is_page(kind.get_content_type(), block)
                    self._charset = kind.get_content_charset()
                self._done += len(block)
                self._check_size()
                file.write(block)

    def _check_size(self) -> None:
        size = max(self._done, self._total or 0)
        if self._page and size > MAX_PAGE:
            raise self._fault(f"a page of more than {MAX_PAGE // 10**6} MB is no page to read")
        if size > self._max_size:
            raise self._fault(f"it has more than the {self._max_size:,} bytes that are allowed")

    def _fault(self, reason: str, status: int | None = None) -> WebError:
        return WebError(f"cannot fetch {shown(self._asked)}: {reason}", status)


def _is_page(kind: str, head: bytes) -> bool:
    """By what the server says, as far as the first bytes agree; by these alone where it says nothing."""
    start = head[:1024].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if kind in _PAGES:
        return start.startswith(b"<") or (b"<" in start and b"\0" not in start)
    return kind in _UNSAID and start.startswith((b"<!doctype html", b"<html"))


def _reason(error: Exception) -> str:
    """What is at the bottom of an error of requests or urllib3, in a few words."""
    from http.client import IncompleteRead
    from socket import gaierror

    import requests
    import urllib3

    chain: list[BaseException] = [error]
    while below := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(below)
    for cause in reversed(chain):
        if isinstance(cause, gaierror):
            return f"there is no such host, or no network ({cause.strerror})"
        if isinstance(cause, IncompleteRead):
            return "the connection was cut before all had come; try again"
        if isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
            return f"no answer in {_PATIENCE:g} s"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return str(error)
