// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {Epoch} from "../types/Types.sol";

/// @title Committees as contract code (COMM-4)
/// @dev The address of a committee follows from its epoch and the contract that wrote it
/// (CREATE3), so a commit finds the code without a call to that contract.
library CommitteeStore {
    /// @notice Store the committee of `epoch`, for the calling contract, once.
    function write(Epoch epoch, bytes memory committee) internal returns (address pointer) {
        return SSTORE2.writeDeterministic(committee, _salt(epoch));
    }

    /// @notice Where `writer` stored the committee of `epoch`; no code there if it stored none.
    function locate(Epoch epoch, address writer) internal pure returns (address pointer) {
        return SSTORE2.predictDeterministicAddress(_salt(epoch), writer);
    }

    /// @notice The bytes behind `pointer`, which holds a committee.
    function read(address pointer) internal view returns (bytes memory committee) {
        return SSTORE2.read(pointer);
    }

    /// @notice `committee.committeeHash(epoch)`. Only a committee that was kept from an earlier epoch is
    /// asked for.
    /// @custom:reverts ICommittee.NoCommittee
    function hashOf(ICommittee committee, Epoch epoch) internal view returns (bytes32) {
        address pointer = locate(epoch, address(committee));
        if (pointer.code.length == 0) return committee.committeeHash(epoch);
        return keccak256(read(pointer));
    }

    function _salt(Epoch epoch) private pure returns (bytes32) {
        return bytes32(uint256(Epoch.unwrap(epoch)));
    }
}
