// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Times} from "../interfaces/IBondRegistry.sol";
import {Epoch, Timestamp} from "../types/Types.sol";
import {Schedule, TimeLib} from "./TimeLib.sol";

/// @title How old evidence may be (SLASH-2)
library EvidenceLib {
    using TimeLib for Timestamp;

    error EvidenceTooOld(Timestamp expiredAt, Timestamp actual);

    /// @notice For how long after its epoch a statement is evidence.
    function lifeSeconds(Times memory p) internal pure returns (uint64) {
        return p.commitGraceSeconds + p.evidenceSeconds;
    }

    /// @notice Refuse a statement of `epoch` that is too old to punish.
    function requireFresh(Schedule schedule, Epoch epoch, uint64 life) internal view {
        Timestamp expiredAt = schedule.endOf(epoch).plus(life);
        Timestamp now_ = TimeLib.timestamp();
        if (expiredAt.isDue(now_)) revert EvidenceTooOld(expiredAt, now_);
    }
}
