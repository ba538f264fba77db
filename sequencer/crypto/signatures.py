"""secp256k1 signatures in the one accepted form (ENC-3), by libsecp256k1 (coincurve)."""

from coincurve import PrivateKey, PublicKey

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import Address, Hash32

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = CURVE_ORDER // 2
SIGNATURE_LENGTH = 64
_PARITY_BIT = 1 << 255


def public_key_address(key: PublicKey) -> Address:
    """The last 20 bytes of the keccak of the uncompressed point."""
    return Address(keccak(key.format(compressed=False)[1:])[12:])


def recover(digest: Hash32, signature: bytes) -> Address:
    """The address that signed `digest`; raises `DecodeError` unless `signature` is ENC-3."""
    if len(signature) != SIGNATURE_LENGTH:
        raise DecodeError(f"signature has {len(signature)} bytes, expected {SIGNATURE_LENGTH}")
    packed = int.from_bytes(signature[32:], "big")
    parity, s = packed >> 255, packed & (_PARITY_BIT - 1)
    return recover_parts(digest, int.from_bytes(signature[:32], "big"), s, parity)


def recover_parts(digest: Hash32, r: int, s: int, parity: int) -> Address:
    """As `recover`, from the parts of an Ethereum transaction's signature."""
    if not 0 < s <= HALF_ORDER:
        raise DecodeError("signature s is zero or above half the curve order")
    if not 0 < r < CURVE_ORDER or parity not in (0, 1):
        raise DecodeError("signature r or parity is out of range")
    compact = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:  # coincurve raises a bare Exception for a point off the curve
        raise DecodeError("signature recovers no key") from error
    return public_key_address(key)


class Signer:
    """A hot signing key in memory."""

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        self.address = public_key_address(self._key.public_key)

    def sign(self, digest: Hash32) -> bytes:
        """The ENC-3 signature of a digest (libsecp256k1 signs with low s, RFC 6979)."""
        compact = self._key.sign_recoverable(digest, hasher=None)
        s = int.from_bytes(compact[32:64], "big") | (compact[64] << 255)
        return compact[:32] + s.to_bytes(32, "big")
