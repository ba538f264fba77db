// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Fixed at construction: the least that a post of a based rollup costs (POST-2).
/// @param floorWei of any post
/// @param floorWeiPerByte added per byte of data
/// @param floorWeiPerBlobByte added per byte of blobs, 131,072 to a blob
struct FloorParameters {
    uint96 floorWei;
    uint64 floorWeiPerByte;
    uint64 floorWeiPerBlobByte;
}

/// @title Batches of one rollup that no committee has signed
/// @notice Trust: in a `SOLO` rollup its sequencer, who may order as it likes; else none. Forced
/// messages do not pass here, and nothing posted here can hold them up.
interface IRollupInbox {
    /// @notice The `number`th post of a rollup, from 0. `data` is empty if it is in the calldata of
    /// the transaction (POST-3) or in its blobs.
    event BatchPosted(
        uint32 indexed rollupId,
        uint64 indexed number,
        address indexed poster,
        bytes32 contentHash,
        bytes data
    );

    error ZeroParameter(string name);
    error NotOpen(uint32 rollupId);
    error NotTheSequencer(address expected, address actual);
    error LengthOutOfRange(uint256 minimum, uint256 maximum, uint256 actual);
    error NoBlobs();
    error FeeTooSmall(uint256 expectedWei, uint256 actualWei);
    error RefundFailed(address to, uint256 amountWei);

    /// @notice Order transactions of a rollup by L1 (POST-1).
    ///
    /// Checks: the rollup is the caller's to sequence, or anyone's at this moment; the length; the
    /// floor price, for anyone's.
    ///
    /// Not checked: the data. What does not decode contributes nothing (DERIVE-10).
    ///
    /// Effects: the post has its place in L1's order.
    ///
    /// @param data a payload (ENC-10) with the rollup's segment only
    /// @return number of the post, from 0
    /// @custom:reverts NotOpen, NotTheSequencer, LengthOutOfRange, FeeTooSmall, RefundFailed
    function post(uint32 rollupId, bytes calldata data) external payable returns (uint64 number);

    /// @notice The same with the data in the transaction's blobs (ENC-14), from a plain account.
    /// @custom:reverts NoBlobs, CallerNotPlainOrigin, and what `post` reverts with
    function postBlobs(uint32 rollupId) external payable returns (uint64 number);

    /// @notice How many posts a rollup has.
    function postCount(uint32 rollupId) external view returns (uint64);

    /// @notice The least that a post costs while the rollup is anyone's, in wei.
    function floorPrice(uint256 bytesLength, uint256 blobs) external view returns (uint256);

    function parameters() external view returns (FloorParameters memory);
}
