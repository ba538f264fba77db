"""The JSON-RPC methods of a rollup that are about promises and proofs of inclusion (PROMISE-1,
PROMISE-2, PROOF-1)."""

from collections.abc import Callable

from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.ingress.backend import Backend
from sequencer.ingress.jsonrpc import CallFault, Code, excerpt
from sequencer.ingress.refusal import NoPromise
from sequencer.ingress.values import Params, arguments, bytes_of, hex_of, refusals_as_faults
from sequencer.promises.promise import MAX_VALUE_WEI
from sequencer.types import Hash32, RollupId

_MAX_DIGITS = len(str(MAX_VALUE_WEI))


class PromiseMethods:
    """Over one node."""

    def __init__(self, backend: Backend, now_ms: Callable[[], int]) -> None:
        self._backend = backend
        self._now_ms = now_ms
        self.methods: dict[str, Callable[[RollupId, int, Params], object]] = {
            "seq_sendTransaction": self._send_transaction,
            "seq_getPromise": self._get_promise,
            "seq_getInclusionProof": self._get_inclusion_proof,
        }

    def _send_transaction(self, rollup: RollupId, _chain_id: int, params: Params) -> object:
        text, given = arguments(params, 1, {})
        raw = bytes_of(text, "a raw transaction", 1, MAX_TRANSACTION_BYTES)
        options = _options(given, "promise", "valueWei")
        value_wei = _wei(options.get("valueWei", 0))
        wants = options.get("promise", False)
        if not isinstance(wants, bool):
            raise CallFault(Code.PARAMS, f"promise is true or false, found {excerpt(wants)}")
        with refusals_as_faults():
            self._backend.check_room()
            if not wants:
                (sent,) = self._backend.submit_many(rollup, [raw], self._now_ms())
                if not isinstance(sent, bytes):
                    raise sent
                return {"hash": hex_of(sent), "promise": None}
            tx_hash, made = self._backend.submit_for_promise(rollup, raw, value_wei, self._now_ms())
        if isinstance(made, NoPromise):
            return {"hash": hex_of(tx_hash), "promise": None, "refused": str(made)}
        return {"hash": hex_of(tx_hash), "promise": made.to_json()}

    def _get_promise(self, rollup: RollupId, _chain_id: int, params: Params) -> object:
        text, given = arguments(params, 1, {})
        tx_hash = Hash32(bytes_of(text, "a transaction hash", 32, 32))
        value_wei = _wei(_options(given, "valueWei").get("valueWei", 0))
        with refusals_as_faults():
            return self._backend.promise(rollup, tx_hash, value_wei).to_json()

    def _get_inclusion_proof(self, rollup: RollupId, _chain_id: int, params: Params) -> object:
        (text,) = arguments(params, 1)
        with refusals_as_faults():
            return self._backend.inclusion_proof(
                rollup, Hash32(bytes_of(text, "a transaction hash", 32, 32))
            )


def _options(given: object, *names: str) -> dict[str, object]:
    if not isinstance(given, dict) or not set(given) <= set(names):
        known = ", ".join(names)
        raise CallFault(Code.PARAMS, f"options are an object with {known}, found {excerpt(given)}")
    return given


def _wei(value: object) -> int:
    """A number, or decimal text: not every JSON reader has numbers as long."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_VALUE_WEI:
        return value
    raise CallFault(Code.PARAMS, f"valueWei is 0 to 2**96 - 1, found {excerpt(value)}")
