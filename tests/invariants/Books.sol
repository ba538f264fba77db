// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Operator, OperatorStatus, Stake} from "../../contracts/interfaces/IBondRegistry.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {Consequence, Offence} from "../../contracts/interfaces/ISlashingLedger.sol";
import {Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {VM, bound} from "./Cheats.sol";
import {Shadow} from "./Shadow.sol";
import {World} from "./World.sol";

/// @notice A slash that was made, by its key (LEDGER-1).
struct Entry {
    uint32 id;
    uint64 epoch;
    Offence offence;
    Consequence consequence;
    uint16 severity;
    uint256 partBps;
}

/// @title Who acts, and what was done so far
contract Books is World, Shadow {
    uint256 internal constant ONE = 1e27;
    uint256 internal constant COLD = 3;
    uint256 internal constant MAX_IDS = 6;

    /// @notice Withdrawals go there.
    address internal constant SINK = address(0x51);

    /// @notice The first three are cold keys; all delegate, report and are victims.
    address[] internal accounts;
    uint32 internal lastId;
    uint64[] internal epochs;
    uint256[] internal tickets;
    Entry[] internal entries;

    mapping(uint64 epoch => mapping(Offence => uint256)) internal offending;
    mapping(bytes32 key => bool) internal isSlashed;

    /// @notice Rewards of an account that are not credit yet, in wei times X.
    mapping(uint32 id => mapping(address account => uint256)) internal rewardX;

    /// @notice LEDGER-7, from splits alone.
    mapping(uint32 id => uint256) internal returnedWei;
    mapping(uint32 id => uint256) internal ownForfeitedX;

    /// @notice INS-3, by the day.
    mapping(uint256 day => uint256) internal paidOnWei;

    uint256 internal paidInWei;
    uint256 internal burnedBeforeWei;
    uint256 internal operations;

    constructor() {
        _deploy();
        burnedBeforeWei = address(0).balance;
        for (uint160 i; i < 7; ++i) {
            accounts.push(address(0xA00 + i));
        }
        for (uint256 i; i < COLD; ++i) {
            _join(accounts[i], (5 + i) * 1 ether, 1000);
        }
        _stake(accounts[3], 1, 40 ether);
        _stake(accounts[4], 2, 3 gwei);
        VM.warp(GENESIS + 1);
        _recordEpoch();
    }

    function _join(address cold, uint256 amountWei, uint16 commissionBps) internal {
        lastId = _bond(cold, amountWei, commissionBps);
        _addStake(lastId, cold, amountWei);
        paidInWei += amountWei;
    }

    function _stake(address account, uint32 id, uint256 amountWei) internal {
        _delegate(account, id, amountWei);
        rewardX[id][account] = 0;
        _addStake(id, account, amountWei);
        paidInWei += amountWei;
    }

    function _recordEpoch() internal {
        if (committee.pointerOf(Epoch.wrap(_epochNow())) != address(0)) return;
        _record();
        if (committee.pointerOf(Epoch.wrap(_epochNow())) != address(0)) epochs.push(_epochNow());
    }

    function _account(uint256 any) internal view returns (address) {
        return accounts[any % accounts.length];
    }

    function _id(uint256 any) internal view returns (uint32) {
        return uint32(1 + any % lastId);
    }

    function _operator(uint32 id) internal view returns (Operator memory) {
        return registry.operator(id);
    }

    function _hasLeft(Operator memory o) internal pure returns (bool) {
        return o.status != OperatorStatus.Active && o.status != OperatorStatus.Jailed;
    }

    function _canBeSlashed(uint32 id) internal view returns (bool) {
        Operator memory o = _operator(id);
        if (o.status == OperatorStatus.Released) return false;
        return !_hasLeft(o) || block.timestamp < Timestamp.unwrap(o.releaseAt);
    }

    function _grainWei(uint32 id) internal view returns (uint256) {
        Stake memory s = registry.stake(id);
        return (uint256(s.shares) + _leavingShares(s)) / ONE;
    }

    function _leavingShares(Stake memory s) private pure returns (uint256) {
        return s.index == 0 ? 0 : uint256(s.leavingWei) * ONE / s.index;
    }

    /// @dev LEDGER-2, computed here.
    function _dueBps(Entry memory e) internal view returns (uint256 due) {
        Timestamp began = Timestamp.wrap(GENESIS + e.epoch * EPOCH);
        Parameter base =
            Parameter(uint256(Parameter.EQUIVOCATION_BASE_BPS) + uint256(e.offence) - 1);
        due = uint256(parameters.valueAt(base, began)) * e.severity;
        if (e.consequence == Consequence.Eject) {
            uint256 correlation = parameters.valueAt(Parameter.CORRELATION_BPS, began);
            bytes memory members = committee.committeeBytes(Epoch.wrap(e.epoch));
            due += correlation * offending[e.epoch][e.offence] / uint256(_word(members, 0));
        }
        if (due > BPS) due = BPS;
    }

    function _weightOf(uint32 id, uint64 epoch) internal view returns (uint256) {
        Timestamp selection = committee.selectionTime(Epoch.wrap(epoch));
        return registry.weightAt(id, selection);
    }

    /// @dev ENC-4: by whichever of its keys `id` sits there.
    function _seatOf(uint32 id, uint64 epoch) internal view returns (uint256) {
        bytes memory members = committee.committeeBytes(Epoch.wrap(epoch));
        for (uint256 place = 1; place < members.length / 32; ++place) {
            uint256 word = uint256(_word(members, place));
            if (registry.operatorIdOfSigner(address(uint160(word >> 96))) == id) {
                return uint96(word);
            }
        }
        return 0;
    }

    function _word(bytes memory data, uint256 place) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(data, mul(add(place, 1), 32)))
        }
    }
}
