// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedBlock} from "../interfaces/IAttestationSlasher.sol";
import {IOrderingSlasher, OrderFault, ProvedEntry} from "../interfaces/IOrderingSlasher.sol";
import {IRollupRegistry, Ordering} from "../interfaces/IRollupRegistry.sol";
import {ISlashingLedger, Offence} from "../interfaces/ISlashingLedger.sol";
import {BlockHeader} from "../libraries/Digests.sol";
import {MerkleLib} from "../libraries/MerkleLib.sol";
import {OrderLib} from "../libraries/OrderLib.sol";
import {SignedTransaction, TransactionLib} from "../libraries/TransactionLib.sol";
import {Timestamp} from "../types/Types.sol";
import {AttestationSlasher} from "./AttestationSlasher.sol";

/// @title Order within blocks (ORDER-6, ORDER-7)
/// @notice See IOrderingSlasher for what each function checks, leaves unchecked and does.
contract OrderingSlasher is IOrderingSlasher, AttestationSlasher {
    /// @inheritdoc IOrderingSlasher
    IRollupRegistry public immutable rollups;

    constructor(ISlashingLedger ledger_, IRollupRegistry rollups_) AttestationSlasher(ledger_) {
        rollups = rollups_;
    }

    /// @inheritdoc IOrderingSlasher
    function report(
        OrderFault fault,
        AttestedBlock calldata attested,
        ProvedEntry[] calldata entries,
        bytes32 salt
    ) external {
        (BlockHeader calldata header, bytes32 blockHash, uint32 id) = _attested(attested);
        if (entries.length == 0) revert WrongEntryCount(1, 0);
        for (uint256 i; i < entries.length; ++i) {
            _requireEntry(entries[i], header.transactionRoot);
        }
        // The fault is that of the last entry.
        uint32 rollupId = entries[entries.length - 1].entry.rollupId;
        Ordering memory ordering = _requireProvable(rollupId, header);
        if (!_isFault(fault, ordering, entries, header.parentHash)) revert InOrder(fault);

        address reporter = _reporterOf(attested, blockHash, salt);
        emit DisorderReported(id, attested.epoch, rollupId, fault, blockHash, reporter);
        _slash(id, attested.epoch, Offence.Ordering, reporter);
    }

    /// @dev ORDER-7.
    function _requireProvable(uint32 rollupId, BlockHeader calldata header)
        private
        view
        returns (Ordering memory ordering)
    {
        Timestamp provableFrom;
        (ordering, provableFrom) = rollups.orderingOf(rollupId);
        if (Timestamp.unwrap(provableFrom) == 0) revert UnknownRollup(rollupId);
        if (Timestamp.wrap(header.originTimestamp) < provableFrom) {
            revert NotYetProvable(provableFrom, header.originTimestamp);
        }
    }

    function _isFault(
        OrderFault fault,
        Ordering memory ordering,
        ProvedEntry[] calldata entries,
        bytes32 parentHash
    ) private pure returns (bool) {
        if (fault == OrderFault.RISING) {
            _requireLater(entries);
            return entries[1].entry.orderKey > entries[0].entry.orderKey;
        }
        if (fault == OrderFault.NONCES) {
            _requireLater(entries);
            SignedTransaction memory first = _read(entries[0]);
            SignedTransaction memory second = _read(entries[1]);
            return first.sender == second.sender && second.nonce <= first.nonce;
        }
        if (fault == OrderFault.OVERSTATED) {
            _requireCount(entries, 1);
            SignedTransaction memory tx_ = _read(entries[0]);
            return entries[0].entry.orderKey > _valueOf(entries[0], ordering, tx_, parentHash);
        }
        return _isUnearned(ordering, entries, parentHash);
    }

    /// @dev `UNEARNED`: a key below its value that does not come from the transaction before it.
    function _isUnearned(
        Ordering memory ordering,
        ProvedEntry[] calldata entries,
        bytes32 parentHash
    ) private pure returns (bool) {
        ProvedEntry calldata last = entries[entries.length - 1];
        SignedTransaction memory tx_ = _read(last);
        uint128 key = last.entry.orderKey;
        if (key >= _valueOf(last, ordering, tx_, parentHash)) return false;
        if (last.entry.position == 0) {
            _requireCount(entries, 1);
            return true;
        }
        _requireCount(entries, 2);
        ProvedEntry calldata before = entries[0];
        if (before.entry.position + 1 != last.entry.position) {
            revert WrongPlaces(before.entry.position, last.entry.position);
        }
        if (before.entry.rollupId != last.entry.rollupId) return true;
        if (before.entry.orderKey != key) return true;
        return _read(before).sender != tx_.sender;
    }

    function _valueOf(
        ProvedEntry calldata proved,
        Ordering memory ordering,
        SignedTransaction memory tx_,
        bytes32 parentHash
    ) private pure returns (uint128) {
        return OrderLib.valueOf(ordering, tx_, proved.entry.transactionHash, parentHash);
    }

    function _read(ProvedEntry calldata proved) private pure returns (SignedTransaction memory) {
        bytes32 hash = keccak256(proved.transaction);
        bytes32 expected = proved.entry.transactionHash;
        if (hash != expected) revert WrongTransaction(expected, hash);
        return TransactionLib.read(proved.transaction);
    }

    function _requireEntry(ProvedEntry calldata proved, bytes32 expected) private pure {
        bytes32 leaf = MerkleLib.leafHash(proved.entry);
        bytes32 root = MerkleLib.rootOf(leaf, proved.siblings, proved.sides);
        if (root != expected) revert WrongRoot(expected, root);
    }

    /// @dev Two entries of one rollup, in the order of their positions.
    function _requireLater(ProvedEntry[] calldata entries) private pure {
        _requireCount(entries, 2);
        uint32 first = entries[0].entry.rollupId;
        uint32 second = entries[1].entry.rollupId;
        if (first != second) revert DifferentRollups(first, second);
        uint32 earlier = entries[0].entry.position;
        uint32 later = entries[1].entry.position;
        if (earlier >= later) revert WrongPlaces(earlier, later);
    }

    function _requireCount(ProvedEntry[] calldata entries, uint256 count) private pure {
        if (entries.length != count) revert WrongEntryCount(count, entries.length);
    }
}
