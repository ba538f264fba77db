"""NET-7: the transport key follows from the signing key, and works with CURVE."""

import zmq
from zmq.utils import z85

from sequencer.crypto.hashing import keccak
from sequencer.crypto.transport_key import transport_public, transport_secret

SECRET = bytes(range(1, 33))


def test_secret_is_the_hash_of_domain_and_signing_key() -> None:
    assert transport_secret(SECRET) == keccak(b"switchyard.transport.v1" + SECRET)


def test_public_key_is_pinned() -> None:
    public = transport_public(bytes([1]) * 32)
    assert public.hex() == "2df784dc5fae431a00e33911b7c09c641e677aca42fa3a7d62adaadc33f82e79"


def test_public_key_is_the_one_zeromq_derives() -> None:
    assert z85.encode(transport_public(SECRET)) == zmq.curve_public(
        z85.encode(transport_secret(SECRET))
    )
