"""Messages without effect, for a queue that an L1 reorg has left shorter than what was signed
(SUBMIT-7)."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError as AbiDecodingError

from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call, TooDear
from sequencer.l1.deployment import Contracts
from sequencer.types import RollupId

ROLLUP = RollupId(1)
"""There is one if there ever was a message."""
FILLER = b"\0"
"""No transaction: every follower skips it (DERIVE-6), so it is in no running hash."""
FILLER_GAS = 21_000
"""The least that the queue takes (INBOX-1)."""
ENQUEUE_GAS = 150_000
FEE_MARGIN = 4
"""As a wallet's (WALLET-3): each filler raises the fee of the next. The queue returns the rest."""
MAX_FEE_WEI = 10**17
"""Of one filler; above it the node waits, as a wallet does."""
_FEE = abi.function("ForcedInbox", "fee")
_ENQUEUE = abi.function("ForcedInbox", "enqueue")


async def filling(account: L1Account, contracts: Contracts, count: int) -> list[L1Call]:
    """The calls that enqueue so many. Raises `L1Error`, `DecodeError`."""
    inbox = contracts.forced_inbox
    answer = await account.read(inbox, _FEE.call(len(FILLER), FILLER_GAS))
    try:
        (fee_wei,) = decode(("uint256",), answer)
    except AbiDecodingError as error:
        raise DecodeError(f"ForcedInbox.fee answered {len(answer)} bytes: {error}") from error
    if fee_wei > MAX_FEE_WEI:
        raise TooDear(f"the queue takes {fee_wei} wei for a filler, above {MAX_FEE_WEI}")
    data, value_wei = _ENQUEUE.call(ROLLUP, FILLER_GAS, FILLER), FEE_MARGIN * fee_wei
    call = L1Call("a filler", inbox, data, ENQUEUE_GAS, value_wei=value_wei)
    return [call] * count
