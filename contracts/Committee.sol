// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Times, Candidate, IBondRegistry} from "./interfaces/IBondRegistry.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {Parameter} from "./interfaces/IParameters.sol";
import {CommitteeCodec} from "./libraries/CommitteeCodec.sol";
import {CommitteeStore} from "./libraries/CommitteeStore.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {Epoch, Timestamp} from "./types/Types.sol";

/// @title Committees (COMM-1 to COMM-5)
/// @notice See ICommittee for what each function checks, leaves unchecked and does.
contract Committee is ICommittee {
    /// @dev `pointer` is zero until the first snapshot.
    struct Latest {
        Epoch epoch;
        address pointer;
    }

    /// @inheritdoc ICommittee
    IBondRegistry public immutable registry;

    /// @notice Fewer eligible operators than this do not replace a committee.
    uint8 public immutable minSize;

    /// @notice Most members of a committee.
    uint8 public immutable maxSize;

    Schedule private immutable SCHEDULE;

    /// @inheritdoc ICommittee
    mapping(Epoch epoch => address) public pointerOf;

    Latest private _latest;

    constructor(IBondRegistry registry_, uint8 minSize_, uint8 maxSize_) {
        if (address(registry_) == address(0)) revert ZeroParameter("registry");
        // A bitmap and a reader's buffers are sized for MAX_MEMBERS (ENC-4).
        if (minSize_ == 0 || minSize_ > maxSize_ || maxSize_ > CommitteeCodec.MAX_MEMBERS) {
            revert SizesOutOfRange(minSize_, maxSize_, CommitteeCodec.MAX_MEMBERS);
        }

        registry = registry_;
        minSize = minSize_;
        maxSize = maxSize_;
        Times memory p = registry_.times();
        SCHEDULE = TimeLib.schedule(p.genesis, p.epochSeconds);
    }

    /// @inheritdoc ICommittee
    function snapshot(Epoch epoch) external returns (address pointer) {
        Latest memory latest = _latest;
        Timestamp selection = _requireOpen(epoch, latest);
        Candidate[] memory candidates = registry.candidatesAt(selection);

        if (candidates.length >= minSize) {
            uint256 capBps = registry.parameters().valueAt(Parameter.OPERATOR_CAP_BPS, selection);
            bytes memory committee = CommitteeCodec.encode(candidates, maxSize, capBps);
            pointer = CommitteeStore.write(epoch, committee);
            emit CommitteeRecorded(epoch, pointer, keccak256(committee));
        } else {
            pointer = latest.pointer;
            if (pointer == address(0)) revert TooFewEligible(minSize, candidates.length);
            emit CommitteeKept(
                epoch, pointer, keccak256(CommitteeStore.read(pointer)), candidates.length
            );
        }

        pointerOf[epoch] = pointer;
        _latest = Latest(epoch, pointer);
    }

    /// @inheritdoc ICommittee
    function committeeBytes(Epoch epoch) public view returns (bytes memory) {
        address pointer = pointerOf[epoch];
        if (pointer == address(0)) revert NoCommittee(epoch);
        return CommitteeStore.read(pointer);
    }

    /// @inheritdoc ICommittee
    function committeeHash(Epoch epoch) external view returns (bytes32) {
        return keccak256(committeeBytes(epoch));
    }

    /// @inheritdoc ICommittee
    function lastEpoch() external view returns (Epoch) {
        return _latest.epoch;
    }

    /// @inheritdoc ICommittee
    function selectionTime(Epoch epoch) public view returns (Timestamp) {
        uint64 number = Epoch.unwrap(epoch);
        return SCHEDULE.startOf(Epoch.wrap(number < 2 ? 0 : number - 2));
    }

    /// @dev COMM-3. Returns the selection time, which is past.
    function _requireOpen(Epoch epoch, Latest memory latest)
        private
        view
        returns (Timestamp selection)
    {
        Timestamp now_ = TimeLib.timestamp();
        Epoch current = SCHEDULE.epochOf(now_);
        if (epoch > current.next()) revert EpochTooFar(current.next(), epoch);

        if (latest.pointer == address(0)) {
            // The chain starts there (ENC-9): without it no later committee would ever be used.
            if (Epoch.unwrap(epoch) != 0) revert EpochZeroMissing(epoch);
        } else {
            if (epoch <= latest.epoch) revert EpochNotAscending(latest.epoch, epoch);
            if (epoch < current) revert EpochEnded(SCHEDULE.endOf(epoch), now_);
        }

        selection = selectionTime(epoch);
        if (!(selection < now_)) revert SelectionNotInThePast(selection, now_);
    }
}
