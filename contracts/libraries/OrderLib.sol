// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Ordering, OrderingPolicy} from "../interfaces/IRollupRegistry.sol";
import {SignedTransaction} from "./TransactionLib.sol";

/// @title What a transaction is worth in its rollup's order (ORDER-2)
/// @dev `sequencer/blocks/order.py` is the twin; `tests/vectors/digests.json` holds both.
library OrderLib {
    function valueOf(
        Ordering memory ordering,
        SignedTransaction memory tx_,
        bytes32 transactionHash,
        bytes32 parentHash
    ) internal pure returns (uint128) {
        if (ordering.policy == OrderingPolicy.ARRIVAL) return 0;
        if (ordering.policy == OrderingPolicy.SHUFFLED) {
            return uint128(bytes16(keccak256(bytes.concat(parentHash, transactionHash))));
        }
        uint256 left = Math.saturatingSub(tx_.maxFee, ordering.baseFeeWei);
        uint256 tip = Math.min(Math.min(tx_.maxPriorityFee, left), type(uint128).max);
        // casting to 'uint128' is safe because of the line above
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(tip);
    }
}
