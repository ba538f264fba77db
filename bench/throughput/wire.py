"""Requests and answers as bytes, over HTTP/1.1 and WebSocket. Sans-IO, and only as much of both as
a load generator needs: it must take little of the processors that it shares with what it measures.
"""

import struct
from typing import Protocol

from sequencer.errors import PeerFault

_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_TEXT, _BINARY, _CLOSE = 1, 2, 8
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
_NO_MASK = bytes(4)
"""A client must mask; a mask of zeros leaves the payload as it is."""


class BadAnswer(PeerFault):
    """What came is no answer that a client could go on with."""


class Wire(Protocol):
    """One connection. Answers come in the order of the requests."""

    def opening(self) -> bytes:
        """What to send first; `feed` gives nothing before it has been answered."""

    def encode(self, body: bytes) -> bytes:
        """A request."""

    def feed(self, data: bytes) -> list[tuple[bool, bytes]]:
        """The answers that are complete now: whether the status is fine, and the body. Raises
        `BadAnswer`."""


class HttpWire:
    """Requests follow each other without waiting for answers."""

    def __init__(self, host: str, path: str) -> None:
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            "Content-Length: "
        ).encode()
        self._buffer = b""

    def opening(self) -> bytes:
        return b""

    def encode(self, body: bytes) -> bytes:
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def feed(self, data: bytes) -> list[tuple[bool, bytes]]:
        self._buffer += data
        answers = []
        while (answer := self._next()) is not None:
            answers.append(answer)
        return answers

    def _next(self) -> tuple[bool, bytes] | None:
        start = self._buffer.find(_HEAD_END) + len(_HEAD_END)
        if start < len(_HEAD_END):
            return None
        head = self._buffer[: start - 2].lower()
        is_fine = head[9:12] == b"200"
        if b"\r\ntransfer-encoding: chunked\r\n" in head:
            # Searched from the end of the head, so that an empty body is found, too.
            end = self._buffer.find(_LAST_CHUNK, start - 2)
            if end < 0:
                return None
            body, end = self._buffer[start:end], end + len(_LAST_CHUNK)
        else:
            end = start + _content_length(head)
            if len(self._buffer) < end:
                return None
            body = self._buffer[start:end]
        self._buffer = self._buffer[end:]
        return is_fine, body


class WebSocketWire:
    """RFC 6455 without extensions; a message may not be split into fragments."""

    def __init__(self, host: str, path: str) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._buffer = b""
        self._is_open = False

    def opening(self) -> bytes:
        return self._request

    def encode(self, body: bytes) -> bytes:
        size = len(body)
        if size < 126:
            length = struct.pack("!B", 0x80 | size)
        elif size < 1 << 16:
            length = struct.pack("!BH", 0x80 | 126, size)
        else:
            length = struct.pack("!BQ", 0x80 | 127, size)
        return b"".join((bytes([0x80 | _TEXT]), length, _NO_MASK, body))

    def feed(self, data: bytes) -> list[tuple[bool, bytes]]:
        self._buffer += data
        if not self._is_open:
            head, end, rest = self._buffer.partition(_HEAD_END)
            if not end:
                return []
            if not head.startswith(b"HTTP/1.1 101"):
                raise BadAnswer(f"no WebSocket: {head[:40]!r}")
            self._is_open, self._buffer = True, rest
        answers = []
        while (frame := self._next()) is not None:
            kind, body = frame
            if kind == _CLOSE:
                raise BadAnswer(f"closed: {body[2:]!r}")
            if kind in {_TEXT, _BINARY}:
                answers.append((True, body))
        return answers

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size >= 126:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 0x0F, buffer[start : start + size]


def _content_length(head: bytes) -> int:
    _, found, after = head.partition(b"\r\ncontent-length:")
    digits = after.partition(b"\r\n")[0].strip()
    if not found or not digits.isdigit():
        raise BadAnswer(f"an answer without a length: {head[:80]!r}")
    return int(digits)
