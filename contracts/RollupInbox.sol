// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommitmentChain} from "./interfaces/ICommitmentChain.sol";
import {FloorParameters, IRollupInbox} from "./interfaces/IRollupInbox.sol";
import {IRollupRegistry, RollupMode} from "./interfaces/IRollupRegistry.sol";
import {BlobLib} from "./libraries/BlobLib.sol";
import {CallerLib} from "./libraries/CallerLib.sol";

/// @title Batches without the committee (POST-1 to POST-4)
/// @notice See IRollupInbox for what each function checks, leaves unchecked and does.
contract RollupInbox is IRollupInbox {
    /// @notice As long as a transaction that L1's pools relay; contracts could post more.
    uint256 public constant MAX_BYTES = 128 * 1024;

    uint256 private constant BLOB_BYTES = 4096 * 32;

    IRollupRegistry public immutable rollups;
    ICommitmentChain public immutable chain;

    uint96 private immutable FLOOR_WEI;
    uint64 private immutable FLOOR_WEI_PER_BYTE;
    uint64 private immutable FLOOR_WEI_PER_BLOB_BYTE;

    /// @inheritdoc IRollupInbox
    mapping(uint32 rollupId => uint64) public postCount;

    constructor(IRollupRegistry rollups_, ICommitmentChain chain_, FloorParameters memory p) {
        if (address(rollups_) == address(0)) revert ZeroParameter("rollups");
        if (address(chain_) == address(0)) revert ZeroParameter("chain");
        // Spam would be as cheap as L1 is empty.
        if (p.floorWei == 0) revert ZeroParameter("floorWei");

        rollups = rollups_;
        chain = chain_;
        FLOOR_WEI = p.floorWei;
        FLOOR_WEI_PER_BYTE = p.floorWeiPerByte;
        FLOOR_WEI_PER_BLOB_BYTE = p.floorWeiPerBlobByte;
    }

    /// @inheritdoc IRollupInbox
    function post(uint32 rollupId, bytes calldata data) external payable returns (uint64 number) {
        if (data.length == 0 || data.length > MAX_BYTES) {
            revert LengthOutOfRange(1, MAX_BYTES, data.length);
        }
        uint256 dueWei = _requireOpen(rollupId) ? floorPrice(data.length, 0) : 0;
        bytes calldata shown = CallerLib.isPlainOrigin() ? data[:0] : data;
        return _post(rollupId, keccak256(data), shown, dueWei);
    }

    /// @inheritdoc IRollupInbox
    function postBlobs(uint32 rollupId) external payable returns (uint64 number) {
        CallerLib.requirePlainOrigin();
        bytes32 blobsHash = BlobLib.blobsHash();
        if (blobsHash == 0) revert NoBlobs();
        uint256 dueWei = _requireOpen(rollupId) ? floorPrice(0, BlobLib.count()) : 0;
        return _post(rollupId, blobsHash, msg.data[:0], dueWei);
    }

    /// @inheritdoc IRollupInbox
    function floorPrice(uint256 bytesLength, uint256 blobs) public view returns (uint256) {
        return
            FLOOR_WEI + bytesLength * FLOOR_WEI_PER_BYTE + blobs * BLOB_BYTES
                * FLOOR_WEI_PER_BLOB_BYTE;
    }

    /// @inheritdoc IRollupInbox
    function parameters() external view returns (FloorParameters memory) {
        return FloorParameters(FLOOR_WEI, FLOOR_WEI_PER_BYTE, FLOOR_WEI_PER_BLOB_BYTE);
    }

    /// @dev POST-1. Whether the rollup is anyone's, and the post to be paid for.
    function _requireOpen(uint32 rollupId) private view returns (bool isPaid) {
        (RollupMode mode, address sequencer) = rollups.modeOf(rollupId);
        if (mode == RollupMode.SOLO) {
            if (msg.sender != sequencer) revert NotTheSequencer(sequencer, msg.sender);
            return false;
        }
        bool isAnyones = mode == RollupMode.BASED || chain.isBased();
        if (!isAnyones || !rollups.isRegistered(rollupId)) revert NotOpen(rollupId);
        return true;
    }

    function _post(uint32 rollupId, bytes32 contentHash, bytes calldata shown, uint256 dueWei)
        private
        returns (uint64 number)
    {
        if (msg.value < dueWei) revert FeeTooSmall(dueWei, msg.value);
        number = postCount[rollupId]++;

        emit BatchPosted(rollupId, number, msg.sender, contentHash, shown);
        _refund(msg.value - dueWei);
    }

    function _refund(uint256 amountWei) private {
        if (amountWei == 0) return;
        (bool isSent,) = msg.sender.call{value: amountWei}("");
        if (!isSent) revert RefundFailed(msg.sender, amountWei);
    }
}
