// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Delegations} from "./bonds/Delegations.sol";
import {Operators} from "./bonds/Operators.sol";
import {
    Application,
    IBondRegistry,
    Operator,
    OperatorStatus,
    Times
} from "./interfaces/IBondRegistry.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {Consequence, ISlashingLedger} from "./interfaces/ISlashingLedger.sol";
import {Pool, StakeLib} from "./libraries/StakeLib.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title How an operator comes and goes: bond, exit, jail, slash, release (BOND-1 to BOND-10,
/// STAKE-6, LEDGER-5)
/// @notice Who operators are is in Operators, what is staked with them in Delegations. See
/// IBondRegistry for what each function checks, leaves unchecked and does.
contract BondRegistry is Delegations {
    using StakeLib for Pool;
    using TimeLib for Timestamp;

    /// @inheritdoc IBondRegistry
    address public immutable ledger;

    constructor(Times memory t, IParameters parameters_, address ledger_)
        Operators(t, parameters_)
    {
        if (ledger_ == address(0)) revert ZeroParameter("ledger");
        ledger = ledger_;
    }

    /// @inheritdoc IBondRegistry
    function bond(Application calldata a) external payable returns (uint32 id) {
        uint96 minBondWei = parameters.value(Parameter.MIN_BOND_WEI);
        if (msg.value < minBondWei) revert BondTooSmall(minBondWei, msg.value);

        Operator storage self;
        (id, self) = _enter(a);
        self.minBondWei = minBondWei;

        // casting to 'uint96' is safe because `_stake` refuses more
        // forge-lint: disable-next-line(unsafe-typecast)
        uint96 bondWei = uint96(msg.value);
        emit OperatorBonded(
            id, msg.sender, a.signer, bondWei, a.commissionBps, a.transportKey, a.endpoint
        );
        _stake(id);
    }

    /// @inheritdoc IBondRegistry
    function initiateExit() external returns (Timestamp releaseAt) {
        (uint32 id, Operator storage self) = _stayingCaller();
        releaseAt = _leave(self, OperatorStatus.Exiting);

        emit ExitInitiated(id, releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function unjail() external {
        (uint32 id, Operator storage self) = _caller();
        if (self.status != OperatorStatus.Jailed) revert NotJailed(id, self.status);
        Timestamp now_ = TimeLib.timestamp();
        if (!self.jailedUntil.isDue(now_)) revert JailedUntil(self.jailedUntil, now_);

        self.status = OperatorStatus.Active;
        _updateWeight(id);

        emit OperatorUnjailed(id);
    }

    /// @inheritdoc IBondRegistry
    function release(uint32 id) external {
        Operator storage self = _operators[id];
        OperatorStatus status = self.status;
        if (status != OperatorStatus.Exiting && status != OperatorStatus.Ejected) {
            revert NotLeaving(id, status);
        }
        _requireReleased(self.releaseAt);

        _depart(id, self);
        address owner = self.operator;
        _collect(id, owner);
        uint96 amountWei = _pools[id].removeAll(owner);
        _credit(owner, amountWei);

        emit OperatorReleased(id, owner, amountWei);
    }

    /// @inheritdoc IBondRegistry
    function slash(
        uint32 id,
        uint256 keep,
        uint256 whole,
        Consequence consequence,
        Timestamp jailedUntil
    ) external returns (uint96 takenWei, uint96 ownWei) {
        if (msg.sender != ledger) revert NotTheLedger(msg.sender);
        Operator storage self = _operators[id];
        if (!_isLiable(self)) revert NotSlashable(id, self.status);

        Pool storage pool = _pools[id];
        uint256 index;
        (takenWei, ownWei, index) = _take(pool, self.operator, keep, whole);
        if (!_hasLeft(self.status)) {
            _punish(id, self, pool.stakedWeiOf(self.operator), consequence, jailedUntil);
        }

        emit StakeSlashed(id, takenWei, index, _weightNow(id, self.status));
        ISlashingLedger(ledger).acceptSlash{value: takenWei}();
    }

    /// @dev What a slash takes from all, and of that from the cold key; what a share is worth then.
    function _take(Pool storage pool, address coldKey, uint256 keep, uint256 whole)
        private
        returns (uint96 takenWei, uint96 ownWei, uint256 index)
    {
        uint256 own = pool.ownLiable(coldKey, UNBONDING_SECONDS);
        uint256 before;
        (takenWei, before, index) = pool.slash(keep, whole, UNBONDING_SECONDS);
        ownWei = StakeLib.worth(own, before) - StakeLib.worth(own, index);
        // Both worths are rounded down, so their difference may be a wei too much.
        if (ownWei > takenWei) ownWei = takenWei;
    }

    /// @dev What a slash does to an operator that has not left, with shares of its own worth
    /// `ownWei` after it.
    function _punish(
        uint32 id,
        Operator storage self,
        uint96 ownWei,
        Consequence consequence,
        Timestamp jailedUntil
    ) private {
        if (consequence == Consequence.Eject || ownWei < self.minBondWei) {
            emit OperatorEjected(id, _leave(self, OperatorStatus.Ejected));
            return;
        }
        if (consequence == Consequence.Jail) {
            // No later slash lets anybody out sooner.
            if (self.jailedUntil < jailedUntil) self.jailedUntil = jailedUntil;
            self.status = OperatorStatus.Jailed;
            emit OperatorJailed(id, self.jailedUntil);
        }
        _updateWeight(id);
    }

    /// @dev For good: without weight from this second on. Nothing that comes later moves the release.
    function _leave(Operator storage self, OperatorStatus how)
        private
        returns (Timestamp releaseAt)
    {
        releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
        self.status = how;
        self.releaseAt = releaseAt;
    }
}
