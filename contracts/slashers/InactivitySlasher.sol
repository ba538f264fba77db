// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBondRegistry, Times} from "../interfaces/IBondRegistry.sol";
import {ICommitmentChain} from "../interfaces/ICommitmentChain.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {IInactivitySlasher} from "../interfaces/IInactivitySlasher.sol";
import {IParticipation, Work} from "../interfaces/IParticipation.sol";
import {Consequence, ISlashingLedger, Offence, Slash} from "../interfaces/ISlashingLedger.sol";
import {CommitteeCodec} from "../libraries/CommitteeCodec.sol";
import {Digests} from "../libraries/Digests.sol";
import {EvidenceLib} from "../libraries/EvidenceLib.sol";
import {QuorumLib} from "../libraries/QuorumLib.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {Schedule, TimeLib} from "../libraries/TimeLib.sol";
import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";

/// @title Inactivity (IDLE-1 to IDLE-3)
/// @notice See IInactivitySlasher for what each function checks, leaves unchecked and does.
contract InactivitySlasher is IInactivitySlasher {
    using CommitteeCodec for bytes;
    using TimeLib for Timestamp;

    /// @dev Absences of one operator that were punished: the last one, how many in a row, and the
    /// first of these.
    struct Streak {
        Epoch epoch;
        uint32 inARow;
        Epoch first;
    }

    /// @notice From so many absences in a row on the operator is jailed.
    uint32 public constant JAIL_STREAK = 3;

    /// @notice The severity doubles so often at most.
    uint32 public constant MAX_DOUBLINGS = 6;

    /// @notice With more epochs between two absences they are not in a row. It bounds the search.
    uint64 public constant MAX_GAP = 8;

    /// @notice How far below the last batch of L1 the one may lie by which presence is shown.
    uint64 public constant MAX_DEPTH = 64;

    /// @inheritdoc IInactivitySlasher
    ISlashingLedger public immutable ledger;

    /// @inheritdoc IInactivitySlasher
    ICommittee public immutable committee;

    /// @inheritdoc IInactivitySlasher
    IParticipation public immutable participation;

    IBondRegistry private immutable REGISTRY;
    ICommitmentChain private immutable CHAIN;
    Schedule private immutable SCHEDULE;
    uint64 private immutable HALF_EPOCH_SECONDS;
    uint64 private immutable EVIDENCE_LIFE_SECONDS;

    /// @inheritdoc IInactivitySlasher
    mapping(uint32 id => Streak) public streakOf;

    /// @inheritdoc IInactivitySlasher
    mapping(uint32 id => mapping(Epoch epoch => bool)) public isNoted;

    constructor(ISlashingLedger ledger_, IParticipation participation_) {
        // A slasher that its ledger does not know could never punish anyone.
        if (!ledger_.isSlasher(address(this))) revert UnknownToLedger(address(ledger_));
        ICommittee committee_ = ledger_.committee();
        ICommitmentChain chain = participation_.chain();
        address counted = address(chain.committee());
        if (counted != address(committee_)) {
            revert ParticipationOfAnotherCommittee(address(committee_), counted);
        }

        ledger = ledger_;
        committee = committee_;
        participation = participation_;
        REGISTRY = ledger_.registry();
        CHAIN = chain;
        Times memory t = REGISTRY.times();
        SCHEDULE = TimeLib.schedule(t.genesis, t.epochSeconds);
        HALF_EPOCH_SECONDS = t.epochSeconds / 2;
        EVIDENCE_LIFE_SECONDS = EvidenceLib.lifeSeconds(t);
    }

    /// @inheritdoc IInactivitySlasher
    function punish(Epoch epoch, uint256 member) external {
        (bool isMember, bool isAbsent) = _wasAbsent(epoch, member);
        if (!isMember || !isAbsent) revert NotAbsent(epoch, member);
        EvidenceLib.requireFresh(SCHEDULE, epoch, EVIDENCE_LIFE_SECONDS);
        uint32 id = _idOf(epoch, member);
        // Noted before the epoch was settled, for a member that was absent: it has shown itself.
        if (isNoted[id][epoch]) revert PresenceShown(epoch, id);

        uint32 before = _extend(id, epoch);

        emit InactivityPunished(epoch, id, before + 1);
        // How the slash was split, the ledger's event says.
        // slither-disable-next-line unused-return
        ledger.slash(
            Slash({
                id: id,
                // Looked for where somebody is ejected, which is never here.
                signer: address(0),
                epoch: epoch,
                offence: Offence.Inactivity,
                consequence: before + 1 < JAIL_STREAK ? Consequence.None : Consequence.Jail,
                // a power of two: the one is shifted
                // forge-lint: disable-next-line(incorrect-shift)
                severity: uint16(1 << Math.min(before, MAX_DOUBLINGS)),
                reporter: msg.sender,
                victim: address(0),
                lossWei: 0
            })
        );
    }

    /// @inheritdoc IInactivitySlasher
    function notePresence(Epoch epoch, uint256 member) external {
        (bool isMember, bool isAbsent) = _wasAbsent(epoch, member);
        if (!isMember || isAbsent) revert NotPresent(epoch, member);
        uint32 id = _idOf(epoch, member);
        isNoted[id][epoch] = true;

        emit PresenceNoted(epoch, id);
    }

    /// @inheritdoc IInactivitySlasher
    function showPresence(Epoch epoch, uint256 member, BatchIndex index, bytes calldata signature)
        external
    {
        _requireSecondHalf(epoch);
        bytes memory members = committee.committeeBytes(epoch);
        if (member >= members.size()) {
            revert IParticipation.NoSuchMember(members.size(), member);
        }
        // What the member weighs does not matter here.
        // slither-disable-next-line unused-return
        (address signer,) = members.member(member);
        address actual = SignatureLib.recover(_attested(epoch, members, index), signature);
        if (actual != signer) revert QuorumLib.WrongSigner(member, signer, actual);
        uint32 id = REGISTRY.operatorIdOfSigner(signer);
        if (isNoted[id][epoch]) revert PresenceShown(epoch, id);
        isNoted[id][epoch] = true;

        emit PresenceNoted(epoch, id);
    }

    /// @dev IDLE-3: after the epoch, who was dead in it could sign for it.
    function _requireSecondHalf(Epoch epoch) private view {
        Timestamp now_ = TimeLib.timestamp();
        Epoch current = SCHEDULE.epochOf(now_);
        if (epoch != current) revert NotCurrentEpoch(current, epoch);
        Timestamp opensAt = SCHEDULE.startOf(epoch).plus(HALF_EPOCH_SECONDS);
        if (!opensAt.isDue(now_)) revert TooEarlyToShow(opensAt, now_);
    }

    /// @dev What a member of `epoch` signs of a batch that L1 has had for a short time only. The hash
    /// of genesis, in the place of batch 0, was always known.
    function _attested(Epoch epoch, bytes memory members, BatchIndex index)
        private
        view
        returns (bytes32)
    {
        uint64 asked = BatchIndex.unwrap(index);
        uint64 last = BatchIndex.unwrap(CHAIN.lastIndex());
        if (asked == 0 || asked > last || last - asked > MAX_DEPTH) {
            revert NotRecent(BatchIndex.wrap(last), index);
        }
        return Digests.batchAttestation(
            Digests.domainSeparator(address(REGISTRY)),
            epoch,
            keccak256(members),
            index,
            CHAIN.batchHashAt(index)
        );
    }

    function _wasAbsent(Epoch epoch, uint256 member)
        private
        view
        returns (bool isMember, bool isAbsent)
    {
        Work memory settled = participation.workOf(epoch);
        if (settled.commits == 0) revert IParticipation.NotSettled(epoch);
        isMember = member < committee.committeeBytes(epoch).size();
        isAbsent = (settled.absent >> member) & 1 == 1;
    }

    /// @dev Whose key the member had; keys are never used by another (BOND-1).
    function _idOf(Epoch epoch, uint256 member) private view returns (uint32) {
        // What the member weighs does not matter here.
        // slither-disable-next-line unused-return
        (address signer,) = committee.committeeBytes(epoch).member(member);
        return REGISTRY.operatorIdOfSigner(signer);
    }

    /// @dev How many absences are in a row with that of `epoch`, which is counted with them. In any
    /// order, or whoever was absent would have its last one punished first, and none before it. One
    /// that is earlier than the row and apart from it stands alone; one twice is the ledger's to refuse.
    function _extend(uint32 id, Epoch epoch) private returns (uint32 before) {
        Streak memory row = streakOf[id];
        if (row.inARow != 0 && epoch <= row.epoch) {
            if (epoch < row.first) {
                if (!_isInARow(id, epoch, row.first)) return 0;
                row.first = epoch;
            }
        } else {
            bool isNext = row.inARow != 0 && _isInARow(id, row.epoch, epoch);
            if (!isNext) row = Streak(epoch, 0, epoch);
            row.epoch = epoch;
        }
        before = row.inARow++;
        streakOf[id] = row;
    }

    function _isInARow(uint32 id, Epoch first, Epoch second) private view returns (bool) {
        uint64 start = Epoch.unwrap(first) + 1;
        uint64 end = Epoch.unwrap(second);
        if (end - start > MAX_GAP) return false;
        for (uint64 between = start; between < end; ++between) {
            if (isNoted[id][Epoch.wrap(between)]) return false;
        }
        return true;
    }
}
