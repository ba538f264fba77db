// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondRegistry} from "../../contracts/BondRegistry.sol";
import {Committee} from "../../contracts/Committee.sol";
import {InsurancePool} from "../../contracts/InsurancePool.sol";
import {Parameters} from "../../contracts/Parameters.sol";
import {SlashingLedger} from "../../contracts/SlashingLedger.sol";
import {Application, Times} from "../../contracts/interfaces/IBondRegistry.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {Digests} from "../../contracts/libraries/Digests.sol";
import {Epoch, Timestamp} from "../../contracts/types/Types.sol";
import {VM} from "./Cheats.sol";

/// @title The contracts that hold money, deployed and wired
/// @dev Whoever deploys them is their timelock, and a slasher beside the real ones: evidence itself
/// is what the tests under ape are about.
contract World {
    uint64 internal constant GENESIS = 100_000;
    uint64 internal constant EPOCH = 1000;
    uint64 internal constant GRACE = 300;
    uint64 internal constant EVIDENCE = 500;
    uint64 internal constant UNBONDING = 3 * EPOCH + GRACE + EVIDENCE;
    uint96 internal constant MIN_BOND = 1 ether;
    uint96 internal constant MIN_DELEGATION = 1 gwei;
    uint256 internal constant BPS = 10_000;
    uint256 private constant FIRST_KEY = 0xB0;
    bytes32 private constant TRANSPORT_KEY = bytes32(uint256(1));

    Parameters internal parameters;
    BondRegistry internal registry;
    Committee internal committee;
    InsurancePool internal insurance;
    SlashingLedger internal ledger;

    /// @notice Which operator each signing key is of, by the number of the key.
    uint32[] internal ownerOfKey;

    /// @dev The second before genesis, so that epoch 0 can have a committee.
    function _deploy() internal {
        VM.warp(GENESIS - 1);
        uint256 nonce = VM.getNonce(address(this));
        address ledgerAt = VM.computeCreateAddress(address(this), nonce + 4);
        parameters = new Parameters(address(this), _values());
        registry = new BondRegistry(
            Times(Timestamp.wrap(GENESIS), EPOCH, UNBONDING, GRACE, EVIDENCE), parameters, ledgerAt
        );
        committee = new Committee(registry, 1, 3);
        insurance = new InsurancePool(registry, ledgerAt);
        address[] memory slashers = new address[](1);
        slashers[0] = address(this);
        ledger = new SlashingLedger(committee, insurance, slashers);
    }

    function _bond(address cold, uint256 amountWei, uint16 commissionBps)
        internal
        returns (uint32 id)
    {
        uint256 number = ownerOfKey.length;
        bytes memory possession = _possession(number, cold);
        VM.deal(cold, amountWei);
        VM.prank(cold);
        id = registry.bond{value: amountWei}(
            Application(_signer(number), TRANSPORT_KEY, commissionBps, "", possession)
        );
        ownerOfKey.push(id);
    }

    /// @dev That `cold` has the signing key of this number (BOND-1).
    function _possession(uint256 number, address cold) internal view returns (bytes memory) {
        bytes32 digest =
            Digests.keyPossession(registry.domainSeparator(), cold, _signer(number), TRANSPORT_KEY);
        (bytes32 r, bytes32 vs) = VM.signCompact(FIRST_KEY + number, digest);
        return abi.encodePacked(r, vs);
    }

    function _signer(uint256 number) internal pure returns (address) {
        return VM.addr(FIRST_KEY + number);
    }

    function _delegate(address account, uint32 id, uint256 amountWei) internal {
        VM.deal(account, amountWei);
        VM.prank(account);
        registry.delegate{value: amountWei}(id);
    }

    function _value(Parameter parameter) internal view returns (uint256) {
        return parameters.value(parameter);
    }

    function _epochNow() internal view returns (uint64) {
        return uint64((block.timestamp - GENESIS) / EPOCH);
    }

    /// @dev The committee of the current epoch, if it can still be recorded.
    function _record() internal {
        if (block.timestamp <= GENESIS) return;
        uint64 epoch = _epochNow();
        if (committee.pointerOf(Epoch.wrap(epoch)) != address(0)) return;
        if (block.timestamp <= Timestamp.unwrap(committee.selectionTime(Epoch.wrap(epoch)))) {
            return;
        }
        committee.snapshot(Epoch.wrap(epoch));
    }

    function _values() private pure returns (uint96[] memory v) {
        v = new uint96[](uint256(type(Parameter).max) + 1);
        v[uint256(Parameter.MIN_BOND_WEI)] = MIN_BOND;
        v[uint256(Parameter.MIN_DELEGATION_WEI)] = MIN_DELEGATION;
        v[uint256(Parameter.MAX_COMMISSION_BPS)] = 5000;
        v[uint256(Parameter.MAX_COMMISSION_RISE_BPS)] = 500;
        v[uint256(Parameter.OPERATOR_CAP_BPS)] = 10_000;
        v[uint256(Parameter.EQUIVOCATION_BASE_BPS)] = 1000;
        v[uint256(Parameter.DATA_BASE_BPS)] = 200;
        v[uint256(Parameter.INACTIVITY_BASE_BPS)] = 10;
        v[uint256(Parameter.ORDERING_BASE_BPS)] = 500;
        v[uint256(Parameter.PROMISE_BASE_BPS)] = 2000;
        v[uint256(Parameter.NEGLECT_BASE_BPS)] = 500;
        v[uint256(Parameter.CORRELATION_BPS)] = 10_000;
        v[uint256(Parameter.JAIL_SECONDS)] = 500;
        v[uint256(Parameter.REWARD_BPS)] = 1000;
        v[uint256(Parameter.VICTIM_BPS)] = 5000;
        v[uint256(Parameter.INSURANCE_BPS)] = 2000;
        v[uint256(Parameter.CLAIM_CAP_WEI)] = 20 ether;
        v[uint256(Parameter.PERIOD_CAP_WEI)] = 10 ether;
        v[uint256(Parameter.FLOOR_BPS)] = 2000;
        v[uint256(Parameter.MIN_COMMITS)] = 4;
        v[uint256(Parameter.ROLLUPS_SHARE_BPS)] = 1000;
        v[uint256(Parameter.INSURANCE_SHARE_BPS)] = 1000;
        v[uint256(Parameter.FEE_WEI_PER_BYTE)] = 1000;
        v[uint256(Parameter.NOTICE_SECONDS)] = 600;
    }
}
