"""One bounded GET of JSON, from a service that may be away, slow or hostile."""

import http.client
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from sequencer.errors import LocalFault
from sequencer.l1.rpc import redact

MAX_ANSWER_BYTES = 1 << 20
TIMEOUT_SECONDS = 5.0
_T = TypeVar("_T")


def get_json(url: str, shape: type[_T]) -> _T | None:
    """What is at the address, in this shape; None if there is nothing, or nothing like it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LocalFault(f"{redact(url)} is no http:// or https:// URL")
    kind: Any = (
        http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    )
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER_BYTES + 1)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if answer.status != 200 or len(body) > MAX_ANSWER_BYTES:
        return None
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
