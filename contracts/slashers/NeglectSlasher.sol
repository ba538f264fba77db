// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestedBlock} from "../interfaces/IAttestationSlasher.sol";
import {IForcedInbox} from "../interfaces/IForcedInbox.sol";
import {INeglectSlasher} from "../interfaces/INeglectSlasher.sol";
import {ISlashingLedger, Offence} from "../interfaces/ISlashingLedger.sol";
import {BlockHeader} from "../libraries/Digests.sol";
import {Timestamp} from "../types/Types.sol";
import {AttestationSlasher} from "./AttestationSlasher.sol";

/// @title Ignored forced messages (NEGLECT-1)
/// @notice See INeglectSlasher for what each function checks, leaves unchecked and does.
contract NeglectSlasher is INeglectSlasher, AttestationSlasher {
    /// @inheritdoc INeglectSlasher
    IForcedInbox public immutable inbox;

    constructor(ISlashingLedger ledger_, IForcedInbox inbox_) AttestationSlasher(ledger_) {
        inbox = inbox_;
    }

    /// @inheritdoc INeglectSlasher
    function report(AttestedBlock calldata attested, bytes32 salt) external {
        (BlockHeader calldata header, bytes32 blockHash, uint32 id) = _attested(attested);
        uint64 message = header.forcedCount;
        (Timestamp deadline,) = inbox.message(message);
        if (Timestamp.wrap(header.originTimestamp) < deadline) {
            revert NotDueAtOrigin(message, deadline, header.originTimestamp);
        }

        address reporter = _reporterOf(attested, blockHash, salt);
        emit NeglectReported(id, attested.epoch, message, blockHash, reporter);
        _slash(id, attested.epoch, Offence.Neglect, reporter);
    }
}
