// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ticket} from "../../contracts/interfaces/IBondRegistry.sol";
import {Consequence, Offence, Slash, Split} from "../../contracts/interfaces/ISlashingLedger.sol";
import {Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {Actions} from "./Actions.sol";
import {Entry} from "./Books.sol";
import {Broken, VM, atLeast, atMost, bound, equal} from "./Cheats.sol";

/// @title Slashes of everyone for everything, reported by anyone, with any victim
contract Slashes is Actions {
    /// @dev What the world looked like before a slash.
    struct Before {
        uint256 partBps;
        uint256 heldWei;
        uint256 burned;
        uint256 insuredWei;
        uint256 reporterWei;
        uint256 victimWei;
        uint256 filedWei;
        uint256 index;
    }

    function slash(uint256 who, uint256 what, uint96 lossWei, uint16 severity) external {
        Slash memory s;
        s.id = _id(who);
        s.epoch = Epoch.wrap(epochs[(who >> 8) % epochs.length]);
        s.offence = Offence(1 + what % 6);
        s.consequence = Consequence((what >> 8) % 3);
        s.severity = uint16(bound(severity, 1, 64));
        s.reporter = _anybody(what >> 16);
        s.victim = _anybody(what >> 32);
        s.lossWei = uint96(bound(lossWei, 0, 100 ether));
        if (!_canBeSlashed(s.id)) return;
        if (_markSlashed(s)) return _requireOnce(s);

        uint64 epoch = Epoch.unwrap(s.epoch);
        if (s.consequence == Consequence.Eject) {
            offending[epoch][s.offence] += _seatOf(s.id, epoch);
        }
        entries.push(Entry(s.id, epoch, s.offence, s.consequence, s.severity, 0));
        Before memory b = _before(s);
        _account(s, entries[entries.length - 1], b, ledger.slash(s));
    }

    function escalate(uint256 any, uint256 who) external {
        if (entries.length == 0) return;
        _escalate(any % entries.length, accounts[who % accounts.length]);
    }

    /// @notice One more victim of something that was slashed (LEDGER-9).
    function compensate(uint256 any, uint256 who, uint96 lossWei) external {
        if (entries.length == 0) return;
        Entry storage e = entries[any % entries.length];
        Slash memory s;
        s.id = e.id;
        s.epoch = Epoch.wrap(e.epoch);
        s.offence = e.offence;
        s.severity = 1;
        s.victim = _account(who);
        s.lossWei = uint96(bound(lossWei, 0, 100 ether));
        (uint256 leftWei, uint256 claimableWei) = ledger.potOf(s.epoch, s.id, s.offence);
        uint256 creditWei = ledger.credit(s.victim);
        uint256 obligationsWei = insurance.account().obligationsWei;
        ledger.compensate(s);

        uint256 paidWei = _least(s.lossWei, leftWei, claimableWei);
        uint256 filedWei = insurance.account().obligationsWei - obligationsWei;
        equal("LEDGER-9 paid", creditWei + paidWei, ledger.credit(s.victim));
        _checkPot(s, leftWei - paidWei, claimableWei - paidWei - filedWei);
        returnedWei[s.id] += paidWei + filedWei;
    }

    function releasePot(uint256 any) external {
        if (entries.length != 0) _releasePot(entries[any % entries.length]);
    }

    /// @dev LEDGER-9: to the insurance, and not before evidence of the epoch is old (SLASH-2).
    function _releasePot(Entry storage e) internal {
        Epoch epoch = Epoch.wrap(e.epoch);
        (uint256 leftWei,) = ledger.potOf(epoch, e.id, e.offence);
        uint256 insuredWei = insurance.account().balanceWei;
        bool isHeard = block.timestamp < GENESIS + (e.epoch + 1) * EPOCH + GRACE + EVIDENCE;
        try ledger.releasePot(epoch, e.id, e.offence) {
            if (isHeard || leftWei == 0) revert Broken("LEDGER-9 released", 0, leftWei);
            equal("LEDGER-9 insured", insuredWei + leftWei, insurance.account().balanceWei);
            (leftWei,) = ledger.potOf(epoch, e.id, e.offence);
            equal("LEDGER-9 empty", 0, leftWei);
        } catch {
            if (!isHeard && leftWei != 0) revert Broken("LEDGER-9 kept", leftWei, 0);
        }
    }

    function _checkPot(Slash memory s, uint256 leftWei, uint256 claimableWei) private view {
        (uint256 left, uint256 claimable) = ledger.potOf(s.epoch, s.id, s.offence);
        equal("LEDGER-9 left", leftWei, left);
        equal("LEDGER-9 claimable", claimableWei, claimable);
    }

    function _least(uint256 a, uint256 b, uint256 c) private pure returns (uint256 least) {
        least = a < b ? a : b;
        if (c < least) least = c;
    }

    /// @dev LEDGER-1, P9: the same offence is not paid for twice.
    function _requireOnce(Slash memory s) private {
        try ledger.slash(s) {
            revert Broken("LEDGER-1", 1, 2);
        } catch {}
    }

    /// @return isDone false if nothing more is due, or the operator is not liable any more
    function _escalate(uint256 place, address reporter) internal returns (bool isDone) {
        Entry storage e = entries[place];
        if (!_canBeSlashed(e.id) || _dueBps(e) <= e.partBps) return false;
        Slash memory s;
        s.id = e.id;
        s.epoch = Epoch.wrap(e.epoch);
        s.offence = e.offence;
        s.consequence = e.consequence;
        s.reporter = reporter;
        Before memory b = _before(s);
        VM.prank(reporter);
        _account(s, e, b, ledger.escalate(s.epoch, s.id, s.offence));
        return true;
    }

    function _account(Slash memory s, Entry storage e, Before memory b, Split memory split)
        private
    {
        uint256 due = _dueBps(e);
        equal("LEDGER-2 part", due, ledger.partOf(s.epoch, s.id, s.offence));
        uint256 takenWei = b.heldWei - registry.stake(s.id).heldWei;
        _takeFromLots(s.id, BPS - due, BPS - e.partBps, takenWei);
        e.partBps = due;

        uint256 own = _ownLiableShares(s.id);
        uint256 ownWei = own * b.index / ONE - own * registry.stake(s.id).index / ONE;
        if (ownWei > takenWei) ownWei = takenWei;
        uint256 filedWei = insurance.account().obligationsWei - b.filedWei;
        uint256 mostWei = ownWei * 95 / 100 - split.reporter;
        uint256 paidWei = s.victim == address(0) ? 0 : _least(s.lossWei, split.victim, mostWei);
        _checkSplit(s, b, split, takenWei, paidWei);
        if (s.victim != address(0)) {
            _checkPot(s, split.victim - paidWei, mostWei - paidWei - filedWei);
        }
        uint256 returned = uint256(split.reporter) + paidWei + filedWei;
        atMost("LEDGER-7 of a slash", ownWei * 95 / 100, returned);
        returnedWei[s.id] += returned;
    }

    /// @dev LEDGER-6: four parts, and each is where it belongs.
    function _checkSplit(
        Slash memory s,
        Before memory b,
        Split memory split,
        uint256 takenWei,
        uint256 paidWei
    ) private view {
        uint256 sum = uint256(split.reporter) + split.victim + split.insurance + split.burned;
        equal("LEDGER-6 sum", takenWei, sum);
        equal("LEDGER-6 burned", split.burned, address(0).balance - b.burned);
        equal("LEDGER-6 insurance", split.insurance, insurance.account().balanceWei - b.insuredWei);
        atLeast("LEDGER-6 twentieth", takenWei / 20, split.burned);
        uint256 gained = ledger.credit(s.reporter) - b.reporterWei;
        if (s.reporter == s.victim) {
            equal("LEDGER-6 credits", split.reporter + paidWei, gained);
        } else {
            equal("LEDGER-6 reporter", split.reporter, gained);
            equal("LEDGER-9 victim", paidWei, ledger.credit(s.victim) - b.victimWei);
        }
    }

    /// @dev STAKE-5: of every liable lot one part, of no other any.
    function _takeFromLots(uint32 id, uint256 keep, uint256 whole, uint256 takenWei) private {
        address cold = _operator(id).operator;
        uint256 slackWei = 2 + (lots.length + ++operations) * (1 + _grainWei(id));
        ownForfeitedX[id] += _worthX(id, cold);
        uint256 takenX = _slashLots(id, keep, whole);
        ownForfeitedX[id] -= _worthX(id, cold);
        atMost("STAKE-5 taken", takenX / X + slackWei, takenWei);
        atLeast("STAKE-5 taken", takenX / X, takenWei + slackWei);
        heldWei[id] -= takenWei;
    }

    function _before(Slash memory s) private view returns (Before memory b) {
        b.index = registry.stake(s.id).index;
        b.heldWei = registry.stake(s.id).heldWei;
        b.burned = address(0).balance;
        b.insuredWei = insurance.account().balanceWei;
        b.filedWei = insurance.account().obligationsWei;
        b.reporterWei = ledger.credit(s.reporter);
        b.victimWei = ledger.credit(s.victim);
    }

    /// @dev What the cold key has staked, and in tickets that are not released (LEDGER-6).
    function _ownLiableShares(uint32 id) private view returns (uint256 shares) {
        address cold = _operator(id).operator;
        (shares,,) = registry.stakeOf(id, cold);
        for (uint256 i; i < tickets.length; ++i) {
            Ticket memory t = registry.ticketOf(tickets[i]);
            if (t.id != id || t.owner != cold) continue;
            if (block.timestamp >= Timestamp.unwrap(t.releaseAt)) continue;
            shares += t.shares;
        }
    }

    function _markSlashed(Slash memory s) private returns (bool wasSlashed) {
        bytes32 key = keccak256(abi.encode(s.epoch, s.id, s.offence));
        wasSlashed = isSlashed[key];
        isSlashed[key] = true;
    }

    /// @dev One of the accounts, or nobody.
    function _anybody(uint256 any) private view returns (address) {
        uint256 place = any % (accounts.length + 1);
        return place == accounts.length ? address(0) : accounts[place];
    }
}
