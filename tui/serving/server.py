"""The pages of `helo serve`: who may see the app, and how many at once."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from socket import gaierror
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server as TextualServer
from textual_serve.server import to_int

from engine.errors import UsageError
from tui.serving.visit import Visit

_PAGE = Path(__file__).parent / "page"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self' {socket}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""xterm.js writes styles into the page; older browsers do not count a WebSocket as 'self'."""
_ALIVE_SECONDS = 10.0
"""How often a page is asked whether it is still there."""
_SOON = 0.1
_FULL = "All {} places are taken: helo serve --visitors N allows more.\n"


class Server:
    """Serves the app to at most so many visitors."""

    def __init__(self, arguments: list[str], host: str, most: int) -> None:
        """`arguments` are those of helo for every app."""
        self._arguments, self._host, self._most = arguments, host, most
        self._textual = TextualServer("helo", host)
        self._pages = set[web.WebSocketResponse]()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._only_own])
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/ws", self._visited),
                web.get("/download/{key}", self._textual.handle_download),
                web.static("/static", self._textual.statics_path),
                web.static("/page", _PAGE),
            ]
        )
        app.on_shutdown.append(self._close)
        return app

    @web.middleware
    async def _only_own(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other sites. A page of any site may ask this machine for something in its visitor's name,
        with a name of its own for this machine, too."""
        own = not is_loopback(self._host) or is_loopback(urlsplit(f"//{request.host}").hostname)
        origin = request.headers.get("Origin")
        if not own or (origin is not None and urlsplit(origin).netloc != request.host):
            raise web.HTTPForbidden(text="This is for helo's own page alone.\n")
        return await handler(request)

    @property
    def _full(self) -> bool:
        return len(self._pages) >= self._most

    async def _index(self, request: web.Request) -> web.StreamResponse:
        headers = {k: v.format(socket=f"ws://{request.host}") for k, v in _HEADERS.items()}
        return web.FileResponse(_PAGE / "index.html", headers=headers)

    async def _visited(self, request: web.Request) -> web.StreamResponse:
        while self._full and any(page.closed for page in self._pages):
            await asyncio.sleep(
                _SOON
            )  # the app of a page that was closed or reloaded is about to end
        if self._full:
            return web.Response(text=_FULL.format(self._most), status=503)
        page = web.WebSocketResponse(heartbeat=_ALIVE_SECONDS)
        self._pages.add(page)
        try:
            await page.prepare(request)
            visit = Visit(page, self._arguments, self._textual.download_manager)
            columns, rows = (request.query.get(side, "") for side in ("width", "height"))
            await visit.last(to_int(columns, 80), to_int(rows, 24))
        finally:
            self._pages.discard(page)
        return page

    async def _close(self, _: web.Application) -> None:
        """Close all pages, which ends their apps."""
        await asyncio.gather(*(page.close() for page in self._pages))


def is_loopback(host: str | None) -> bool:
    """Whether only this machine can reach a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


async def serve(
    server: Server, host: str, port: int, begun: Callable[[str], None], ended: asyncio.Event
) -> None:
    """Serve until `ended`, and end all apps. Calls `begun` with the address once it can be opened.

    Raises UsageError where that is not possible.
    """
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            unknown = isinstance(error, gaierror)
            why = error.strerror if unknown else os.strerror(error.errno or 0)
            raise UsageError(
                f"cannot serve at {host}, port {port}: {why}; choose another --port or --host"
            ) from error
        bound = runner.addresses[0][1]
        begun(f"http://{f'[{host}]' if ':' in host else host}:{bound}")
        await ended.wait()
    finally:
        await runner.cleanup()
