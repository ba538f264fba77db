// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Operator,
    OperatorStatus,
    Stake,
    Ticket
} from "../../contracts/interfaces/IBondRegistry.sol";
import {Consequence} from "../../contracts/interfaces/ISlashingLedger.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {PoolAccount} from "../../contracts/interfaces/IInsurancePool.sol";
import {Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {Entry} from "./Books.sol";
import {VM, atLeast, atMost, equal, holds} from "./Cheats.sol";
import {Lot} from "./Shadow.sol";
import {Slashes} from "./Slashes.sol";

/// @title What must hold after each action, and at the end
contract Economy is Slashes {
    function check() external {
        _checkMoney();
        _checkInsurance();
        for (uint32 id = 1; id <= lastId; ++id) {
            _checkStake(id);
            _checkReturned(id);
        }
        for (uint256 i; i < tickets.length; ++i) {
            Lot storage lot = lots[_lotOf(tickets[i])];
            _compare("STAKE-5 ticket", lot, _grainWei(lot.id), registry.ticketWei(tickets[i]));
        }
        _checkKeys();
        _checkEvidence();
        _checkWeights();
    }

    /// @notice Everybody leaves, everything is drawn: nothing but rounding stays.
    function leaveAll() external {
        _settleSlashes();
        for (uint256 i; i < COLD; ++i) {
            uint32 id = registry.operatorIdOf(accounts[i]);
            if (id == 0 || _hasLeft(_operator(id))) continue;
            VM.prank(accounts[i]);
            registry.initiateExit();
        }
        VM.warp(block.timestamp + UNBONDING);
        for (uint32 id = 1; id <= lastId; ++id) {
            Operator memory o = _operator(id);
            if (o.status != OperatorStatus.Released) _release(id, o.operator);
            for (uint256 i; i < accounts.length; ++i) {
                (uint128 shares,,) = registry.stakeOf(id, accounts[i]);
                if (shares != 0) _undelegate(id, accounts[i], shares, shares);
            }
        }
        while (tickets.length != 0) {
            _claim(tickets.length - 1);
        }
        for (uint256 i; i < entries.length; ++i) {
            _releasePot(entries[i]);
        }
        _payAllClaims();
        for (uint256 i; i < accounts.length; ++i) {
            _withdraw(registry, accounts[i]);
            _withdraw(ledger, accounts[i]);
            _withdraw(insurance, accounts[i]);
        }
        _checkEmpty();
    }

    /// @dev LEDGER-3: once all is escalated, the part depends on the offenders alone.
    function _settleSlashes() private {
        for (uint256 i; i < entries.length; ++i) {
            _escalate(i, accounts[i % accounts.length]);
        }
        for (uint256 i; i < entries.length; ++i) {
            Entry storage e = entries[i];
            if (!_canBeSlashed(e.id)) continue;
            uint16 part = ledger.partOf(Epoch.wrap(e.epoch), e.id, e.offence);
            equal("LEDGER-3", _dueBps(e), part);
        }
    }

    function _payAllClaims() private {
        PoolAccount memory a = insurance.account();
        if (a.obligationsWei == 0) return;
        if (a.balanceWei < a.obligationsWei) {
            insurance.fund{value: _mint(a.obligationsWei - a.balanceWei)}();
        }
        // The cap of a period may be a speck: it is at its greatest here, and binds in payClaims.
        (, uint96 most) = parameters.boundsOf(Parameter.PERIOD_CAP_WEI);
        parameters.set(Parameter.PERIOD_CAP_WEI, most);
        insurance.pay(type(uint256).max);
        equal("INS-3 paid in the end", 0, insurance.account().obligationsWei);
    }

    /// @dev CREDIT-1, STAKE-7, LEDGER-8, INS-4.
    function _checkMoney() private view {
        uint256 expectedWei;
        for (uint32 id = 1; id <= lastId; ++id) {
            equal("STAKE-7 held", heldWei[id], registry.stake(id).heldWei);
            expectedWei += heldWei[id];
        }
        uint256 ledgerWei;
        uint256 insuranceWei = insurance.account().balanceWei;
        for (uint256 i; i < accounts.length; ++i) {
            expectedWei += registry.credit(accounts[i]);
            ledgerWei += ledger.credit(accounts[i]);
            insuranceWei += insurance.credit(accounts[i]);
        }
        for (uint256 i; i < entries.length; ++i) {
            Entry storage e = entries[i];
            (uint256 leftWei,) = ledger.potOf(Epoch.wrap(e.epoch), e.id, e.offence);
            ledgerWei += leftWei;
        }
        equal("STAKE-7 balance", expectedWei, address(registry).balance);
        equal("LEDGER-8", ledgerWei, address(ledger).balance);
        equal("INS-4", insuranceWei, address(insurance).balance);

        uint256 burned = address(0).balance - burnedBeforeWei;
        uint256 all = expectedWei + ledgerWei + insuranceWei + burned + SINK.balance;
        equal("conservation", paidInWei, all);
    }

    function _checkInsurance() private view {
        (uint256 filed, uint256 first) = insurance.claimCount();
        uint256 owed;
        for (uint256 i; i < filed; ++i) {
            (, uint96 leftWei) = insurance.claim(i);
            if (i < first) equal("INS-3 order", 0, leftWei);
            owed += leftWei;
        }
        equal("INS-4 obligations", owed, insurance.account().obligationsWei);
    }

    /// @dev STAKE-1, STAKE-5, STAKE-6, STAKE-7, each position against its lot.
    function _checkStake(uint32 id) private view {
        Stake memory s = registry.stake(id);
        Operator memory o = _operator(id);
        uint256 grainWei = _grainWei(id);
        uint256 sumWei;
        uint256 sumShares;
        atMost("STAKE-1 index", ONE, s.index);
        for (uint256 i; i < accounts.length; ++i) {
            (uint128 shares, uint96 worthWei, uint256 rewardWei) = registry.stakeOf(id, accounts[i]);
            _compare("STAKE-1 position", lots[stakedLot[id][accounts[i]]], grainWei, worthWei);
            sumWei += worthWei + rewardWei;
            sumShares += shares;
        }
        for (uint256 i; i < tickets.length; ++i) {
            Ticket memory t = registry.ticketOf(tickets[i]);
            if (t.id == id) sumWei += registry.ticketWei(tickets[i]);
        }
        equal("STAKE-1 shares", s.shares, sumShares);
        atLeast("STAKE-7 solvent", sumWei, s.heldWei);
        if (o.status == OperatorStatus.Active) atLeast("STAKE-6", o.minBondWei, s.ownWei);

        if (!_canBeSlashed(id)) return;
        uint256 slackWei = 2 + (lots.length + operations) * (1 + grainWei);
        uint256 liableWei = _liableX(id) / X;
        atMost("STAKE-5 liable", liableWei + slackWei, uint256(s.stakedWei) + s.leavingWei);
        atLeast("STAKE-5 liable", liableWei, uint256(s.stakedWei) + s.leavingWei + slackWei);
    }

    /// @dev LEDGER-7: of what the cold key lost itself, whatever its delegators lost beside it.
    function _checkReturned(uint32 id) private view {
        uint256 slackWei = (2 + operations) * (2 + _grainWei(id));
        atMost("LEDGER-7", ownForfeitedX[id] * 95 / 100 / X + slackWei, returnedWei[id]);
    }

    /// @dev STAKE-11, SLASH-1: evidence against any key there ever was names its operator.
    function _checkKeys() private view {
        for (uint256 i; i < ownerOfKey.length; ++i) {
            equal("STAKE-11", ownerOfKey[i], registry.operatorIdOfSigner(_signer(i)));
        }
    }

    /// @dev TIME-4, P11: while evidence of an epoch is heard, the stake that was counted in its
    /// committee is there to be slashed, less what was slashed since.
    function _checkEvidence() private view {
        for (uint256 i; i < epochs.length; ++i) {
            if (block.timestamp >= GENESIS + (epochs[i] + 1) * EPOCH + GRACE + EVIDENCE) continue;
            uint64 selection = Timestamp.unwrap(committee.selectionTime(Epoch.wrap(epochs[i])));
            for (uint32 id = 1; id <= lastId; ++id) {
                uint256 weight = _weightOf(id, epochs[i]);
                if (weight == 0) continue;
                holds("TIME-4 liable", _canBeSlashed(id));
                uint256 now_ = _keptAt(id, uint64(block.timestamp));
                uint256 then = _keptAt(id, selection);
                uint256 slackWei = 2 + (lots.length + operations) * (1 + _grainWei(id));
                Stake memory s = registry.stake(id);
                uint256 liableWei = uint256(s.stakedWei) + s.leavingWei + slackWei;
                if (then != 0) atLeast("TIME-4 stake", weight * now_ / then, liableWei);
            }
        }
    }

    /// @dev STAKE-8, BOND-8: a second later, when this one is past.
    function _checkWeights() private {
        uint256 now_ = block.timestamp;
        VM.warp(now_ + 1);
        for (uint32 id = 1; id <= lastId; ++id) {
            bool isActive = _operator(id).status == OperatorStatus.Active;
            uint256 expected = isActive ? registry.stake(id).stakedWei : 0;
            equal("STAKE-8", expected, registry.weightAt(id, Timestamp.wrap(uint64(now_))));
        }
        VM.warp(now_);
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].consequence != Consequence.Eject) continue;
            holds("BOND-8", _hasLeft(_operator(entries[i].id)));
        }
    }

    function _checkEmpty() private view {
        uint256 dustWei;
        for (uint32 id = 1; id <= lastId; ++id) {
            Stake memory s = registry.stake(id);
            equal("teardown: shares", 0, s.shares);
            dustWei += s.heldWei;
            atMost(
                "teardown: dust", 2 + (lots.length + operations) * (2 + _grainWei(id)), s.heldWei
            );
        }
        equal("teardown: registry", dustWei, address(registry).balance);
        equal("teardown: ledger", 0, address(ledger).balance);
        equal("teardown: insurance", insurance.account().balanceWei, address(insurance).balance);
    }
}
