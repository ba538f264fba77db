from pathlib import Path

from bench.throughput.finals import count_finals, encode_finals, read_finals
from bench.throughput.generator import refused_in

FIRST, SECOND = b"\x01" * 32, b"\x02" * 32


def test_finals__half_a_record_at_the_end__is_left_for_later(tmp_path: Path) -> None:
    file = tmp_path / "finals"
    assert count_finals(file) == 0
    file.write_bytes(encode_finals([FIRST, SECOND], 7) + encode_finals([FIRST], 9)[:5])
    assert list(read_finals(file)) == [(FIRST[:8], 7), (SECOND[:8], 7)]
    assert list(read_finals(file, start=1)) == [(SECOND[:8], 7)]
    assert count_finals(file) == 2


def test_refused_in__batch_with_errors__names_those_that_were_not_taken() -> None:
    body = (
        b'[{"id":0,"result":"0x"},{"id":2,"error":{"code":-32000,"message":"already known"}},'
        b'{"id":1,"error":{"code":-32005,"message":"the pool is full"}}]'
    )
    assert refused_in(body, [10, 20, 30]) == [20]


def test_refused_in__whole_request_refused__names_all() -> None:
    full = b'{"id":null,"error":{"code":-32005,"message":"256 requests are being answered"}}'
    assert refused_in(full, [4, 5]) == [4, 5]
    assert refused_in(b"not JSON", [4, 5]) == [4, 5]


def test_refused_in__single_call__is_one_error() -> None:
    assert refused_in(b'{"id":0,"error":{"code":-32005,"message":"full"}}', [7]) == [7]
    assert refused_in(b'{"id":0,"error":{"code":-32000,"message":"already known"}}', [7]) == []
