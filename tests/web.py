"""A web server for tests: files under paths, and whatever else a path is to answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], object]


class Handler(BaseHTTPRequestHandler):
    """Answers a request as its server was told to."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        self.server.agents.add(self.headers["User-Agent"])
        with suppress(BrokenPipeError, ConnectionResetError):
            answer = self.server.answers.get(path)
            if answer:
                answer(self)
            else:
                self.begin(404, {"Content-Length": "0"})

    def begin(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *about: object) -> None: ...


class Server(ThreadingHTTPServer):
    """Listens on a port of its own; remembers what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.over = threading.Event()
        """Set when answers without an end should have one."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def serve(self, path: str, body: bytes, kind: str = "text/plain") -> str:
        """Answer `path` with a file; its address."""

        def answer(handler: Handler) -> None:
            handler.begin(200, {"Content-Type": kind, "Content-Length": str(len(body))})
            handler.wfile.write(body)

        return self.answer(path, answer)

    def answer(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        headers = {"Location": to, "Content-Length": "0"}
        return self.answer(path, lambda handler: handler.begin(302, headers))

    def cut(self, path: str, body: bytes, chunked: bool = False) -> str:
        """Promise more than comes."""

        def answer(handler: Handler) -> None:
            if chunked:
                handler.begin(200, {"Transfer-Encoding": "chunked"})
                handler.wfile.write(b"%x\r\n%b" % (len(body) + 1, body))
            else:
                handler.begin(200, {"Content-Length": str(len(body) + 1)})
                handler.wfile.write(body)
            handler.hang_up()

        return self.answer(path, answer)

    def endless(self, path: str, block: bytes, pause: float = 0.0, kind: str = "text/plain") -> str:
        """The same bytes for ever, or until nobody reads them."""

        def answer(handler: Handler) -> None:
            handler.begin(200, {"Content-Type": kind})
            handler.hang_up()
            while not self.over.wait(pause):
                handler.wfile.write(block)

        return self.answer(path, answer)


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
