// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBondRegistry, Times} from "./interfaces/IBondRegistry.sol";
import {ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {IParticipation, Tally, Work} from "./interfaces/IParticipation.sol";
import {CommitteeCodec} from "./libraries/CommitteeCodec.sol";
import {CountLib} from "./libraries/CountLib.sol";
import {ParticipationLib} from "./libraries/ParticipationLib.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {Epoch, Timestamp} from "./types/Types.sol";

/// @title Who signed how many batches of an epoch (WORK-2, WORK-3, WORK-5)
/// @notice See IParticipation for what each function checks, leaves unchecked and does.
contract Participation is IParticipation {
    using CommitteeCodec for bytes;
    using CountLib for uint256[];
    using CountLib for uint256[32];
    using ParticipationLib for bytes20;
    using TimeLib for Timestamp;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IParticipation
    ICommitmentChain public immutable chain;

    ICommittee private immutable COMMITTEE;
    IParameters private immutable PARAMETERS;
    Schedule private immutable SCHEDULE;
    uint64 private immutable COMMIT_GRACE_SECONDS;

    mapping(Epoch epoch => Work) private _works;

    /// @dev Hashes of the tallies where calls ended.
    mapping(bytes32 tally => bool) private _isReached;

    constructor(ICommitmentChain chain_) {
        chain = chain_;
        COMMITTEE = chain_.committee();
        IBondRegistry registry = COMMITTEE.registry();
        PARAMETERS = registry.parameters();
        Times memory t = registry.times();
        SCHEDULE = TimeLib.schedule(t.genesis, t.epochSeconds);
        COMMIT_GRACE_SECONDS = t.commitGraceSeconds;
    }

    /// @inheritdoc IParticipation
    function settle(Epoch epoch, uint256[] calldata signers) external {
        _settle(epoch, _count(epoch, Tally(0, 0, new uint256[](0)), signers));
    }

    /// @inheritdoc IParticipation
    function settleFrom(Epoch epoch, Tally calldata before, uint256[] calldata signers) external {
        _settle(epoch, _count(epoch, before, signers));
    }

    /// @inheritdoc IParticipation
    function tally(Epoch epoch, Tally calldata before, uint256[] calldata signers) external {
        if (signers.length == 0) revert NothingTallied();
        Tally memory reached = _count(epoch, before, signers);
        _isReached[_keyOf(epoch, reached)] = true;

        emit EpochTallied(epoch, reached);
    }

    /// @inheritdoc IParticipation
    function workOf(Epoch epoch) external view returns (Work memory) {
        return _works[epoch];
    }

    /// @inheritdoc IParticipation
    function workOfMember(Epoch epoch, uint256[] calldata counts, uint256 member)
        external
        view
        returns (address signer, uint256 work)
    {
        Work storage settled = _works[epoch];
        if (settled.commits == 0) revert NotSettled(epoch);
        bytes32 expected = settled.countsHash;
        bytes32 actual = keccak256(abi.encodePacked(counts));
        if (actual != expected) revert WrongCounts(expected, actual);
        bytes memory members = COMMITTEE.committeeBytes(epoch);
        if (member >= members.size()) revert NoSuchMember(members.size(), member);

        uint96 weight;
        (signer, weight) = members.member(member);
        return (signer, counts.countOf(member) * weight);
    }

    /// @inheritdoc IParticipation
    function isLost(Epoch epoch) external view returns (bool) {
        if (!isOver(epoch) || _works[epoch].commits != 0) return false;
        try chain.participationOf(epoch) returns (bytes20 kept) {
            return kept == 0;
        } catch {
            return true;
        }
    }

    /// @inheritdoc IParticipation
    function isOver(Epoch epoch) public view returns (bool) {
        return SCHEDULE.endOf(epoch).plus(COMMIT_GRACE_SECONDS).isDue(TimeLib.timestamp());
    }

    /// @dev WORK-2, for what all batches of the epoch have given.
    function _settle(Epoch epoch, Tally memory all) private {
        if (!isOver(epoch)) revert EpochOpen(epoch);
        if (_works[epoch].commits != 0) revert AlreadySettled(epoch);
        bytes20 expected = chain.participationOf(epoch);
        if (all.participation != expected) revert WrongSigners(expected, all.participation);

        (uint256 work, uint256 absent) = _evaluate(epoch, all);
        // casting is safe because 128 members have 96 bits of weight and 32 of batches each: less
        // than 2^135; and no bit stands for more than 128 members
        // forge-lint: disable-next-line(unsafe-typecast)
        Work memory settled = Work({
            countsHash: keccak256(abi.encodePacked(all.counts)),
            // casting to 'uint160' is safe because 128 members of 96 bits signed 32 bits of batches
            // forge-lint: disable-next-line(unsafe-typecast)
            work: uint160(work),
            commits: all.commits,
            // casting to 'uint128' is safe because a committee has at most 128 members
            // forge-lint: disable-next-line(unsafe-typecast)
            absent: uint128(absent)
        });
        _works[epoch] = settled;

        emit EpochSettled(epoch, all.commits, settled.work, settled.absent, all.counts);
    }

    /// @dev WORK-5: `before`, and the batches after it.
    function _count(Epoch epoch, Tally memory before, uint256[] calldata signers)
        private
        view
        returns (Tally memory)
    {
        uint256 size = COMMITTEE.committeeBytes(epoch).size();
        if (before.commits == 0) {
            before = Tally(0, ParticipationLib.begin(epoch), CountLib.empty(size));
        } else if (!_isReached[_keyOf(epoch, before)]) {
            revert UnknownTally(epoch, before.commits, before.participation);
        }

        // Memory begins at zero.
        // slither-disable-next-line uninitialized-local
        uint256[32] memory planes;
        bytes20 participation = before.participation;
        for (uint256 i; i < signers.length; ++i) {
            participation = participation.add(signers[i]);
            planes.add(signers[i]);
        }

        uint256[] memory counts = before.counts;
        for (uint256 i; i < size; ++i) {
            counts.increase(i, planes.count(i, signers.length));
        }
        // casting to 'uint32' is safe because no transaction carries as many bitmaps
        // forge-lint: disable-next-line(unsafe-typecast)
        return Tally(before.commits + uint32(signers.length), participation, counts);
    }

    /// @dev WORK-2 and WORK-3.
    function _evaluate(Epoch epoch, Tally memory all)
        private
        view
        returns (uint256 work, uint256 absent)
    {
        Timestamp began = SCHEDULE.startOf(epoch);
        uint256 floor = 0;
        if (all.commits >= PARAMETERS.valueAt(Parameter.MIN_COMMITS, began)) {
            floor = (PARAMETERS.valueAt(Parameter.FLOOR_BPS, began) * uint256(all.commits)) / BPS;
        }

        bytes memory members = COMMITTEE.committeeBytes(epoch);
        uint256 size = members.size();
        for (uint256 i; i < size; ++i) {
            // Who the member is does not matter here.
            // slither-disable-next-line unused-return
            (, uint96 weight) = members.member(i);
            uint256 signed = all.counts.countOf(i);
            work += signed * weight;
            // bit `i`: the one is shifted
            // forge-lint: disable-next-line(incorrect-shift)
            if (signed < floor) absent |= 1 << i;
        }
    }

    function _keyOf(Epoch epoch, Tally memory reached) private pure returns (bytes32) {
        return keccak256(abi.encode(epoch, reached));
    }
}
