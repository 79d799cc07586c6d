"""`helo serve`: apps in pages, from both sides of the connection."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pyte
import pytest

from engine.network.modelfile import Model
from tests.conftest import Cli

PATIENCE = 60
SECONDS = 5
"""How soon an app ends after its page."""


class Served:
    """`helo serve` as a process of its own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-P", "-m", "tui", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout
        self.said = self.process.stdout.readline().decode()
        found = re.search(r"http://\S+:(\d+);", self.said)
        assert found, self.process.communicate()
        self.port = int(found[1])
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def apps(self) -> list[int]:
        """The processes that it has started and that have not ended."""
        pid = self.process.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def end(self) -> int:
        assert self.process.stdout
        if not self.process.stdout.closed:
            self.process.send_signal(signal.SIGINT)  # nothing if it has ended
            self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


class Page:
    """What a browser does, without one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)
        self.text = ""

    async def type(self, keys: str) -> None:
        await self.socket.send_json(["stdin", keys])

    async def until(self, true: Callable[[str], object]) -> None:
        """Draw what comes until this is true of the text on the screen."""
        async with asyncio.timeout(PATIENCE):
            while not true(self.text):
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, self.text)
                self._stream.feed(message.data)
                self.text = "\n".join(self._screen.display)


@pytest.fixture
def served(tiny: Model) -> Iterator[Served]:
    running = Served("--visitors", "2", "-m", "tiny")
    yield running
    running.end()


@asynccontextmanager
async def opened(served: Served, **headers: str) -> AsyncIterator[Page]:
    """A page, with a size of 100×30."""
    async with aiohttp.ClientSession() as session:
        address = f"{served.address}/ws?width=100&height=30"
        async with session.ws_connect(address, headers=headers, max_msg_size=0) as socket:
            yield Page(socket)


async def begun(page: Page) -> None:
    """Wait until a prompt can be typed."""
    await page.until(lambda text: " PROMPT " in text and "tiny continues it" in text)


async def soon(true: Callable[[], object]) -> None:
    """Wait until this is true, which must be within `SECONDS`."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_two_visitors_write_and_do_not_disturb_each_other(served: Served) -> None:
    async with opened(served) as one, opened(served) as other:
        await asyncio.gather(begun(one), begun(other))
        await one.type("Shall I\r")
        await other.type("summer\r")
        await one.until(lambda text: re.search(r"Shall I.{3}", text))
        await other.until(lambda text: re.search(r"summer.{3}", text))
        assert "summer" not in one.text and "Shall I" not in other.text
        assert len(served.apps) == 2
        first, second = served.apps
        await one.socket.close()
        await soon(lambda: not alive(first))
        assert alive(second)
        await other.type("\x11")  # ctrl+q ends the app, and its page with it
        with pytest.raises(AssertionError, match="CLOSE"):
            await other.until(lambda _: False)
    await soon(lambda: not served.apps)


async def test_what_was_set_is_remembered_when_the_page_is_closed(
    served: Served, home: Path
) -> None:
    async with opened(served) as page:
        await begun(page)
        await page.type("/temperature 0.35\r")
        await page.until(lambda text: "temperature 0.35" in text)
    await soon(lambda: not served.apps)
    assert json.loads((home / "state.json").read_text())["sampling"]["temperature"] == 0.35


async def test_one_too_many_is_told_so(served: Served) -> None:
    async with opened(served) as page, opened(served), aiohttp.ClientSession() as session:
        async with session.get(f"{served.address}/ws") as answer:
            assert answer.status == 503
            assert "All 2 places are taken" in await answer.text()
        assert len(served.apps) == 2
        await page.socket.close()
        async with opened(served) as next_one:  # waits until there is a place
            await begun(next_one)
            assert len(served.apps) == 2


async def test_an_app_that_hangs_is_killed_with_its_page(served: Served) -> None:
    async with opened(served) as page:
        await begun(page)
        [pid] = served.apps
        os.kill(pid, signal.SIGSTOP)
    await soon(lambda: not alive(pid))


async def test_ctrl_c_ends_all(served: Served) -> None:
    async with opened(served) as page:
        await begun(page)
        [pid] = served.apps
        ended = asyncio.create_task(asyncio.to_thread(served.end))
        assert (await page.socket.receive()).type is not aiohttp.WSMsgType.TEXT
        assert await ended == 130
    assert not alive(pid)


async def test_apps_end_with_a_server_that_is_killed(served: Served) -> None:
    async with opened(served) as page:
        await begun(page)
        [pid] = served.apps
        served.process.kill()
        await soon(lambda: not alive(pid) or zombie(pid))


def zombie(pid: int) -> bool:
    """Whether it has ended, and nobody has asked how."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def test_no_other_site_reaches_it(served: Served) -> None:
    async with aiohttp.ClientSession() as session:
        for name, value in (
            ("Origin", "http://a.invalid"),
            ("Origin", "null"),
            ("Host", "a.invalid:80"),
        ):
            for place in ("/", "/ws", "/static/js/textual.js"):
                address = f"{served.address}{place}"
                async with session.get(address, headers={name: value}) as answer:
                    assert answer.status == 403
    assert not served.apps


async def test_the_page_names_no_other_host(served: Served) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(served.address) as answer:
            text, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        named = re.findall(r"(?:src|href)=\"([^\"]+)", text)
        async with session.get(f"{served.address}/page/page.css") as answer:
            named += re.findall(r"url\(\"([^\"]+)", await answer.text())
        for place in (each for each in named if each != "data:,"):
            assert place.startswith("/")
            async with session.get(f"{served.address}{place}") as answer:
                assert answer.status == 200, place
    assert len(named) == 7
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy


async def test_what_no_page_says_ends_the_visit(served: Served) -> None:
    for told in ("no json", "[" * 100_000, '["resize", {"width": "x"}]'):
        async with opened(served) as page:
            await page.socket.send_str(told)
            with pytest.raises(AssertionError, match="CLOSE"):
                await page.until(lambda _: False)
    await soon(lambda: not served.apps)


async def test_odd_sizes_and_keys_do_no_harm(served: Served) -> None:
    async with opened(served) as page:
        await begun(page)
        await page.socket.send_json(["resize", {"width": -5, "height": 10**9}])
        await page.type("a\ud800\x00b")
        await page.socket.send_json(["resize", {"width": 100, "height": 30}])
        await page.until(lambda text: "a?b" in text)


def test_an_address_that_others_reach_is_warned_of(tiny: Model) -> None:
    served = Served("--host", "0.0.0.0")
    served.process.send_signal(signal.SIGTERM)
    _, told = served.process.communicate(timeout=PATIENCE)
    assert b"acts as you" in told and told.count(b"\n") == 1
    assert served.process.returncode == 143


def test_what_cannot_be_served(cli: Cli, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, word in (
        (["--port", str(served.port)], f"port {served.port}"),
        (["--port", "70000"], "--port must be between 0 and 65,535"),
        (["--visitors", "0"], "--visitors must be between 1 and"),
        (["--host", "a.invalid"], "a.invalid"),
        (["-m", "nosuch"], "no model 'nosuch'"),
    ):
        done = cli("serve", *arguments)
        assert done.status in (1, 2) and word in done.err and done.err.count("\n") == 1
    for name in [name for name in sys.modules if name.startswith(("textual_serve", "tui.serving"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    done = cli("serve")
    assert done.status == 2 and "install helo[web]" in done.err and done.err.count("\n") == 1
