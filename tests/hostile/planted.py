"""One planted bug for each part of the promise: in a contract, or in derivation."""

from collections.abc import Sequence
from dataclasses import dataclass

import solcx

from sequencer.deployment.artifacts import Artifact
from sequencer.derivation import derive, found
from sequencer.l1 import calldata
from tests.mutants.mutate import FunctionBug
from tools.compile_contracts import SETTINGS, SOLC_VERSION, collect_sources

INBOX = "contracts/ForcedInbox.sol"


@dataclass(frozen=True)
class ContractBug:
    """One piece of a source of the ForcedInbox, which occurs once, replaced."""

    name: str
    source: str
    old: str
    new: str

    def sources(self, sources: dict[str, dict[str, str]], folder: str) -> dict[str, dict[str, str]]:
        """The contract, and its changed library, in a folder of their own; all they import stays
        where it is."""
        content = sources[self.source]["content"]
        assert content.count(self.old) == 1, f"{self.source}: {content.count(self.old)} times"
        found = {self.source: content.replace(self.old, self.new)}
        found.setdefault(INBOX, sources[INBOX]["content"])
        moved = {}
        for unit, text in found.items():
            text = text.replace('"../', '"contracts/').replace('"./', '"contracts/')
            moved[folder + unit] = {
                "content": text.replace(f'"{self.source}"', f'"{folder}{self.source}"')
            }
        return moved


def compile_bugs(bugs: Sequence[ContractBug]) -> dict[str, Artifact]:
    """The ForcedInbox with each bug, by the bug's name."""
    if not bugs:
        return {}
    original = collect_sources()
    sources = dict(original)
    folders = {bug.name: f"planted/{place}/" for place, bug in enumerate(bugs)}
    for bug in bugs:
        sources |= bug.sources(original, folders[bug.name])
    wanted = {"ForcedInbox": ["abi", "evm.bytecode.object"]}
    selection = {folder + INBOX: wanted for folder in folders.values()}
    compiled = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": sources,
            "settings": {**SETTINGS, "outputSelection": selection},
        },
        solc_version=SOLC_VERSION,
    )["contracts"]
    found = {}
    for name, folder in folders.items():
        one = compiled[folder + INBOX]["ForcedInbox"]
        code = bytes.fromhex(one["evm"]["bytecode"]["object"])
        found[name] = Artifact("ForcedInbox", tuple(one["abi"]), code)
    return found


CONTRACT_BUGS = (
    ContractBug(
        "a deadline is moved by a commit (P20, INBOX-3)",
        INBOX,
        "emit MessagesConsumed(h.consumed, consumed);",
        "emit MessagesConsumed(h.consumed, consumed);"
        " if (consumed < h.length) _messages[consumed].deadline ="
        " TimeLib.timestamp().plus(FORCE_WINDOW_SECONDS);",
    ),
    ContractBug(
        "forceInclude is refused while the chain is based (FALLBACK-3)",
        INBOX,
        "if (upTo <= h.consumed)",
        '(, bytes memory r) = chain.staticcall(abi.encodeWithSignature("isBased()"));'
        " if (abi.decode(r, (bool)) || upTo <= h.consumed)",
    ),
    ContractBug(
        "consume skips a message (INBOX-6)",
        INBOX,
        "_head.consumed = uint32(consumed);",
        "_head.consumed = uint32(consumed < h.length ? consumed + 1 : consumed);",
    ),
    ContractBug(
        "consume goes back (INBOX-6)",
        INBOX,
        "uint64 consumed = count > h.consumed ? count : h.consumed;",
        "uint64 consumed = count;",
    ),
    ContractBug(
        "forceInclude takes one message at a time (P31, INBOX-5)",
        INBOX,
        "if (upTo > h.length)",
        "if (upTo > h.consumed + 1) revert NothingToForce(h.consumed, upTo); if (upTo > h.length)",
    ),
    ContractBug(
        "a long queue stretches the window (P20, INBOX-3)",
        INBOX,
        "TimeLib.timestamp().plus(FORCE_WINDOW_SECONDS);",
        "TimeLib.timestamp().plus(FORCE_WINDOW_SECONDS + h.length - h.consumed);",
    ),
    ContractBug(
        "a rollup that leaves has no queue (P25, INBOX-1)",
        INBOX,
        "    {\n        if (!rollups.isRegistered(rollupId)) revert UnknownRollup(rollupId);\n"
        "        return _enqueue(rollupId, MessageKind.TRANSACTION,",
        "    {\n        (, address leaver) = rollups.modeOf(rollupId);\n"
        "        if (leaver != address(0)) revert UnknownRollup(rollupId);\n"
        "        return _enqueue(rollupId, MessageKind.TRANSACTION,",
    ),
    ContractBug(
        "a queue of twice the target is full (P25, INBOX-1)",
        INBOX,
        "index = h.length;",
        "if (h.length - h.consumed >= 2 * CONGESTION_TARGET) revert BeyondQueue(0, 0);"
        " index = h.length;",
    ),
    ContractBug(
        "what is paid beyond the fee is kept (INBOX-2)",
        INBOX,
        "_refund(msg.value - dueWei);",
        "",
    ),
    ContractBug(
        "delegated keys are taken for contracts (P29, INBOX-7)",
        "contracts/libraries/CallerLib.sol",
        "if (msg.sender == tx.origin) return true;\n        if (msg.sender.code.length != ",
        "if (msg.sender.code.length == 0) return msg.sender == tx.origin;\n"
        "        if (msg.sender.code.length == ",
    ),
)

DERIVER_BUGS = (
    FunctionBug(
        "forced messages of a SOLO or BASED rollup are dropped (DERIVE-11)",
        derive.Deriver,
        "_consume",
        "if self._is_wanted(found.rollup_id):",
        "if self._is_wanted(found.rollup_id) and self._is_shared(found.rollup_id):",
    ),
    FunctionBug(
        "a void batch consumes nothing (DERIVE-5)",
        derive.Deriver,
        "_batch",
        "yield from self._consume(batch.forced_count, batch.index)",
        "yield from self._consume(0 if void else batch.forced_count, batch.index)",
    ),
    FunctionBug(
        "a batch's transactions come before its messages (DERIVE-4)",
        derive.Deriver,
        "_batch",
        "yield from self._consume(block.header.forced_count, batch.index)",
        "pass",
    ),
    FunctionBug(
        "the committee still orders what has left it (DERIVE-11)",
        derive.Deriver,
        "_transactions",
        "or not self._is_shared(rollup_id)",
        "",
    ),
    FunctionBug(
        "a reorg does not take modes back (DERIVE-9)",
        derive.Deriver,
        "_undo_last",
        "self._modes.drop_after(undo.tip.number)",
        "pass",
    ),
    FunctionBug(
        "a reorg does not take lists back (DERIVE-9)",
        derive.Deriver,
        "_undo_last",
        "self._rollups[rollup_id] = before",
        "pass",
    ),
    FunctionBug(
        "deposits are read as transactions (DERIVE-12)",
        found,
        "judge",
        "message is not None and message.kind is not MessageKind.TRANSACTION",
        "False",
    ),
    FunctionBug(
        "a call with a tail is not read (DERIVE-1)",
        calldata,
        "_bytes",
        "if end > len(arguments):",
        "if -(-end // 32) * 32 > len(arguments):",
    ),
)

Planted = ContractBug | FunctionBug
BUGS: tuple[Planted, ...] = (*DERIVER_BUGS, *CONTRACT_BUGS)
