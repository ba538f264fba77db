import pytest

from bench.throughput.wire import BadAnswer, HttpWire, WebSocketWire, Wire

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
EMPTY = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def fed(wire: Wire, data: bytes, step: int) -> list[tuple[bool, bytes]]:
    """The answers, with so many bytes at a time."""
    parts = (data[start : start + step] for start in range(0, len(data), step))
    return [answer for part in parts for answer in wire.feed(part)]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_http__answers_in_any_pieces__come_in_order(step: int) -> None:
    found = fed(HttpWire("h:1", "/"), LENGTH + CHUNKED + FULL + EMPTY + LENGTH, step)
    assert [is_fine for is_fine, _ in found] == [True, True, False, False, True]
    assert [body for _, body in found if b"hello" in body] == [b"hello", b"5\r\nhello", b"hello"]


def test_http__request__has_path_host_and_length() -> None:
    request = HttpWire("h:1", "/rollup/2").encode(b"[1]")
    assert request.startswith(b"POST /rollup/2 HTTP/1.1\r\nHost: h:1\r\n")
    assert request.endswith(b"Content-Length: 3\r\n\r\n[1]")


def test_http__answer_without_length__is_refused() -> None:
    with pytest.raises(BadAnswer):
        HttpWire("h:1", "/").feed(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("step", [3, 1 << 20])
def test_websocket__message_of_any_length__is_read_back(size: int, step: int) -> None:
    body = b"x" * size
    frame = WebSocketWire("h:1", "/").encode(body)
    # A server does not mask: the frame without the mask bit and the mask.
    start = len(frame) - size
    reply = frame[:1] + bytes([frame[1] & 0x7F]) + frame[2 : start - 4] + body
    assert fed(WebSocketWire("h:1", "/"), SWITCHED + reply + reply, step) == [(True, body)] * 2


def test_websocket__server_without_it__is_refused() -> None:
    with pytest.raises(BadAnswer, match="no WebSocket"):
        WebSocketWire("h:1", "/").feed(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")


def test_websocket__close__is_refused() -> None:
    with pytest.raises(BadAnswer, match="closed"):
        WebSocketWire("h:1", "/").feed(SWITCHED + b"\x88\x02\x03\xe8")
