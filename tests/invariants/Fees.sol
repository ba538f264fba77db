// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Participation} from "../../contracts/Participation.sol";
import {RevenueSplitter} from "../../contracts/RevenueSplitter.sol";
import {RollupRegistry} from "../../contracts/RollupRegistry.sol";
import {Ordering, OrderingPolicy} from "../../contracts/interfaces/IRollupRegistry.sol";
import {SequencingFees} from "../../contracts/SequencingFees.sol";
import {Batch, ICommitmentChain} from "../../contracts/interfaces/ICommitmentChain.sol";
import {ICommittee} from "../../contracts/interfaces/ICommittee.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {FeeAccount} from "../../contracts/interfaces/ISequencingFees.sol";
import {Digests} from "../../contracts/libraries/Digests.sol";
import {BatchIndex, Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {Broken, VM, atLeast, atMost, bound, equal, holds} from "./Cheats.sol";
import {World} from "./World.sol";

/// @title What fees read of CommitmentChain: the hashes of batches, without certificates
contract Batches {
    ICommittee public immutable committee;

    bytes32[] private _hashes;

    constructor(ICommittee committee_) {
        committee = committee_;
        _hashes.push(0);
    }

    function commit(Batch calldata batch) external returns (bytes32) {
        _hashes.push(Digests.plainBatchHash(batch));
        return _hashes[_hashes.length - 1];
    }

    function lastIndex() external view returns (BatchIndex) {
        return BatchIndex.wrap(uint64(_hashes.length - 1));
    }

    function batchHashAt(BatchIndex index) external view returns (bytes32) {
        return _hashes[BatchIndex.unwrap(index)];
    }
}

/// @title Fees of rollups against a second ledger, which counts bytes up and down (FEE-2 to FEE-7)
contract Fees is World {
    /// @dev One entry of a usage.
    struct Use {
        uint32 rollupId;
        uint64 bytes_;
    }

    /// @dev What a rollup has. `boughtBytes` less `usedBytes` is left, or in arrears.
    /// @param lowWei lowest price of what is left
    /// @param highWei highest price of what is left
    /// @param charges each may leave less than a wei too much for what is left
    struct Book {
        uint256 boughtBytes;
        uint256 usedBytes;
        uint256 paidInWei;
        uint256 passedOnWei;
        uint256 priceWei;
        uint256 lowWei;
        uint256 highWei;
        uint256 charges;
        uint256 dropAt;
    }

    uint32 private constant ROLLUPS = 3;
    uint256 private constant MOST_ENTRIES = 4;

    Batches private _chain;
    RevenueSplitter private _splitter;
    SequencingFees private _fees;

    Batch[] private _batches;
    bytes[] private _usages;
    Use[][] private _uses;

    /// @dev Batches charged in full, and entries of the one after them.
    uint256 private _charged;
    uint256 private _entries;

    mapping(uint32 rollupId => Book) private _books;

    constructor() {
        _deploy();
        _bond(address(0xC1), 10 ether, 0);
        VM.warp(GENESIS + 1);
        _chain = new Batches(committee);
        RollupRegistry rollups = new RollupRegistry(300);
        for (uint256 i; i < ROLLUPS; ++i) {
            rollups.register(1 + i, address(0), false, Ordering(OrderingPolicy.PRIORITY, 0));
        }
        ICommitmentChain chain = ICommitmentChain(address(_chain));
        _splitter = new RevenueSplitter(new Participation(chain), rollups);
        _fees = new SequencingFees(chain, _splitter);
    }

    function prepay(uint256 who, uint256 amountWei) external {
        uint256 priceWei = _value(Parameter.FEE_WEI_PER_BYTE);
        _prepay(_rollup(who), bound(amountWei, priceWei, 2000 * priceWei));
    }

    /// @notice A batch with any usage: rollups that do not exist, twice the same, an entry cut off.
    function commit(uint256 count, uint256 any) external {
        uint256 place = _uses.length;
        _uses.push();
        bytes memory usage;
        for (uint256 i; i < count % (MOST_ENTRIES + 1); ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(any, i)));
            uint64 bytes_ = uint64(bound(drawn >> 32, 0, 1000));
            if (drawn % 32 == 0) bytes_ = type(uint64).max;
            Use memory use = Use(uint32((drawn >> 8) % (ROLLUPS + 2)), bytes_);
            _uses[place].push(use);
            usage = abi.encodePacked(usage, use.rollupId, use.bytes_);
        }
        _append(any % 8 == 0 ? abi.encodePacked(usage, uint64(any)) : usage);
    }

    function charge(uint256 batches, uint256 entries) external {
        uint256 open = _batches.length - _charged;
        if (open == 0) return;
        uint256 count = bound(batches, 1, open < 3 ? open : 3);
        entries = bound(entries, 0, MOST_ENTRIES);
        uint256 last = _uses[_charged + count - 1].length;
        // NothingToCharge.
        if (count == 1 && entries < last && entries <= _entries) return;
        _charge(count, entries);
    }

    /// @notice FEE-6: nobody shows a usage.
    function passOver() external {
        if (_charged == _batches.length) return;
        (BatchIndex index, Timestamp passableAt) = _fees.doubted();
        BatchIndex next = BatchIndex.wrap(uint64(_charged + 1));
        (Batch[] memory batches, bytes[] memory usages) = _next(1);
        bool isEmpty = usages[0].length == 0;
        usages[0] = "";
        if (index == next && Timestamp.unwrap(passableAt) <= block.timestamp) {
            _fees.charge(batches, usages, 0);
            (_charged, _entries) = (_charged + 1, 0);
            return;
        }
        if (index != next) _fees.doubt();
        if (isEmpty) return;
        try _fees.charge(batches, usages, 0) {
            revert Broken("FEE-6", 0, 1);
        } catch {}
    }

    function setPrice(uint256 priceWei) external {
        (uint96 low, uint96 high) = parameters.boundsOf(Parameter.FEE_WEI_PER_BYTE);
        parameters.set(Parameter.FEE_WEI_PER_BYTE, uint96(bound(priceWei, low, high)));
    }

    function wait(uint256 seconds_) external {
        VM.warp(block.timestamp + bound(seconds_, 1, 1 days));
    }

    function check() external view {
        uint256 sumWei;
        for (uint32 id = 1; id <= ROLLUPS; ++id) {
            sumWei += _checkAccount(id);
        }
        equal("FEE-7", sumWei, address(_fees).balance);
        (BatchIndex last, uint64 entries) = _fees.charged();
        equal("FEE-3 batch", _charged, BatchIndex.unwrap(last));
        equal("FEE-3 entries", _entries, entries);
    }

    /// @notice All is charged and all that is left is used: what stays is too little for a byte.
    function useAll() external {
        while (_charged < _batches.length) {
            _charge(1, type(uint256).max);
        }
        for (uint32 id = 1; id <= ROLLUPS; ++id) {
            uint64 left = _fees.accountOf(id).leftBytes;
            _uses.push();
            _uses[_uses.length - 1].push(Use(id, left));
            _append(abi.encodePacked(id, left));
            _charge(1, 1);
        }
        uint256 restsWei;
        for (uint32 id = 1; id <= ROLLUPS; ++id) {
            FeeAccount memory a = _fees.accountOf(id);
            equal("FEE-2 the last takes all", 0, a.paidWei);
            restsWei += a.restWei;
        }
        equal("FEE-7 in the end", restsWei, address(_fees).balance);
    }

    function _prepay(uint32 id, uint256 amountWei) private {
        uint256 before = address(_splitter).balance;
        VM.deal(address(this), amountWei);
        uint256 bytes_ = _fees.prepay{value: amountWei}(id);

        Book storage b = _books[id];
        uint256 priceWei = _value(Parameter.FEE_WEI_PER_BYTE);
        bool wasEmpty = b.boughtBytes <= b.usedBytes;
        b.priceWei = priceWei;
        b.lowWei = wasEmpty || priceWei < b.lowWei ? priceWei : b.lowWei;
        b.highWei = wasEmpty || priceWei > b.highWei ? priceWei : b.highWei;
        b.boughtBytes += bytes_;
        b.paidInWei += amountWei;
        b.passedOnWei += address(_splitter).balance - before;
        if (b.boughtBytes >= b.usedBytes) b.dropAt = 0;
    }

    function _charge(uint256 count, uint256 entries) private {
        (Batch[] memory batches, bytes[] memory usages) = _next(count);
        uint256[] memory before = _paidFor();
        _fees.charge(batches, usages, entries);
        uint256[] memory afterwards = _paidFor();
        for (uint32 id = 1; id <= ROLLUPS; ++id) {
            _books[id].passedOnWei += afterwards[id] - before[id];
            ++_books[id].charges;
        }

        for (uint256 i; i < count; ++i) {
            Use[] storage uses = _uses[_charged + i];
            uint256 end = i == count - 1 && entries < uses.length ? entries : uses.length;
            for (uint256 entry = i == 0 ? _entries : 0; entry < end; ++entry) {
                _use(uses[entry]);
            }
        }
        bool isWhole = entries >= _uses[_charged + count - 1].length;
        _charged += isWhole ? count : count - 1;
        _entries = isWhole ? 0 : entries;
    }

    /// @dev FEE-4: from no arrears to some there is a notice. They stop at 64 bits.
    function _use(Use storage use) private {
        if (use.rollupId == 0 || use.rollupId > ROLLUPS) return;
        Book storage b = _books[use.rollupId];
        b.usedBytes += use.bytes_;
        if (b.usedBytes <= b.boughtBytes) return;
        if (b.usedBytes - b.boughtBytes > type(uint64).max) {
            b.usedBytes = b.boughtBytes + type(uint64).max;
        }
        if (b.dropAt == 0) b.dropAt = block.timestamp + _value(Parameter.NOTICE_SECONDS);
    }

    function _append(bytes memory usage) private {
        Batch memory batch;
        batch.index = BatchIndex.wrap(uint64(_batches.length + 1));
        batch.parentHash = _chain.batchHashAt(_chain.lastIndex());
        batch.usageHash = keccak256(usage);
        _chain.commit(batch);
        _batches.push(batch);
        _usages.push(usage);
    }

    function _checkAccount(uint32 id) private view returns (uint256 sumWei) {
        FeeAccount memory a = _fees.accountOf(id);
        Book storage b = _books[id];
        uint256 used = b.usedBytes;
        equal("FEE-3 left", used < b.boughtBytes ? b.boughtBytes - used : 0, a.leftBytes);
        equal("FEE-3 arrears", used > b.boughtBytes ? used - b.boughtBytes : 0, a.arrearsBytes);
        equal("FEE-4 notice", b.dropAt, Timestamp.unwrap(a.dropAt));
        bool isDue = b.dropAt != 0 && b.dropAt <= block.timestamp;
        holds("FEE-4 dropped", _fees.isDropped(id) == isDue);

        sumWei = uint256(a.paidWei) + a.restWei;
        equal("FEE-7 account", b.paidInWei, sumWei + b.passedOnWei);
        atMost("FEE-2 rest", b.priceWei, a.restWei);
        if (a.leftBytes == 0) return sumWei;
        atLeast("FEE-2 price", b.lowWei * a.leftBytes, a.paidWei);
        atMost("FEE-2 price", b.highWei * a.leftBytes + b.charges, a.paidWei);
    }

    /// @dev What the splitter has of each rollup in this epoch.
    function _paidFor() private view returns (uint256[] memory amountsWei) {
        amountsWei = new uint256[](ROLLUPS + 1);
        for (uint32 id = 1; id <= ROLLUPS; ++id) {
            amountsWei[id] = _splitter.paidFor(Epoch.wrap(_epochNow()), id);
        }
    }

    function _next(uint256 count)
        private
        view
        returns (Batch[] memory batches, bytes[] memory usages)
    {
        batches = new Batch[](count);
        usages = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            batches[i] = _batches[_charged + i];
            usages[i] = _usages[_charged + i];
        }
    }

    function _rollup(uint256 any) private pure returns (uint32) {
        return uint32(1 + any % ROLLUPS);
    }
}
