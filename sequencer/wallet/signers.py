"""Who signs: a key here, or a program that speaks to a device (WALLET-6).

A signer is asked for one exact transaction. What comes back is checked before anything is done with
it: every field as asked, no access list, signed by the expected address, in the one canonical form.
"""

import select
import shlex
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from sequencer.errors import DecodeError, LocalFault, PeerFault
from sequencer.ingress.rlp import read_list
from sequencer.ingress.transaction import DYNAMIC_FEE, Transaction, decode_transaction
from sequencer.types import Address

MAX_ANSWER_BYTES = 1 << 20
"""Hex of the longest transaction there is is a quarter of it."""
SIGN_SECONDS = 300.0
"""A person looks at a device meanwhile."""
_READ_BYTES = 1 << 16


class SignerFault(PeerFault):
    """A signer declined, or gave back something else than what was asked."""


class Signer(Protocol):
    """`sign_transaction` gets the fields of an EIP-1559 transaction as `eth_account` takes them
    (`to` and `data` as hex, the rest integers) and returns the raw signed transaction."""

    @property
    def address(self) -> Address: ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An EIP-1559 transaction without an access list. Fees are wei per gas."""

    chain_id: int
    nonce: int
    to: Address
    value: int
    data: bytes
    gas_limit: int
    max_fee: int
    tip: int

    def fields(self) -> dict[str, Any]:
        return {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "to": to_checksum_address(self.to),
            "value": self.value,
            "data": "0x" + self.data.hex(),
            "gas": self.gas_limit,
            "maxFeePerGas": self.max_fee,
            "maxPriorityFeePerGas": self.tip,
        }

    def items(self) -> bytes:
        """The RLP items that are signed, one after another: all but the signature's three."""
        head = (self.chain_id, self.nonce, self.tip, self.max_fee, self.gas_limit)
        parts: tuple[object, ...] = (*head, self.to, self.value, self.data, [])
        return b"".join(rlp.encode(part) for part in parts)


def sign(signer: Signer, asked: Unsigned) -> Transaction:
    """Have exactly `asked` signed; raises `SignerFault`."""
    raw = signer.sign_transaction(asked.fields())
    try:
        found = decode_transaction(raw, asked.chain_id)
    except DecodeError as error:
        raise SignerFault(f"the signer gave back no transaction of this chain: {error}") from error
    if found.type != DYNAMIC_FEE or not _holds(raw, asked.items()):
        raise SignerFault("the signer gave back another transaction than it was asked to sign")
    if found.sender != signer.address:
        raise SignerFault(
            f"signed by 0x{found.sender.hex()}, not by 0x{signer.address.hex()} as expected"
        )
    return found


def _holds(raw: bytes, items: bytes) -> bool:
    """Whether the list of a typed transaction begins with these items. Each states its own
    length, so equal bytes are equal fields; `decode_transaction` has checked what follows."""
    body = read_list(raw, 1, len(raw))
    return raw[body.start : body.end].startswith(items)


class KeySigner:
    """A key in memory: 32 bytes, or an account of `eth_account`."""

    def __init__(self, key: bytes | LocalAccount) -> None:
        self._account: LocalAccount = Account.from_key(key) if isinstance(key, bytes) else key
        self._address = Address(bytes.fromhex(self._account.address[2:]))

    @property
    def address(self) -> Address:
        return self._address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)


class CommandSigner:
    """A program that signs. It gets the transaction on its standard input, as one JSON object in
    the form of `eth_signTransaction` (quantities in hex, `from` included), and answers on its
    standard output with the raw signed transaction in hex; or, to decline, ends with a status
    other than zero. Its standard error goes where ours goes, so that it can say what to press.

    It is run for each signature, without a shell, and has `timeout_seconds`.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        address: Address,
        timeout_seconds: float = SIGN_SECONDS,
    ) -> None:
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        if not self._command:
            raise LocalFault("the signer's command is empty")
        self._address = address
        self._timeout_seconds = timeout_seconds

    @property
    def address(self) -> Address:
        return self._address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        answer = self._ask(_as_json(transaction, self._address))
        text = answer.strip()
        try:
            return bytes.fromhex(text.decode("ascii").removeprefix("0x"))
        except ValueError as error:
            raise SignerFault(
                f"{self._command[0]} answered with something else than hex"
            ) from error

    def _ask(self, request: bytes) -> bytes:
        name = self._command[0]
        try:
            child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise LocalFault(f"signer {name}: {error.strerror}") from error
        writer = threading.Thread(target=_write, args=(child, request), daemon=True)
        writer.start()
        until = time.monotonic() + self._timeout_seconds
        try:
            answer = _read(child, until)
            status = child.wait(max(0.0, until - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise SignerFault(f"{name} did not answer in {self._timeout_seconds:.0f} s") from None
        finally:
            child.kill()
            child.wait()
            assert child.stdout is not None, "opened as a pipe"
            child.stdout.close()
        if status != 0:
            raise SignerFault(f"{name} declined to sign (exit status {status})")
        return answer


def _write(child: "subprocess.Popen[bytes]", request: bytes) -> None:
    """Whoever does not read what it is to sign says so by its answer."""
    assert child.stdin is not None
    try:
        child.stdin.write(request)
        child.stdin.close()
    except OSError:
        pass


def _read(child: "subprocess.Popen[bytes]", until: float) -> bytes:
    """All it writes; raises `TimeoutError`, or `SignerFault` for more than may come."""
    assert child.stdout is not None, "opened as a pipe"
    found = bytearray()
    while True:
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = child.stdout.read(_READ_BYTES)
        if not part:
            return bytes(found)
        found += part
        if len(found) > MAX_ANSWER_BYTES:
            raise SignerFault(f"the signer answered with more than {MAX_ANSWER_BYTES} bytes")


def _as_json(transaction: Mapping[str, Any], sender: Address) -> bytes:
    shown = {
        name: hex(value) if isinstance(value, int) else value for name, value in transaction.items()
    }
    return msgspec.json.encode({"from": to_checksum_address(sender), **shown}) + b"\n"
