// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Credits} from "./Credits.sol";
import {IBondRegistry, Times} from "./interfaces/IBondRegistry.sol";
import {IInsurancePool} from "./interfaces/IInsurancePool.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {IParticipation} from "./interfaces/IParticipation.sol";
import {IRevenueSplitter, Revenue} from "./interfaces/IRevenueSplitter.sol";
import {IRollupRegistry} from "./interfaces/IRollupRegistry.sol";
import {ISlashingLedger} from "./interfaces/ISlashingLedger.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {Epoch, Timestamp} from "./types/Types.sol";

/// @title Revenue to whoever worked for it (REV-1 to REV-7)
/// @notice See IRevenueSplitter for what each function checks, leaves unchecked and does.
contract RevenueSplitter is IRevenueSplitter, Credits {
    using SafeCast for uint256;
    using TimeLib for Timestamp;

    /// @dev What came in for an epoch, in wei, and what of it was passed on as a whole. A bit of
    /// `paid` stands for a member.
    struct Account {
        uint128 depositedWei;
        uint128 fromRollupsWei;
        uint128 carriedWei;
        uint128 paid;
        bool isInsured;
        bool isCarried;
    }

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IRevenueSplitter
    IBondRegistry public immutable registry;

    /// @inheritdoc IRevenueSplitter
    IParticipation public immutable participation;

    /// @inheritdoc IRevenueSplitter
    IInsurancePool public immutable insurance;

    /// @inheritdoc IRevenueSplitter
    IRollupRegistry public immutable rollups;

    /// @inheritdoc IRevenueSplitter
    IParameters public immutable parameters;

    Schedule private immutable SCHEDULE;

    mapping(Epoch epoch => Account) private _accounts;

    /// @inheritdoc IRevenueSplitter
    mapping(Epoch epoch => mapping(uint32 rollupId => uint256 amountWei)) public paidFor;

    constructor(IParticipation participation_, IRollupRegistry rollups_) {
        IBondRegistry registry_ = participation_.chain().committee().registry();
        registry = registry_;
        participation = participation_;
        insurance = ISlashingLedger(registry_.ledger()).insurance();
        rollups = rollups_;
        parameters = registry_.parameters();
        Times memory t = registry_.times();
        SCHEDULE = TimeLib.schedule(t.genesis, t.epochSeconds);
    }

    /// @inheritdoc IRevenueSplitter
    function deposit(uint32 rollupId) external payable {
        if (msg.value == 0) revert NothingPaid();
        if (rollupId != 0 && !rollups.isRegistered(rollupId)) revert UnknownRollup(rollupId);

        Epoch epoch = SCHEDULE.epochOf(TimeLib.timestamp());
        Account storage account = _accounts[epoch];
        account.depositedWei += msg.value.toUint128();
        if (rollupId != 0) {
            account.fromRollupsWei += msg.value.toUint128();
            paidFor[epoch][rollupId] += msg.value;
        }

        emit RevenueDeposited(epoch, rollupId, msg.value);
    }

    /// @inheritdoc IRevenueSplitter
    function pay(Epoch epoch, uint256[] calldata counts, uint256 member)
        external
        returns (uint256 amountWei)
    {
        (address signer, uint256 work) = participation.workOfMember(epoch, counts, member);
        if (isPaid(epoch, member)) revert AlreadyPaid(epoch);
        Revenue memory revenue = revenueOf(epoch);
        amountWei = Math.mulDiv(revenue.operatorsWei, work, participation.workOf(epoch).work);
        if (amountWei == 0) revert NothingToPay(epoch);

        // casting to 'uint128' is safe because a committee has no more members (ENC-4)
        // bit `member`, of at most 128: the one is shifted
        // forge-lint: disable-next-line(incorrect-shift, unsafe-typecast)
        _accounts[epoch].paid |= uint128(1 << member);
        uint32 id = registry.operatorIdOfSigner(signer);

        emit OperatorPaid(epoch, id, member, amountWei);
        registry.reward{value: amountWei}(id);
    }

    /// @inheritdoc IRevenueSplitter
    function rebate(Epoch epoch, uint32 rollupId) external returns (uint256 amountWei) {
        _requireEnded(epoch);
        amountWei = _part(paidFor[epoch][rollupId], Parameter.ROLLUPS_SHARE_BPS, epoch);
        if (amountWei == 0) revert NothingToPay(epoch);

        paidFor[epoch][rollupId] = 0;
        // Its chain and vault do not matter here.
        // slither-disable-next-line unused-return
        (address owner,,) = rollups.rollup(rollupId);
        _credit(owner, amountWei);

        emit RollupRebated(epoch, rollupId, owner, amountWei);
    }

    /// @inheritdoc IRevenueSplitter
    function insure(Epoch epoch) external returns (uint256 amountWei) {
        _requireEnded(epoch);
        Account storage account = _accounts[epoch];
        if (account.isInsured) revert AlreadyPaid(epoch);
        amountWei = revenueOf(epoch).insuranceWei;
        if (amountWei == 0) revert NothingToPay(epoch);
        account.isInsured = true;

        emit Insured(epoch, amountWei);
        insurance.fund{value: amountWei}();
    }

    /// @inheritdoc IRevenueSplitter
    function carry(Epoch epoch) external returns (uint256 amountWei) {
        if (!participation.isLost(epoch)) revert NotLost(epoch);
        Account storage account = _accounts[epoch];
        if (account.isCarried) revert AlreadyPaid(epoch);
        amountWei = revenueOf(epoch).operatorsWei;
        if (amountWei == 0) revert NothingToPay(epoch);

        account.isCarried = true;
        Epoch current = SCHEDULE.epochOf(TimeLib.timestamp());
        _accounts[current].carriedWei += amountWei.toUint128();

        emit RevenueCarried(epoch, current, amountWei);
    }

    /// @inheritdoc IRevenueSplitter
    function isPaid(Epoch epoch, uint256 member) public view returns (bool) {
        return (_accounts[epoch].paid >> member) & 1 == 1;
    }

    /// @inheritdoc IRevenueSplitter
    function revenueOf(Epoch epoch) public view returns (Revenue memory revenue) {
        Account storage account = _accounts[epoch];
        revenue.depositedWei = account.depositedWei;
        revenue.fromRollupsWei = account.fromRollupsWei;
        revenue.carriedWei = account.carriedWei;
        // casting to 'uint128' is safe because a part is no more than the whole
        // forge-lint: disable-start(unsafe-typecast)
        revenue.rebatesWei =
            uint128(_part(account.fromRollupsWei, Parameter.ROLLUPS_SHARE_BPS, epoch));
        revenue.insuranceWei =
            uint128(_part(account.depositedWei, Parameter.INSURANCE_SHARE_BPS, epoch));
        // forge-lint: disable-end(unsafe-typecast)
        // Both parts together are the whole at most (PARAM-2).
        revenue.operatorsWei =
            revenue.depositedWei - revenue.rebatesWei - revenue.insuranceWei + revenue.carriedWei;
    }

    /// @dev By the parameters of the epoch's start (REV-2).
    function _part(uint256 amountWei, Parameter parameter, Epoch epoch)
        private
        view
        returns (uint256)
    {
        return (amountWei * parameters.valueAt(parameter, SCHEDULE.startOf(epoch))) / BPS;
    }

    function _requireEnded(Epoch epoch) private view {
        Timestamp endsAt = SCHEDULE.endOf(epoch);
        Timestamp now_ = TimeLib.timestamp();
        if (!endsAt.isDue(now_)) revert StillOpen(endsAt, now_);
    }
}
