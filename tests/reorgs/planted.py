"""One planted bug for each way in which a reorg may leave something behind."""

from sequencer.derivation import derive
from sequencer.l1 import account, reader, submission, submitter, view
from sequencer.node import attester, epochs
from sequencer.ordering import forced, origins
from sequencer.wallet import outbox
from tests.mutants.mutate import FunctionBug

BUGS = (
    # a node's view and its reader
    FunctionBug(
        "a view keeps messages of lost blocks (L1-1)",
        view.L1View,
        "_forget_after",
        "_drop_after(self._messages, number)",
        "pass",
    ),
    FunctionBug(
        "a view keeps commits of lost blocks (L1-1)",
        view.L1View,
        "_forget_after",
        "_drop_after(self._commits, number)",
        "pass",
    ),
    FunctionBug(
        "a view keeps committees of lost blocks (L1-1)",
        view.L1View,
        "_forget_after",
        "_drop_after(self._committees, number)",
        "pass",
    ),
    FunctionBug(
        "a view drops what is consumed before it is final (L1-1)",
        view.L1View,
        "_prune",
        "_messages, lambda index: index < base.consumed)",
        "_messages, lambda index: index < states[-1].consumed)",
    ),
    FunctionBug(
        "a reader goes on, whatever the parent (L1-1)",
        reader.L1Reader,
        "_read_blocks",
        "block.header.parent_hash != self.tip.hash",
        "False",
    ),
    FunctionBug(
        "a reader goes back to a block of the same number (L1-1)",
        reader.L1Reader,
        "_step_back",
        "if found == self._chain[kept - 1]:",
        "if found is not None and kept < len(self._chain):",
    ),
    # a follower
    FunctionBug(
        "a follower's lists keep what is lost (DERIVE-9)",
        derive.Deriver,
        "_undo_last",
        "self._rollups[rollup_id] = before",
        "pass",
    ),
    FunctionBug(
        "a follower undoes a block too many (DERIVE-9)",
        derive.Deriver,
        "rollback_to",
        "while self._tip.number > number:",
        "while self._undo and self._tip.number >= number:",
    ),
    # blocks
    FunctionBug(
        "an origin need not be confirmed (L1-2)",
        view.L1View,
        "__init__",
        "self.confirmations = confirmations",
        "self.confirmations = 0",
    ),
    FunctionBug(
        "an origin of another branch is a fault (BLOCK-3)",
        origins.Origins,
        "check",
        'raise NotYet(f"origin {header.origin_number} is on another',
        'raise PeerFault(f"origin {header.origin_number} is on another',
    ),
    FunctionBug(
        "a count is judged by a lost block's number (BLOCK-4)",
        forced.Forced,
        "_length_at",
        "known is None or known.hash != origin.hash",
        "known is None",
    ),
    # batches
    FunctionBug(
        "a batch is attested anew, with what L1 still has (BATCH-4)",
        attester.Attester,
        "on_batch",
        "if not self._may_sign(batch, committee.epoch):",
        "self._attested.pop(batch.index, None); from msgspec.structs import replace;"
        " batch = replace(batch, forced_count=min(batch.forced_count, self._l1.queue_length))\n"
        "    if not self._may_sign(batch, committee.epoch):",
    ),
    FunctionBug(
        "attestations are forgotten before their batch is final (BATCH-5)",
        attester.Attester,
        "settle",
        "self._l1.final_index",
        "self._l1.last_index",
    ),
    FunctionBug(
        "a submitter does not go back (SUBMIT-4)",
        submitter.Submitter,
        "_ready_batches",
        "BatchIndex(self._view.last_index + 1)",
        "BatchIndex(max(self._view.last_index + 1, self._ready_index))",
    ),
    FunctionBug(
        "nobody fills up (SUBMIT-7)",
        submission,
        "_commit",
        "if now.waited_ms >= now.takeover_ms:",
        "if False:",
    ),
    FunctionBug(
        "a submitter counts its nonces itself (SUBMIT-3)",
        account.L1Account,
        "send",
        "nonce = await self._client.nonce(self.address)",
        "nonce = max(getattr(self, '_next', 0), await self._client.nonce(self.address));"
        " self._next = nonce + len(calls)",
    ),
    # epochs
    FunctionBug(
        "a node forgets the committee of its epoch (EPOCH-7)",
        epochs.Epochs,
        "_committee_of",
        "or kept_committee(self._store, epoch)",
        "",
    ),
    # wallets
    FunctionBug(
        "a wallet sends once (WALLET-2)",
        outbox.Outbox,
        "push",
        "waited = head.timestamp - newest.sent_at",
        "return",
    ),
    FunctionBug(
        "a wallet takes another nonce when L1 has forgotten the first (WALLET-1)",
        outbox.Outbox,
        "_is_over",
        "settled = head.number if self._is_repeatable else self._endpoint.finalized()",
        "return not self._endpoint.is_known(attempt.versions[-1].decode(self._chain_id).hash)",
    ),
    FunctionBug(
        "a wallet takes another nonce before the first is final (WALLET-1)",
        outbox.Outbox,
        "_is_over",
        "settled = head.number if self._is_repeatable else self._endpoint.finalized()",
        "return self._endpoint.nonce(self._signer.address) > attempt.nonce",
    ),
    FunctionBug(
        "a wallet leaves a gap of its own (WALLET-9)",
        outbox.Outbox,
        "push",
        "self._fill_gap(next_nonce, last.nonce)",
        "pass",
    ),
)
