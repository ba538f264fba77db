"""One planted bug, at least, for each invariant: one piece of a source replaced."""

from dataclasses import dataclass

STAKE_LIB = "contracts/libraries/StakeLib.sol"
REGISTRY = "contracts/BondRegistry.sol"
DELEGATIONS = "contracts/bonds/Delegations.sol"
LEDGER = "contracts/SlashingLedger.sol"
INSURANCE = "contracts/InsurancePool.sol"
HISTORY = "contracts/libraries/HistoryLib.sol"
CREDITS = "contracts/Credits.sol"
SPLITTER = "contracts/RevenueSplitter.sol"
FEES = "contracts/SequencingFees.sol"
OPERATORS = "contracts/bonds/Operators.sol"
CODEC = "contracts/libraries/CommitteeCodec.sol"


@dataclass(frozen=True)
class Planted:
    """`suite` is the one that must find it: the name of a .t.sol file."""

    name: str
    suite: str
    source: str
    old: str
    new: str

    def plant(self, content: str) -> str:
        """The source with the bug."""
        assert content.count(self.old) == 1, f"{self.source}: {content.count(self.old)} times"
        return content.replace(self.old, self.new)


BUGS = (
    Planted(
        "a look into the past misses the change of that second (BOND-4, PARAM-3)",
        "History",
        HISTORY,
        "if (_since(self.older[low]) <= t) break;",
        "if (_since(self.older[low]) < t) break;",
    ),
    Planted(
        "an operator that left keeps its weight (BOND-5, BOND-8)",
        "Economy",
        DELEGATIONS,
        "if (!isStaying && t.plus(UNBONDING_SECONDS) >= releaseAt) return 0;",
        "",
    ),
    Planted(
        "a share costs a wei, whatever it is worth (STAKE-2)",
        "Stake",
        STAKE_LIB,
        "uint128(Math.mulDiv(amountWei, ONE, index))",
        "uint128(amountWei)",
    ),
    Planted(
        "a payment raises the worth of all shares (STAKE-1, P14)",
        "Stake",
        STAKE_LIB,
        "uint256 index = indexNow(self);\n        if (index < MIN_INDEX)",
        "uint256 index = indexNow(self);\n"
        "        if (self.shares != 0) index = Math.mulDiv(self.heldWei, ONE, self.shares);\n"
        "        if (index < MIN_INDEX)",
    ),
    Planted(
        "tickets keep what they were worth when they were made (STAKE-5)",
        "Stake",
        STAKE_LIB,
        "worth(self.shares + _leaving(self, unbondingSeconds), before - index)",
        "worth(self.shares, before - index)",
    ),
    Planted(
        "tickets are slashed after their release (STAKE-4, STAKE-5)",
        "Stake",
        STAKE_LIB,
        "return _pay(self, shares, _indexAt(self, Timestamp.unwrap(releaseAt) - 1));",
        "return _pay(self, shares, Timestamp.unwrap(releaseAt) == 0 ? 0 : indexNow(self));",
    ),
    Planted(
        "a slash at the second of release counts (STAKE-4)",
        "Stake",
        STAKE_LIB,
        "return _pay(self, shares, _indexAt(self, Timestamp.unwrap(releaseAt) - 1));",
        "return _pay(self, shares, _indexAt(self, Timestamp.unwrap(releaseAt)));",
    ),
    Planted(
        "what is paid out is still held (STAKE-7)",
        "Stake",
        STAKE_LIB,
        "amountWei = worth(shares, index);\n        self.heldWei -= amountWei;",
        "amountWei = worth(shares, index);",
    ),
    Planted(
        "worth is rounded up (STAKE-7)",
        "Stake",
        STAKE_LIB,
        "return uint96(Math.mulDiv(shares, index, ONE));",
        "return uint96(Math.mulDiv(shares, index, ONE, Math.Rounding.Ceil));",
    ),
    Planted(
        "a position is not settled when it is rewarded (STAKE-9)",
        "Stake",
        STAKE_LIB,
        "self.positions[account].rewardPerShare = self.rewardPerShare;",
        "",
    ),
    Planted(
        "credit is paid and kept (CREDIT-1)",
        "Economy",
        CREDITS,
        "credit[msg.sender] = 0;",
        "",
    ),
    Planted(
        "each report is an offence of its own (LEDGER-1, P9)",
        "Economy",
        LEDGER,
        "if (entry.severity != 0) revert AlreadySlashed(s.epoch, s.id, s.offence);",
        "entry.partBps = 0;",
    ),
    Planted(
        "offenders count by head, not by weight (LEDGER-2)",
        "Economy",
        LEDGER,
        "+= _weightIn(members, s);",
        "+= _weightIn(members, s) == 0 ? 0 : 1;",
    ),
    Planted(
        "an escalation takes its part of what was left (LEDGER-3)",
        "Routes",
        LEDGER,
        "registry.slash(s.id, BPS - due, BPS - taken,",
        "registry.slash(s.id, BPS - due + taken, BPS,",
    ),
    Planted(
        "a victim's part is burned as well (LEDGER-6)",
        "Economy",
        LEDGER,
        "split.burned = slashed - split.reporter - split.victim - split.insurance;",
        "split.burned = slashed - split.reporter - split.insurance;",
    ),
    Planted(
        "delegators pay for what their operator is returned (LEDGER-7, P10)",
        "Routes",
        LEDGER,
        "(ownWei * RETURN_BPS) / BPS;",
        "(slashed * RETURN_BPS) / BPS;",
    ),
    Planted(
        "claims do not count as returned (LEDGER-7)",
        "Routes",
        LEDGER,
        "Math.min(Math.min(s.lossWei - paidWei, cap), claimable)",
        "Math.min(s.lossWei - paidWei, cap)",
    ),
    Planted(
        "what a victim was paid is set apart still (LEDGER-9)",
        "Economy",
        LEDGER,
        "(left - paidWei, claimable - filedWei)",
        "(left, claimable - filedWei)",
    ),
    Planted(
        "an operator's own tickets do not count as its own (LEDGER-6, INS-5)",
        "Routes",
        STAKE_LIB,
        "self.ownLeft.record(self.ownLeft.latest() + shares);",
        "",
    ),
    Planted(
        "a reporter is credited twice (LEDGER-8)",
        "Economy",
        LEDGER,
        "_credit(s.reporter, split.reporter);",
        "_credit(s.reporter, 2 * uint256(split.reporter));",
    ),
    Planted(
        "a claim that was paid stands again (INS-3)",
        "Economy",
        INSURANCE,
        "claimed.leftWei -= part;\n",
        "",
    ),
    Planted(
        "the period's cap is for each call (INS-3)",
        "Routes",
        INSURANCE,
        "uint96(_paidWei(books) + paidWei)",
        "uint96(paidWei)",
    ),
    Planted(
        "what was paid is still in the pool's account (INS-4)",
        "Economy",
        INSURANCE,
        "books.balanceWei -= uint96(paidWei);\n",
        "",
    ),
    Planted(
        "a second ticket takes the place of the first (P13)",
        "Economy",
        DELEGATIONS,
        "ticket = ++_lastTicket;",
        "ticket = uint256(uint160(msg.sender)) + (_lastTicket << 200);",
    ),
    Planted(
        "weight stays until the release (STAKE-3, STAKE-8)",
        "Economy",
        DELEGATIONS,
        "if (isOwn) _requireOwnStake(id, self);\n            _updateWeight(id);",
        "if (isOwn) _requireOwnStake(id, self);",
    ),
    Planted(
        "stake is released a quarter too early (TIME-4, P11)",
        "Routes",
        DELEGATIONS,
        "releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);\n            if (isOwn",
        "releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS / 4 * 3);\n            if (isOwn",
    ),
    Planted(
        "an exit is over a quarter too early (TIME-4, P11)",
        "Routes",
        REGISTRY,
        "releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);\n        self.status = how;",
        "releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS / 4 * 3);\n"
        "        self.status = how;",
    ),
    Planted(
        "an operator with too little left stays (STAKE-6)",
        "Economy",
        REGISTRY,
        "if (consequence == Consequence.Eject || ownWei < self.minBondWei) {",
        "if (consequence == Consequence.Eject) {",
    ),
    Planted(
        "a slash hits whoever bonded first (P12)",
        "Economy",
        REGISTRY,
        "Pool storage pool = _pools[id];\n        uint256 index;",
        "Pool storage pool = _pools[1];\n        uint256 index;",
    ),
    Planted(
        "an ejected operator comes back (BOND-8)",
        "Economy",
        REGISTRY,
        "if (self.status != OperatorStatus.Jailed) revert NotJailed(id, self.status);",
        "if (self.status == OperatorStatus.Active) revert NotJailed(id, self.status);",
    ),
    Planted(
        "a member is paid as often as it asks (REV-3)",
        "Revenue",
        SPLITTER,
        "_accounts[epoch].paid |= uint128(1 << member);",
        "",
    ),
    Planted(
        "a rebate is given again (REV-4)",
        "Revenue",
        SPLITTER,
        "paidFor[epoch][rollupId] = 0;",
        "",
    ),
    Planted(
        "revenue is carried again (REV-5)",
        "Revenue",
        SPLITTER,
        "account.isCarried = true;",
        "",
    ),
    Planted(
        "rebates are of all revenue, not of the rollups' (REV-2)",
        "Revenue",
        SPLITTER,
        "uint128(_part(account.fromRollupsWei, Parameter.ROLLUPS_SHARE_BPS, epoch));",
        "uint128(_part(account.depositedWei, Parameter.ROLLUPS_SHARE_BPS, epoch));",
    ),
    Planted(
        "a former signing key is nobody's (STAKE-11)",
        "Economy",
        OPERATORS,
        "address former = self.signer;",
        "address former = self.signer;\n        delete operatorIdOfSigner[former];",
    ),
    Planted(
        "a former signing key is taken again (STAKE-11)",
        "Economy",
        OPERATORS,
        "if (operatorIdOfSigner[signer] != 0) revert",
        "if (operatorIdOfSigner[signer] > id) revert",
    ),
    Planted(
        "who sits there with a former key weighs nothing (LEDGER-2, STAKE-11)",
        "Economy",
        LEDGER,
        "if (registry.operatorIdOfSigner(signer) == s.id) return weight;",
        "if (registry.operatorIdOfSigner(signer) == s.id) return 0;",
    ),
    Planted(
        "a commission rises as far as it may at once (STAKE-10)",
        "Commission",
        OPERATORS,
        "if (commissionBps > most) revert CommissionTooHigh(most, commissionBps);\n"
        "            Timestamp",
        "if (commissionBps > BPS) revert CommissionTooHigh(most, commissionBps);\n"
        "            Timestamp",
    ),
    Planted(
        "a commission rises as often as it likes (STAKE-10)",
        "Commission",
        OPERATORS,
        "self.commissionRaisedAt = now_;",
        "",
    ),
    Planted(
        "a commission falls only when it may rise (STAKE-10)",
        "Commission",
        OPERATORS,
        "if (commissionBps > current) {",
        "if (commissionBps != current) {",
    ),
    Planted(
        "a cap is of what all have, not of what it leaves (COMM-5)",
        "Committee",
        CODEC,
        "most = (capBps * rest) / (BPS - capBps * k);",
        "most = (capBps * (rest + weights[0] * k)) / BPS;",
    ),
    Planted(
        "a cap takes more than it must (COMM-5)",
        "Committee",
        CODEC,
        "if (weights[k] <= most) return most;",
        "if (weights[k] < most / 2) return most;",
    ),
    Planted(
        "of equals the last to bond is chosen (COMM-2)",
        "Committee",
        CODEC,
        "| (uint256(candidate.id) << 32) | i;",
        "| (uint256(~candidate.id) << 32) | i;",
    ),
    Planted(
        "what a rollup was charged is still its own (FEE-7)",
        "Fees",
        FEES,
        "a.paidWei -= feeWei;\n",
        "",
    ),
    Planted(
        "bytes that were used are left (FEE-3)",
        "Fees",
        FEES,
        "a.leftBytes -= taken;\n",
        "a.leftBytes -= taken / 2;\n",
    ),
    Planted(
        "entries are charged again by the next call (FEE-3)",
        "Fees",
        FEES,
        "UsageLib.open(usages, _charged.entries, entries)",
        "UsageLib.open(usages, 0, entries)",
    ),
    Planted(
        "what was bought is charged at the price of the day (FEE-2)",
        "Fees",
        FEES,
        "uint96(Math.mulDiv(a.paidWei, taken, a.leftBytes))",
        "uint96(Math.min(a.paidWei, taken * parameters.value(Parameter.FEE_WEI_PER_BYTE)))",
    ),
    Planted(
        "what is too little for a byte is lost (FEE-2)",
        "Fees",
        FEES,
        "uint256 fundsWei = msg.value + a.restWei;",
        "uint256 fundsWei = msg.value;",
    ),
    Planted(
        "each use moves the notice (FEE-4)",
        "Fees",
        FEES,
        "if (Timestamp.unwrap(a.dropAt) != 0) return;",
        "",
    ),
    Planted(
        "any payment takes the notice back (FEE-4)",
        "Fees",
        FEES,
        "if (a.arrearsBytes == 0) {",
        "if (a.arrearsBytes < type(uint64).max) {",
    ),
    Planted(
        "a usage is passed over as soon as it is doubted (FEE-6)",
        "Fees",
        FEES,
        "&& _doubted.passableAt.isDue(TimeLib.timestamp());",
        ";",
    ),
)
