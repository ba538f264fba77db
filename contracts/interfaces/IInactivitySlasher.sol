// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, Epoch, Timestamp} from "../types/Types.sol";
import {ICommittee} from "./ICommittee.sol";
import {IParticipation} from "./IParticipation.sol";
import {ISlashingLedger} from "./ISlashingLedger.sol";

/// @title Members that sign nothing while a quorum works (IDLE-1 to IDLE-3)
/// @notice Trust: none; whoever is absent by Participation is punished by anyone.
interface IInactivitySlasher {
    /// @param inARow absences, this one included
    event InactivityPunished(Epoch indexed epoch, uint32 indexed id, uint32 inARow);

    /// @notice No row of absences goes on over this epoch.
    event PresenceNoted(Epoch indexed epoch, uint32 indexed id);

    error UnknownToLedger(address ledger);
    error ParticipationOfAnotherCommittee(address expected, address actual);
    error NotAbsent(Epoch epoch, uint256 member);
    error NotPresent(Epoch epoch, uint256 member);
    error NotCurrentEpoch(Epoch expected, Epoch actual);
    error TooEarlyToShow(Timestamp opensAt, Timestamp actual);

    /// @notice The batch is not among the last ones of L1.
    error NotRecent(BatchIndex last, BatchIndex actual);

    /// @notice The operator has shown itself in this epoch.
    error PresenceShown(Epoch epoch, uint32 id);

    /// @notice Slash a member that was absent in a settled epoch (IDLE-1). By anyone, who is the
    /// reporter: there is nothing to find out that others could copy.
    ///
    /// Checks: the epoch is settled, and the member was absent; evidence of it is heard (SLASH-2); it
    /// did not show itself (IDLE-3).
    ///
    /// Not checked: in which order epochs are punished.
    ///
    /// Effects: the operator whose key the member had is slashed, and jailed from the third absence
    /// in a row on.
    ///
    /// @param member its index in the epoch's committee
    /// @custom:reverts NotSettled (IParticipation), NotAbsent, EvidenceTooOld (EvidenceLib),
    /// PresenceShown, AlreadySlashed (ledger), NotSlashable (registry)
    function punish(Epoch epoch, uint256 member) external;

    /// @notice Note that a member was not absent in a settled epoch (IDLE-2). By anyone.
    /// @custom:reverts NotSettled (IParticipation), NotPresent
    function notePresence(Epoch epoch, uint256 member) external;

    /// @notice Show that a member works in the epoch that runs, whoever leaves its signatures out
    /// (IDLE-3). By anyone, once.
    ///
    /// Checks: the epoch has come to its middle and not to its end; batch `index` is among the last of
    /// L1, at most `MAX_DEPTH` below the last one; the member attests it in the name of the epoch.
    ///
    /// Not checked: when it was signed, but that it was after the batch was known; and whether the
    /// member is left out at all.
    ///
    /// Effects: its operator is not punished for this epoch, and no row of absences goes over it.
    ///
    /// @param member its index in the epoch's committee
    /// @param signature of a BatchAttestation (ENC-2), 64 bytes
    /// @custom:reverts BeforeGenesis (TimeLib), NotCurrentEpoch, TooEarlyToShow, NoCommittee (ICommittee),
    /// NoSuchMember (IParticipation), NotRecent, what SignatureLib refuses, WrongSigner (QuorumLib),
    /// PresenceShown
    function showPresence(Epoch epoch, uint256 member, BatchIndex index, bytes calldata signature)
        external;

    /// @notice The last epoch for which an operator was punished, how many in a row that was, and the
    /// first of these.
    function streakOf(uint32 id) external view returns (Epoch epoch, uint32 inARow, Epoch first);

    /// @notice Whether the operator's presence in an epoch was noted, or shown.
    function isNoted(uint32 id, Epoch epoch) external view returns (bool);

    function ledger() external view returns (ISlashingLedger);

    function committee() external view returns (ICommittee);

    function participation() external view returns (IParticipation);
}
