"""One visit: an app in a process of its own, and the page that shows it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from signal import SIGKILL

from aiohttp import WSMsgType
from aiohttp.web import WebSocketResponse
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

_LAST_SECONDS = 3.0
"""How long an app may take to end once its page is gone."""
_MOST = 1000
"""Columns and rows of a page."""
DRIVER = "tui.serving.driver:Driver"


class Visit(AppService):
    """textual-serve starts the app in a shell and waits for it without end; here neither is so."""

    def __init__(
        self, page: WebSocketResponse, arguments: list[str], downloads: DownloadManager
    ) -> None:
        """`arguments` are those of helo."""
        super().__init__(
            "helo",
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._page = page
        self._arguments = [sys.executable, "-P", "-m", "tui", *arguments]

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height) | {"TEXTUAL_DRIVER": DRIVER},
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process

    async def last(self, width: int, height: int) -> None:
        """Run the app until it ends or the page is closed."""
        await self.start(within(width), within(height))
        assert self._task
        self._task.add_done_callback(lambda _: asyncio.ensure_future(self._close()))
        try:
            async for message in self._page:
                if message.type is not WSMsgType.TEXT:
                    continue
                if not await asyncio.wait_for(self._understood(message.data), _LAST_SECONDS):
                    break
        except TimeoutError:  # it does not take what is typed: it hangs
            pass
        finally:
            await asyncio.shield(asyncio.ensure_future(self.stop()))

    async def _close(self) -> None:
        await self._page.close()

    async def _understood(self, text: str) -> bool:
        """Pass on what the page tells; whether that meant anything."""
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return False
        match told:
            case ["stdin", str(keys)]:
                return await self.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(within(width), within(height))
            case ["ping", str(sent)]:
                await self._page.send_json(["pong", sent])
            case ["focus" | "blur" as kind]:
                await self.send_meta({"type": kind})
            case _:
                return False
        return True

    async def stop(self) -> None:
        """End the app: nothing comes from the page any more, which it takes as a terminal that was closed.
        What does not end by itself is killed."""
        process, task = self._process, self._task
        if process is None or task is None:
            return
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        try:
            _, told = await asyncio.wait_for(process.communicate(b""), _LAST_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, SIGKILL)
            await process.wait()
        else:
            sys.stderr.write(told.decode("utf-8", "replace"))


def within(size: int) -> int:
    """A size that a screen can have."""
    return max(1, min(size, _MOST))
