// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {History, HistoryLib} from "../../contracts/libraries/HistoryLib.sol";
import {VM, equal} from "./Cheats.sol";

/// @title HistoryLib beside OpenZeppelin's checkpoints
contract HistoryTest {
    using Checkpoints for Checkpoints.Trace208;
    using HistoryLib for History;

    History private _history;
    Checkpoints.Trace208 private _model;

    /// @dev BOND-4, PARAM-3: many changes, some of them in one second, and each second asked for.
    function testFuzz_valueAt__each_second__is_what_checkpoints_say(
        uint8[24] calldata gaps,
        uint256 seed
    ) external {
        VM.warp(5);
        for (uint256 i; i < gaps.length; ++i) {
            VM.warp(block.timestamp + gaps[i] % 4);
            uint176 value = uint176(uint256(keccak256(abi.encode(seed, i))));
            _history.record(value);
            _model.push(uint48(block.timestamp), value);
            equal("BOND-4 now", value, _history.latest());
        }
        for (uint256 t; t <= block.timestamp + 1; ++t) {
            equal("BOND-4", _model.upperLookup(uint48(t)), _history.valueAt(t));
        }
    }
}
