// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";

/// @title One committee per epoch, chosen from weights in the past, kept as contract code
interface ICommittee {
    event CommitteeRecorded(Epoch indexed epoch, address pointer, bytes32 committeeHash);

    /// @notice Too few operators were eligible; the committee before serves this epoch too.
    event CommitteeKept(
        Epoch indexed epoch, address pointer, bytes32 committeeHash, uint256 eligible
    );

    error SizesOutOfRange(uint256 minSize, uint256 maxSize, uint256 maximum);
    error ZeroParameter(string name);

    error EpochTooFar(Epoch maximum, Epoch actual);
    error EpochEnded(Timestamp endedAt, Timestamp actual);
    error EpochNotAscending(Epoch last, Epoch actual);
    error EpochZeroMissing(Epoch actual);
    error SelectionNotInThePast(Timestamp selection, Timestamp actual);
    error TooFewEligible(uint256 minimum, uint256 actual);
    error NoCommittee(Epoch epoch);

    /// @notice Record the committee of `epoch` (COMM-3). By anyone, once per epoch.
    ///
    /// Checks: `epoch` is later than the last recorded one, at most the next epoch, and has not
    /// ended; the first is epoch 0, however late; its selection time is past.
    ///
    /// Not checked: that the members of a kept committee still have bonds. Keeping it puts
    /// liveness first; their signatures no longer put weight at risk once released.
    ///
    /// Effects: the `maxSize` heaviest operators of COMM-1 and COMM-2, none with more of the whole
    /// than COMM-5 allows, become contract code; with fewer than `minSize` of them the last committee
    /// is kept.
    ///
    /// @return pointer the account whose code, behind a STOP byte, is the committee (ENC-4)
    /// @custom:reverts BeforeGenesis (TimeLib), EpochTooFar, EpochZeroMissing, EpochEnded,
    /// EpochNotAscending, SelectionNotInThePast, TooFewEligible
    function snapshot(Epoch epoch) external returns (address pointer);

    /// @notice Where the committee of `epoch` is stored, or zero (COMM-4).
    function pointerOf(Epoch epoch) external view returns (address);

    /// @notice ENC-4 bytes of the committee of `epoch`.
    /// @custom:reverts NoCommittee
    function committeeBytes(Epoch epoch) external view returns (bytes memory);

    /// @notice Keccak of those bytes: what every vote names.
    /// @custom:reverts NoCommittee
    function committeeHash(Epoch epoch) external view returns (bytes32);

    /// @notice The moment whose weights choose the committee of `epoch` (COMM-1).
    function selectionTime(Epoch epoch) external view returns (Timestamp);

    /// @notice The last epoch recorded; meaningless until `pointerOf` of it is set.
    function lastEpoch() external view returns (Epoch);

    function registry() external view returns (IBondRegistry);
}
