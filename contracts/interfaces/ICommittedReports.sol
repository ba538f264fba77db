// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A report pays whoever committed to it before showing it (SLASH-3, REPORT-1)
interface ICommittedReports {
    event ReportCommitted(bytes32 indexed commitment, address indexed caller);

    /// @notice Announce a report without showing it.
    ///
    /// Effects: the block of the first announcement is remembered; a second changes nothing, so
    /// nobody can make it younger.
    ///
    /// @param commitment `reportCommitment(reporter, salt, evidenceHash(…))`
    function commitReport(bytes32 commitment) external;

    function reportCommitment(address reporter, bytes32 salt, bytes32 evidence)
        external
        pure
        returns (bytes32);

    /// @notice The block in which `commitment` was first made, or zero.
    function committedIn(bytes32 commitment) external view returns (uint256 blockNumber);
}
