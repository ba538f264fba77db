"""The peer transport's key pair, derived from the hot signing key (NET-7)."""

import zmq
from zmq.utils import z85

from sequencer.crypto.hashing import keccak

DOMAIN = b"switchyard.transport.v1"


def transport_secret(secret: bytes) -> bytes:
    """32 bytes: the Curve25519 secret that belongs to the signing secret `secret`."""
    return keccak(DOMAIN, secret)


def transport_public(secret: bytes) -> bytes:
    """32 bytes: the public half of `transport_secret(secret)`, as `BondRegistry` holds it."""
    return z85.decode(zmq.curve_public(z85.encode(transport_secret(secret))))
