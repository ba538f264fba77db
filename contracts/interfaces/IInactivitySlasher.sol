// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../types/Types.sol";
import {IParticipation} from "./IParticipation.sol";
import {ISlashingLedger} from "./ISlashingLedger.sol";

/// @title Members that sign nothing while a quorum works (IDLE-1)
/// @notice Trust: none; whoever is absent by Participation is punished by anyone.
interface IInactivitySlasher {
    event InactivityPunished(Epoch indexed epoch, uint32 indexed id, uint32 inARow);

    error NotAbsent(Epoch epoch, uint256 member);
    error EpochNotAscending(uint32 id, Epoch last, Epoch actual);

    /// @notice Slash a member that was absent in a settled epoch.
    /// @param member its index in the epoch's committee
    /// @custom:reverts NotSettled, NotAbsent, EpochNotAscending, EvidenceTooOld
    function punish(Epoch epoch, uint256 member) external;

    /// @notice The last epoch for which an operator was punished, and how many in a row that was.
    function streakOf(uint32 id) external view returns (Epoch epoch, uint32 inARow);

    function ledger() external view returns (ISlashingLedger);

    function participation() external view returns (IParticipation);
}
