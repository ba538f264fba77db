"""What comes and goes in JSON-RPC calls: parameters to values, refusals to faults."""

from binascii import unhexlify
from collections.abc import Iterator
from contextlib import contextmanager

from sequencer.errors import PeerFault
from sequencer.ingress.jsonrpc import CallFault, Code, excerpt
from sequencer.ingress.refusal import Later, OverLimit, Refused

Params = list[object]


def arguments(params: Params, required: int, *defaults: object) -> Params:
    """The parameters with the defaults of those left out."""
    most = required + len(defaults)
    if not required <= len(params) <= most:
        expected = str(most) if required == most else f"{required} to {most}"
        raise CallFault(Code.PARAMS, f"{len(params)} parameters, expected {expected}")
    return [*params, *defaults[len(params) - required :]]


def bytes_of(value: object, what: str, least: int, most: int) -> bytes:
    """The bytes behind 0x-prefixed hex."""
    size = f"{least}" if least == most else f"{least} to {most}"
    if isinstance(value, str) and value[:2] == "0x" and 2 * least <= len(value) - 2 <= 2 * most:
        try:
            return unhexlify(value[2:])
        except ValueError:
            pass
    raise CallFault(Code.PARAMS, f"{what} is 0x and {size} bytes in hex, found {excerpt(value)}")


def hex_of(data: bytes) -> str:
    return "0x" + data.hex()


@contextmanager
def refusals_as_faults() -> Iterator[None]:
    """Raises `CallFault` for what a node does not take."""
    try:
        yield
    except CallFault:
        raise
    except (Refused, PeerFault) as refusal:
        raise fault_of(refusal) from refusal


def fault_of(refusal: Refused | PeerFault) -> CallFault:
    """TX-4: what a node says to a transaction that it does not take."""
    code = Code.LIMIT if isinstance(refusal, OverLimit) else Code.REFUSED
    data = {"retryAfterMs": refusal.retry_after_ms} if isinstance(refusal, Later) else None
    return CallFault(code, str(refusal), data)
