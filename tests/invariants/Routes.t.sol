// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Operator, OperatorStatus} from "../../contracts/interfaces/IBondRegistry.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {Consequence, Offence, Slash} from "../../contracts/interfaces/ISlashingLedger.sol";
import {Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {Broken, VM, atLeast, atMost, bound, equal} from "./Cheats.sol";
import {World} from "./World.sol";

/// @title Slashes by every route: in any order, by the offender itself, at the last moment
contract RoutesTest is World {
    address private constant SINK = address(0x51);
    address private constant DELEGATOR = address(0xD0);
    address private constant FRIEND = address(0xF0);

    address[3] private _cold = [address(0xC1), address(0xC2), address(0xC3)];

    function setUp() external {
        _deploy();
    }

    /// @dev LEDGER-3: each loses the same in whatever order all are reported, if all is escalated.
    function testFuzz_escalate__in_any_order__takes_the_same(
        uint96[3] memory bonds,
        uint256 order,
        uint256 calls
    ) external {
        _bondAll(bonds);
        uint256 before = VM.snapshotState();
        uint256[3] memory first = _reportAll(order, calls);
        VM.revertToState(before);
        uint256[3] memory second = _reportAll(order >> 128, calls >> 128);
        for (uint256 i; i < 3; ++i) {
            atMost("LEDGER-3", first[i] + 4, second[i]);
            atMost("LEDGER-3", second[i] + 4, first[i]);
        }
    }

    /// @dev LEDGER-7, P10: an operator with friends that report it, are its victims and delegate to
    /// it, beside delegators that trust it, has less in the end than it brought.
    function testFuzz_slash_oneself__with_all_friends__loses_a_twentieth(
        uint96[3] memory bonds,
        uint96 trustedWei,
        uint96 friendWei,
        uint256 choices,
        uint16[4] memory severities
    ) external {
        bonds[0] = uint96(bound(bonds[0], MIN_BOND, 1000 ether));
        trustedWei = uint96(bound(trustedWei, MIN_DELEGATION, 100_000 ether));
        friendWei = uint96(bound(friendWei, MIN_DELEGATION, 1000 ether));
        _bondAll(bonds);
        _delegate(DELEGATOR, 1, trustedWei);
        _delegate(FRIEND, 1, friendWei);
        insurance.fund{value: 1000 ether}();

        for (uint256 i; i < severities.length; ++i) {
            uint16 severity = uint16(bound(severities[i], 1, 200));
            uint256 choice = choices >> (32 * i);
            if (registry.operator(1).status == OperatorStatus.Active && choice % 5 == 0) {
                VM.prank(_cold[0]);
                registry.initiateExit();
            }
            _slash(1, Offence(1 + i), Consequence((choice >> 8) % 3), severity, FRIEND, 900 ether);
        }
        uint256 lostWei = uint256(bonds[0]) - registry.stake(1).ownWei;
        uint256 had = uint256(bonds[0]) + friendWei;
        atMost("LEDGER-7", had - lostWei / 20 + 4, _leave(_cold[0], 1) + _leave(FRIEND, 1));
    }

    /// @dev STAKE-5, P12: others keep every wei, and so do tickets that were released.
    function testFuzz_slash__of_one__moves_nobody_else(
        uint96[3] memory bonds,
        uint96 delegatedWei,
        uint16 severity,
        uint256 passed
    ) external {
        _bondAll(bonds);
        delegatedWei = uint96(bound(delegatedWei, 3 * uint256(MIN_DELEGATION), 1000 ether));
        _delegate(DELEGATOR, 1, delegatedWei);
        _delegate(FRIEND, 2, delegatedWei);
        VM.prank(DELEGATOR);
        uint256 ticket = registry.undelegate(1, delegatedWei / 3);
        uint256 ticketWei = registry.ticketWei(ticket);
        uint256 secondWei = registry.stake(2).heldWei;
        passed = bound(passed, UNBONDING, 2 * uint256(UNBONDING));
        VM.warp(block.timestamp + passed);
        _record();

        _slash(1, Offence.Data, Consequence.Jail, uint16(bound(severity, 1, 49)), FRIEND, 0);
        equal("STAKE-5 released", ticketWei, registry.ticketWei(ticket));
        equal("P12 other", secondWei, registry.stake(2).heldWei);
        (, uint96 friendWei,) = registry.stakeOf(2, FRIEND);
        equal("P12 delegator", delegatedWei, friendWei);
        registry.claim(ticket);
        equal("STAKE-4", ticketWei, registry.credit(DELEGATOR));
    }

    /// @dev TIME-4, P11: whoever leaves as soon as it was chosen is there when evidence ends.
    function testFuzz_exit__at_any_moment__does_not_outrun_evidence(
        uint96[3] memory bonds,
        uint96 delegatedWei,
        uint256 leavesAt,
        bool byTicket
    ) external {
        _bondAll(bonds);
        delegatedWei = uint96(bound(delegatedWei, MIN_DELEGATION, 1000 ether));
        _delegate(DELEGATOR, 1, delegatedWei);
        uint64 epoch = 4;
        uint256 selection = Timestamp.unwrap(committee.selectionTime(Epoch.wrap(epoch)));
        VM.warp(bound(leavesAt, selection + 1, GENESIS + (epoch + 1) * EPOCH - 1));
        uint256 ticket;
        if (byTicket) {
            VM.prank(DELEGATOR);
            ticket = registry.undelegate(1, delegatedWei);
        } else {
            VM.prank(_cold[0]);
            registry.initiateExit();
        }
        if (_epochNow() < epoch) VM.warp(GENESIS + epoch * EPOCH + 1);
        committee.snapshot(Epoch.wrap(epoch));
        uint256 weight = registry.weightAt(1, Timestamp.wrap(uint64(selection)));
        VM.warp(GENESIS + (epoch + 1) * EPOCH + GRACE + EVIDENCE - 1);
        uint256 heldWei = registry.stake(1).heldWei;
        if (byTicket) _refuseClaim(ticket);

        ledger.slash(
            Slash(
                1,
                address(0),
                Epoch.wrap(epoch),
                Offence.Data,
                Consequence.Jail,
                1,
                FRIEND,
                FRIEND,
                0
            )
        );
        uint256 takenWei = heldWei - registry.stake(1).heldWei;
        atLeast("TIME-4", weight * _dataBps() / BPS, takenWei + 2);
    }

    /// @dev INS-5: an operator that takes out its own stake before its slash pays its victims as much.
    function testFuzz_undelegate__own_stake_before_a_slash__takes_nothing_from_victims(
        uint96[3] memory bonds,
        uint96 trustedWei,
        uint256 leaving,
        uint256 passed
    ) external {
        bonds[0] = uint96(bound(bonds[0], MIN_BOND + 1, 1_000_000 ether));
        _bondAll(bonds);
        _delegate(DELEGATOR, 1, bound(trustedWei, MIN_DELEGATION, 1_000_000 ether));
        uint256 promisedWei = insurance.coverageOf(1);
        VM.prank(_cold[0]);
        registry.undelegate(1, uint128(bound(leaving, 1, bonds[0] - MIN_BOND)));
        VM.warp(block.timestamp + bound(passed, 0, EPOCH + GRACE + EVIDENCE - 2));

        uint96 lossWei = uint96(promisedWei);
        _slash(1, Offence.Promise, Consequence.None, 1, address(0xE5), DELEGATOR, lossWei);
        atLeast("INS-5 covered", promisedWei, ledger.credit(DELEGATOR) + 2);
    }

    /// @dev INS-3: by however many calls, no day pays more than its cap, and in the end all is paid.
    function testFuzz_pay__in_any_pieces__keeps_the_cap_of_each_day(
        uint96 capWei,
        uint32[8] memory waits,
        uint256 counts
    ) external {
        _bondAll([uint96(200 ether), MIN_BOND, MIN_BOND]);
        for (uint256 i; i < 3; ++i) {
            _slash(1, Offence(1 + i), Consequence.None, 3, FRIEND, 900 ether);
        }
        insurance.fund{value: 1000 ether}();
        capWei = uint96(bound(capWei, 1 gwei, 30 ether));
        parameters.set(Parameter.PERIOD_CAP_WEI, capWei);

        uint256 day;
        uint256 paidWei;
        for (uint256 i; i < waits.length; ++i) {
            VM.warp(block.timestamp + bound(waits[i], 1, 12 hours));
            if (block.timestamp / 1 days != day) paidWei = 0;
            day = block.timestamp / 1 days;
            if (insurance.account().payableWei == 0) continue;
            paidWei += insurance.pay(1 + (counts >> i) % 3);
            atMost("INS-3 cap", capWei, paidWei);
        }
        parameters.set(Parameter.PERIOD_CAP_WEI, 1000 ether);
        if (insurance.account().obligationsWei != 0) insurance.pay(3);
        equal("INS-3 all", 0, insurance.account().obligationsWei);
    }

    function _bondAll(uint96[3] memory bonds) private {
        for (uint256 i; i < 3; ++i) {
            bonds[i] = uint96(bound(bonds[i], MIN_BOND, 1_000_000 ether));
            _bond(_cold[i], bonds[i], 0);
        }
        VM.warp(GENESIS + 1);
        _record();
    }

    /// @dev All sign twice in epoch 0; reports and escalations come as `order` and `calls` say.
    function _reportAll(uint256 order, uint256 calls) private returns (uint256[3] memory left) {
        for (uint256 i; i < 3; ++i) {
            uint32 id = uint32(1 + (i + order % 3) % 3);
            if (order >> 64 & 1 == 1) id = 4 - id;
            _slash(id, Offence.Equivocation, Consequence.Eject, 1, FRIEND, 0);
            for (uint32 other = 1; other <= 3; ++other) {
                if (calls >> (4 * i + other) & 1 == 1) _escalate(other);
            }
        }
        for (uint32 id = 1; id <= 3; ++id) {
            _escalate(id);
            left[id - 1] = registry.stake(id).stakedWei;
        }
    }

    function _escalate(uint32 id) private {
        try ledger.escalate(Epoch.wrap(0), id, Offence.Equivocation) {} catch {}
    }

    function _slash(
        uint32 id,
        Offence offence,
        Consequence consequence,
        uint16 severity,
        address friend,
        uint96 lossWei
    ) private {
        _slash(id, offence, consequence, severity, friend, friend, lossWei);
    }

    function _slash(
        uint32 id,
        Offence offence,
        Consequence consequence,
        uint16 severity,
        address reporter,
        address victim,
        uint96 lossWei
    ) private {
        ledger.slash(
            Slash(
                id,
                address(0),
                Epoch.wrap(0),
                offence,
                consequence,
                severity,
                reporter,
                victim,
                lossWei
            )
        );
    }

    function _refuseClaim(uint256 ticket) private {
        try registry.claim(ticket) {
            revert Broken("TIME-4 claim", 0, 1);
        } catch {}
    }

    function _dataBps() private view returns (uint256) {
        return _value(Parameter.DATA_BASE_BPS);
    }

    /// @dev Draw all that is due to `account`; returns what it has then.
    function _leave(address account, uint32 id) private returns (uint256) {
        Operator memory o = registry.operator(id);
        if (o.status == OperatorStatus.Active || o.status == OperatorStatus.Jailed) {
            VM.prank(o.operator);
            registry.initiateExit();
        }
        (uint128 shares,,) = registry.stakeOf(id, account);
        uint256 ticket;
        if (account != o.operator && shares != 0) {
            VM.prank(account);
            ticket = registry.undelegate(id, shares);
        }
        while (insurance.account().payableWei != 0) {
            insurance.pay(10);
            VM.warp(block.timestamp + 1 days);
        }
        VM.warp(block.timestamp + UNBONDING);
        if (registry.operator(id).status != OperatorStatus.Released) registry.release(id);
        if (ticket != 0) registry.claim(ticket);
        return registry.credit(account) + ledger.credit(account) + insurance.credit(account);
    }
}
