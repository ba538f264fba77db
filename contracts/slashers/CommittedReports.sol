// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommittedReports} from "../interfaces/ICommittedReports.sol";

/// @title Who reports first commits first (SLASH-3, REPORT-1)
/// @notice See ICommittedReports.
abstract contract CommittedReports is ICommittedReports {
    /// @inheritdoc ICommittedReports
    mapping(bytes32 commitment => uint256 blockNumber) public committedIn;

    /// @inheritdoc ICommittedReports
    function commitReport(bytes32 commitment) external {
        if (committedIn[commitment] != 0) return;
        committedIn[commitment] = block.number;
        emit ReportCommitted(commitment, msg.sender);
    }

    /// @inheritdoc ICommittedReports
    function reportCommitment(address reporter, bytes32 salt, bytes32 evidence)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(reporter, salt, evidence));
    }

    /// @dev Who is paid for a report of `evidence`: the caller, if it committed in an earlier block.
    /// Blocks, not seconds: what counts is that the commitment came first, and only a block has an
    /// order that the reporter of a copy cannot jump.
    function _reporter(bytes32 evidence, bytes32 salt) internal view returns (address) {
        uint256 made = committedIn[reportCommitment(msg.sender, salt, evidence)];
        return made != 0 && made < block.number ? msg.sender : address(0);
    }
}
