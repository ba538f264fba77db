// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {Epoch} from "../types/Types.sol";

/// @title Who signed the batches of an epoch, in one hash (WORK-1)
library ParticipationLib {
    /// @notice Before the first batch of `epoch`.
    function begin(Epoch epoch) internal pure returns (bytes20) {
        return bytes20(EfficientHashLib.hash(uint256(Epoch.unwrap(epoch))));
    }

    /// @notice After one more batch, which `signers` (ENC-5) signed.
    function add(bytes20 participation, uint256 signers) internal pure returns (bytes20) {
        return bytes20(EfficientHashLib.hash(bytes32(participation), bytes32(signers)));
    }
}
