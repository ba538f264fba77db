// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Participation} from "../../contracts/Participation.sol";
import {RevenueSplitter} from "../../contracts/RevenueSplitter.sol";
import {RollupRegistry} from "../../contracts/RollupRegistry.sol";
import {Ordering, OrderingPolicy} from "../../contracts/interfaces/IRollupRegistry.sol";
import {ICommitmentChain} from "../../contracts/interfaces/ICommitmentChain.sol";
import {ICommittee} from "../../contracts/interfaces/ICommittee.sol";
import {Revenue} from "../../contracts/interfaces/IRevenueSplitter.sol";
import {CountLib} from "../../contracts/libraries/CountLib.sol";
import {ParticipationLib} from "../../contracts/libraries/ParticipationLib.sol";
import {Epoch} from "../../contracts/types/Types.sol";
import {VM, atMost, bound, equal, holds} from "./Cheats.sol";
import {World} from "./World.sol";

/// @title The one figure that a commit leaves for participation (WORK-1), without certificates
contract Commits {
    using ParticipationLib for bytes20;

    ICommittee public immutable committee;

    mapping(Epoch epoch => bytes20) private _participation;

    constructor(ICommittee committee_) {
        committee = committee_;
    }

    function commit(Epoch epoch, uint256 signers) external {
        bytes20 before = _participation[epoch];
        if (before == 0) before = ParticipationLib.begin(epoch);
        _participation[epoch] = before.add(signers);
    }

    /// @dev As the chain does, for an epoch of which it knows nothing.
    function participationOf(Epoch epoch) external view returns (bytes20) {
        require(_participation[epoch] != 0);
        return _participation[epoch];
    }
}

/// @title Revenue of two epochs, the first of which may be lost, paid in any order (REV-1 to REV-6)
contract RevenueTest is World {
    uint256 private constant MEMBERS = 3;

    Commits private _chain;
    Participation private _participation;
    RevenueSplitter private _splitter;

    uint256 private _depositedWei;
    uint256 private _passedOnWei;
    mapping(uint64 epoch => uint256[]) private _counts;

    receive() external payable {}

    function setUp() external {
        _deploy();
        for (uint160 i; i < MEMBERS; ++i) {
            _bond(address(0xC1 + i), (1 + i * i * 7) * 1 ether + i, 1000);
        }
        VM.warp(GENESIS + 1);
        _record();
        _chain = new Commits(committee);
        RollupRegistry rollups = new RollupRegistry(300);
        rollups.register(1, address(0), false, Ordering(OrderingPolicy.PRIORITY, 0));
        rollups.register(2, address(0), false, Ordering(OrderingPolicy.PRIORITY, 0));
        _participation = new Participation(ICommitmentChain(address(_chain)));
        _splitter = new RevenueSplitter(_participation, rollups);
        VM.deal(address(this), type(uint96).max);
    }

    function testFuzz_revenue__of_two_epochs__is_paid_to_the_wei(
        uint64[6] memory depositsWei,
        uint8[8] memory signers,
        uint256 order,
        bool isLost
    ) external {
        _enter(1);
        _deposit(depositsWei, 0);
        _enter(2);
        _deposit(depositsWei, 3);
        VM.warp(block.timestamp + GRACE);
        if (isLost) {
            _carry();
            _carry();
        } else {
            _settle(1, signers);
            _payAll(1, order);
        }
        VM.warp(GENESIS + 3 * EPOCH + GRACE);
        _settle(2, signers);
        _payAll(2, order >> 128);
        _payAll(2, order >> 64);
        if (!isLost) _payAll(1, order >> 32);
        _payAll(1, order);

        uint256 left = address(_splitter).balance - _splitter.credit(address(this));
        equal("REV-6", _depositedWei, left + _passedOnWei + _splitter.credit(address(this)));
        // Of an epoch in which nobody was counted the operators' part stays.
        if (_participation.workOf(Epoch.wrap(2)).work == 0) return;
        if (!isLost && _participation.workOf(Epoch.wrap(1)).work == 0) return;
        atMost("REV-6 rounding", 2 * MEMBERS, left);
    }

    function _enter(uint64 epoch) private {
        VM.warp(GENESIS + epoch * EPOCH + 1);
        committee.snapshot(Epoch.wrap(epoch));
    }

    function _deposit(uint64[6] memory amountsWei, uint256 first) private {
        for (uint256 i; i < 3; ++i) {
            uint256 amountWei = bound(amountsWei[first + i], 1, type(uint64).max);
            _splitter.deposit{value: amountWei}(uint32(i));
            _depositedWei += amountWei;
        }
    }

    function _carry() private {
        uint256 before = _splitter.revenueOf(Epoch.wrap(2)).operatorsWei;
        try _splitter.carry(Epoch.wrap(1)) returns (uint256 amountWei) {
            equal("REV-5", before + amountWei, _splitter.revenueOf(Epoch.wrap(2)).operatorsWei);
        } catch {}
    }

    function _settle(uint64 epoch, uint8[8] memory signers) private {
        uint256[] memory bitmaps = new uint256[](signers.length);
        for (uint256 i; i < signers.length; ++i) {
            bitmaps[i] = uint256(signers[i]) >> epoch & (2 ** MEMBERS - 1);
            _chain.commit(Epoch.wrap(epoch), bitmaps[i]);
        }
        _participation.settle(Epoch.wrap(epoch), bitmaps);
        _counts[epoch] = CountLib.empty(MEMBERS);
        for (uint256 member; member < MEMBERS; ++member) {
            uint256 signed;
            for (uint256 i; i < bitmaps.length; ++i) {
                signed += bitmaps[i] >> member & 1;
            }
            _count(epoch, member, signed);
        }
    }

    function _count(uint64 epoch, uint256 member, uint256 signed) private {
        uint256[] memory counts = _counts[epoch];
        CountLib.increase(counts, member, signed);
        _counts[epoch] = counts;
    }

    /// @dev Everything, by `order`, some of it twice; what is due twice is refused.
    function _payAll(uint64 number, uint256 order) private {
        Epoch epoch = Epoch.wrap(number);
        for (uint256 i; i < MEMBERS + 3; ++i) {
            uint256 step = (i + order % (MEMBERS + 3)) % (MEMBERS + 3);
            uint256 before = address(_splitter).balance;
            if (step < MEMBERS) {
                try _splitter.pay(epoch, _counts[number], step) returns (uint256 amountWei) {
                    _passedOnWei += amountWei;
                    equal("REV-3", amountWei, before - address(_splitter).balance);
                    holds("REV-3 once", _splitter.isPaid(epoch, step));
                } catch {}
            } else if (step == MEMBERS) {
                try _splitter.insure(epoch) returns (uint256 amountWei) {
                    _passedOnWei += amountWei;
                    equal("REV-5 pool", amountWei, before - address(_splitter).balance);
                } catch {}
            } else {
                uint32 rollupId = uint32(step - MEMBERS);
                uint256 credit = _splitter.credit(address(this));
                try _splitter.rebate(epoch, rollupId) returns (uint256 amountWei) {
                    equal("REV-4", credit + amountWei, _splitter.credit(address(this)));
                } catch {}
            }
        }
        Revenue memory r = _splitter.revenueOf(epoch);
        uint256 parts = uint256(r.rebatesWei) + r.insuranceWei + r.operatorsWei;
        equal("REV-2", uint256(r.depositedWei) + r.carriedWei, parts);
    }
}
