"""Downloads: whole and verified, or not there; every fault is one line."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine import places
from engine.errors import StorageError, WebError
from engine.text import web
from engine.version import __version__
from tests.web import Handler, Server

TEXT = b"of York\n" * 1000
HASH = hashlib.sha256(TEXT).hexdigest()


def cached() -> list[Path]:
    return list(places.cache().iterdir()) if places.cache().exists() else []


def fault(url: str, **limits: object) -> WebError:
    """How fetching fails; nothing is left behind."""
    with pytest.raises(WebError) as caught:
        web.fetch(url, **limits)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert not cached()
    return caught.value


def test_a_file_comes_whole_with_progress(server: Server, home: Path) -> None:
    told: list[tuple[int, int | None]] = []
    url = server.serve("/notes.txt", TEXT)
    found = web.fetch(url, report=lambda done, total: told.append((done, total)))
    assert found.path.read_bytes() == TEXT and found.path.parent == home / "cache"
    assert cached() == [found.path]
    assert told[-1] == (len(TEXT), len(TEXT))
    assert server.agents == {f"helo/{__version__}"}


def test_chunks_and_an_end_by_hanging_up(server: Server) -> None:
    def chunks(handler: Handler) -> None:
        handler.begin(200, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(b"8\r\n" + TEXT[:8] + b"\r\n4\r\n" + TEXT[8:12] + b"\r\n0\r\n\r\n")

    def hang_up(handler: Handler) -> None:
        handler.begin()
        handler.wfile.write(TEXT)
        handler.hang_up()

    assert web.fetch(server.answer("/chunks", chunks)).path.read_bytes() == TEXT[:12]
    assert web.fetch(server.answer("/end", hang_up)).path.read_bytes() == TEXT


def test_what_is_verified_is_fetched_once_and_what_moves_anew(server: Server) -> None:
    url = server.serve("/notes.txt", TEXT)
    first, again = web.fetch(url, HASH), web.fetch(url, HASH)
    assert first.path == again.path and server.asked == ["/notes.txt"]
    first.path.write_bytes(b"damaged")
    assert web.fetch(url, HASH).path.read_bytes() == TEXT
    server.serve("/notes.txt", b"another text")
    assert web.fetch(url).path.read_bytes() == b"another text"
    assert len(cached()) == 1


def test_a_wrong_hash_is_refused_with_both(server: Server) -> None:
    error = fault(server.serve("/notes.txt", b"forged"), hash=HASH)
    assert HASH in str(error) and hashlib.sha256(b"forged").hexdigest() in str(error)


def test_a_status_is_told(server: Server) -> None:
    error = fault(server.url("/none"))
    assert "404 Not Found" in str(error) and error.status == 404
    assert fault(server.answer("/busy", lambda h: h.begin(503))).status == 503


def test_redirects_are_followed_within_the_web(server: Server) -> None:
    server.serve("/notes.txt", TEXT)
    server.redirect("/there", "/notes.txt")
    found = web.fetch(server.redirect("/here", "there"))
    assert found.path.read_bytes() == TEXT and found.url == server.url("/notes.txt")


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("/round", "redirected more than 10 times"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/x", "only http and https"),
    ],
)
def test_redirects_that_go_wrong(server: Server, to: str, says: str) -> None:
    assert says in str(fault(server.redirect("/round", to)))


def test_a_redirect_without_an_end_is_not_read(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.begin(302, {"Location": "/notes.txt"})
        handler.hang_up()
        while not server.over.is_set():
            handler.wfile.write(TEXT)

    server.serve("/notes.txt", TEXT)
    assert web.fetch(server.answer("/here", answer)).path.read_bytes() == TEXT


@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_connection_is_no_file(server: Server, chunked: bool) -> None:
    assert "cut" in str(fault(server.cut("/notes.txt", TEXT, chunked)))


def test_a_body_without_an_end_is_left(server: Server) -> None:
    url = server.endless("/endless", TEXT)
    assert "1,000,000 bytes" in str(fault(url, max_size=1_000_000))


def test_a_size_that_is_told_is_believed_before_it_comes(server: Server) -> None:
    def answer(handler: Handler) -> None:
        handler.begin(200, {"Content-Length": "1000001"})
        handler.wfile.write(b"x")

    assert "1,000,000 bytes" in str(fault(server.answer("/big", answer), max_size=1_000_000))


def test_a_compressed_body_counts_as_what_it_becomes(server: Server) -> None:
    import gzip

    def answer(handler: Handler) -> None:
        body = gzip.compress(bytes(5_000_000))
        handler.begin(200, {"Content-Encoding": "gzip", "Content-Length": str(len(body))})
        handler.wfile.write(body)

    assert "1,000,000 bytes" in str(fault(server.answer("/bomb", answer), max_size=1_000_000))


@pytest.mark.parametrize("path", ["/drip", "/silent"])
def test_what_only_drips_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.3)
    monkeypatch.setattr(web, "_LOOK_EVERY", 0.05)
    server.endless("/drip", b"x", pause=0.02)
    server.answer("/silent", lambda handler: server.over.wait())
    assert "less than 1 KB/s" in str(fault(server.url(path)))


def test_hosts_that_do_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    assert "refused" in str(fault(f"http://127.0.0.1:{closed}/x")).lower()
    assert "no such host" in str(fault("http://no-such-host.invalid/x"))


@pytest.mark.parametrize(
    "url", ["http://", "http://[x/", "http://a b/", "http://\udce9/", "http://" + "x" * 300]
)
def test_what_is_no_address(url: str) -> None:
    fault(url)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, WebError("stopped")])
def test_stopping_leaves_at_once_and_leaves_nothing(
    server: Server, stop: type[BaseException]
) -> None:
    url = server.answer("/silent", lambda handler: server.over.wait())

    def report(done: int, total: int | None) -> None:
        raise stop

    with pytest.raises(type(stop) if isinstance(stop, Exception) else stop):
        web.fetch(url, report=report)
    assert not cached()


def test_an_answer_after_the_end_leaves_nothing(server: Server) -> None:
    asked, late = threading.Event(), threading.Event()

    def answer(handler: Handler) -> None:
        asked.set()
        late.wait()
        handler.begin(200, {"Content-Length": "1"})
        handler.wfile.write(b"x")

    def report(done: int, total: int | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        web.fetch(server.answer("/late", answer), report=report)
    late.set()
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, web._Transfer):
            thread.join()
    assert not cached()


def test_a_full_disk_is_told_and_leaves_nothing(server: Server, home: Path) -> None:
    url = server.endless("/big", TEXT)
    script = (
        "import sys; from engine.text import web\n"
        "try: web.fetch(sys.argv[1], max_size=10**8)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )

    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-c", script, url],
        preexec_fn=few_bytes,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith(f"{StorageError.__name__} cannot write"), done
    assert not cached()


def test_a_cache_that_cannot_be_made(server: Server, home: Path) -> None:
    home.write_text("no folder")
    with pytest.raises(StorageError, match="cannot write"):
        web.fetch(server.serve("/notes.txt", TEXT))


def test_parts_of_downloads_that_were_killed_are_cleared_away(server: Server) -> None:
    places.cache().mkdir(parents=True)
    old, new = places.cache() / "tmpold", places.cache() / "tmpnew"
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    web.fetch(server.serve("/notes.txt", TEXT))
    assert not old.exists() and new.exists()


PAGE = b"<!DOCTYPE html><p>of York"


@pytest.mark.parametrize(
    ("kind", "body", "page"),
    [
        *(("text/html; charset=latin-1", PAGE, True), ("application/octet-stream", PAGE, True)),
        *(("text/plain", PAGE, False), ("text/html", b"PK\x03\x04<\0", False)),
        *(("text/html", b"plain words", False), ("text/html", b"words <b>bold</b>", True)),
    ],
)
def test_pages_are_known_by_kind_and_content(
    server: Server, kind: str, body: bytes, page: bool
) -> None:
    found = web.fetch(server.serve("/x", body, kind))
    assert found.page is page
    assert (found.charset == "latin-1") is ("latin" in kind)


def test_a_page_of_200_mb_is_not_read(server: Server) -> None:
    url = server.endless("/page", b"<p>of York</p>\n" * 10_000, kind="text/html")
    assert "more than 20 MB is too large" in str(fault(url))

    def answer(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": "text/html", "Content-Length": "200000000"})
        handler.wfile.write(PAGE)

    assert "more than 20 MB is too large" in str(fault(server.answer("/told", answer)))
