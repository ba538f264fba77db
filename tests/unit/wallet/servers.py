"""A small HTTP server that answers as a test tells it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

Answer = Callable[[str, Any], tuple[int, bytes]]
"""Path and decoded body to status and bytes."""


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._reply(json.loads(self.rfile.read(length)))

        def _reply(self, body: Any) -> None:
            status, content = answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def json_rpc(results: dict[str, Any]) -> Answer:
    """Results by method; an exception's text as an error."""

    def answer(_: str, body: Any) -> tuple[int, bytes]:
        result = results[body["method"]]
        shown = {"error": {"code": -32000, "message": str(result)}}
        if not isinstance(result, Exception):
            shown = {"result": result}
        return 200, json.dumps({"jsonrpc": "2.0", "id": body["id"], **shown}).encode()

    return answer
