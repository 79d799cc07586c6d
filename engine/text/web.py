"""Files from the web, downloaded and verified whole or not at all.

A download goes to a temporary file, which moves into the cache once it is complete and its hash, if known,
is right. A download that was cut off starts over. It runs in a thread, so that whoever waits for it can
stop waiting at once.
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

from engine import places
from engine.errors import WebError
from engine.storage import make_folder, storage_error
from engine.version import __version__
from engine.words import shortened

if TYPE_CHECKING:
    import requests

AGENT = f"helo/{__version__}"
MAX_SIZE = 10_000_000_000
"""The most bytes of a download whose size is not known beforehand."""
MAX_PAGE = 20_000_000
"""The most bytes of an HTML page."""
_PAGES = ("text/html", "application/xhtml+xml")
_UNSAID = ("", "application/octet-stream")
_OK = 200
_REDIRECTS = 10
_PATIENCE = 30.0
"""Seconds to wait for a connection, and over which at least _SLOWEST bytes per second must arrive."""
_SLOWEST = 1024
_LOOK_EVERY = 0.1
_STALE = 86_400
"""Seconds after which a partial download counts as abandoned."""
_BLOCK = 1 << 18

Report = Callable[[int, int | None], object]
"""Called about ten times per second with the bytes received and their total, if known. May raise an
exception to stop."""


@dataclass(frozen=True)
class Fetched:
    """A file in the cache, and what the server said about it."""

    path: Path
    url: str
    """Its address after redirects."""
    page: bool = False
    """Whether it is an HTML page."""
    charset: str | None = None


def is_address(ref: str) -> bool:
    """Whether `ref` begins like a web address."""
    return ref.lower().startswith(("http://", "https://"))


def shown(url: str) -> str:
    """An address without the user name and password that it may contain: nobody else should see them."""
    return re.sub("(?<=://)[^/?#]*@", "", url)


def fetch(
    url: str,
    hash: str | None = None,
    max_size: int = MAX_SIZE,
    report: Report = lambda done, total: None,
) -> Fetched:
    """Download the file at `url` into the cache.

    With a sha256 `hash`, the file is downloaded only once; otherwise, each time. On any failure, nothing is
    left on disk.

    Raises WebError, StorageError, and what `report` raises.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    place = places.cache() / sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    # a unique name until it is complete: without a hash, pooch accepts whatever file is there
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
    except ValueError as error:  # from pooch, with both hashes
        raise WebError(
            f"{shortened(shown(url))} is not what it should be: {str(error).partition('. ')[0]}"
        ) from error
    return found


def _remove_stale_parts(cache: Path) -> None:
    for part in cache.glob("tmp*"):  # left by a process that was killed
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()


class _Transfer(Thread):
    """One download, in a thread."""

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
        """Run the download and wait for it. The result names `place`, where the cache will have the
        file."""
        self.start()
        waited, had = 0.0, 0
        try:
            while self.is_alive():
                self.join(_LOOK_EVERY)
                report(self._done, self._total)
                waited += _LOOK_EVERY  # a clock would run on while the process is stopped
                if waited >= _PATIENCE:
                    if self._done - had < _SLOWEST * waited:
                        raise self._fault(f"less than 1 KB/s arrived for {_PATIENCE:g} s")
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
        """The response after all redirects. No body has been read yet, nor that of any redirect."""
        import requests

        session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
        timeouts = (_PATIENCE, 2 * _PATIENCE)
        for _ in range(_REDIRECTS + 1):
            if not is_address(self._url):
                raise self._fault(
                    f"it redirects to {shortened(shown(self._url))}: only http and https are fetched"
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
        # the file exists; if the caller gave up, it was deleted and must not be made again
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
            raise self._fault(f"a page of more than {MAX_PAGE // 10**6} MB is too large to read")
        if size > self._max_size:
            raise self._fault(f"it is larger than the {self._max_size:,} bytes allowed")

    def _fault(self, reason: str, status: int | None = None) -> WebError:
        return WebError(
            f"cannot fetch {shortened(shown(self._asked))}: {shortened(reason)}", status
        )


def _is_page(kind: str, head: bytes) -> bool:
    """Whether the server says it is a page and the first bytes agree. If the server says nothing, the first
    bytes decide."""
    start = head[:1024].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if kind in _PAGES:
        return start.startswith(b"<") or (b"<" in start and b"\0" not in start)
    return kind in _UNSAID and start.startswith((b"<!doctype html", b"<html"))


def _reason(error: Exception) -> str:
    """The root cause of an error from requests or urllib3, in a few words."""
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
            return "the connection was cut before everything had arrived; try again"
        if isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
            return f"no answer in {_PATIENCE:g} s"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return str(error)
