// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {ICredits} from "./ICredits.sol";
import {IInsurancePool} from "./IInsurancePool.sol";
import {IParameters} from "./IParameters.sol";
import {IParticipation} from "./IParticipation.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice The revenue of one epoch, in wei, and whose it is (REV-2).
/// @param depositedWei by anyone in the epoch
/// @param fromRollupsWei of that, what counts for a rollup
/// @param carriedWei from epochs that nobody could be paid for
/// @param rebatesWei of `fromRollupsWei`, what goes back
/// @param insuranceWei for the pool
/// @param operatorsWei for those who worked: the rest, and what was carried
struct Revenue {
    uint128 depositedWei;
    uint128 fromRollupsWei;
    uint128 carriedWei;
    uint128 rebatesWei;
    uint128 insuranceWei;
    uint128 operatorsWei;
}

/// @title Revenue to whoever worked for it
/// @notice Trust: none. Every payment follows from what was deposited and settled.
interface IRevenueSplitter is ICredits {
    /// @param rollupId who it counts for; 0 for nobody
    event RevenueDeposited(Epoch indexed epoch, uint32 indexed rollupId, uint256 amountWei);
    event OperatorPaid(Epoch indexed epoch, uint32 indexed id, uint256 member, uint256 amountWei);
    event RollupRebated(
        Epoch indexed epoch, uint32 indexed rollupId, address owner, uint256 amountWei
    );
    event Insured(Epoch indexed epoch, uint256 amountWei);
    event RevenueCarried(Epoch indexed from, Epoch indexed to, uint256 amountWei);

    error NothingPaid();
    error UnknownRollup(uint32 rollupId);
    error AlreadyPaid(Epoch epoch);
    error NothingToPay(Epoch epoch);

    /// @notice Deposits still count for the epoch.
    error StillOpen(Timestamp endsAt, Timestamp actual);

    /// @notice The epoch is settled, or can be.
    error NotLost(Epoch epoch);

    /// @notice Add what is paid to the revenue of this epoch (REV-1). By anyone.
    ///
    /// Not checked: that who pays has to do with the rollup. Its owner gets back a part of what was
    /// paid, never more.
    ///
    /// @param rollupId who it counts for (REV-2), or 0
    /// @custom:reverts NothingPaid, UnknownRollup, BeforeGenesis (TimeLib)
    function deposit(uint32 rollupId) external payable;

    /// @notice Pay one member of a settled epoch for its work (REV-3). By anyone, once.
    /// @param counts as Participation emitted them
    /// @custom:reverts AlreadyPaid, NothingToPay, and what `workOfMember` of Participation refuses
    function pay(Epoch epoch, uint256[] calldata counts, uint256 member)
        external
        returns (uint256 amountWei);

    /// @notice Credit the owner of a rollup with its part of what was paid for it (REV-4). By
    /// anyone, once, when the epoch has ended.
    /// @custom:reverts StillOpen, NothingToPay
    function rebate(Epoch epoch, uint32 rollupId) external returns (uint256 amountWei);

    /// @notice Send the InsurancePool its part (REV-5). By anyone, once, when the epoch has ended.
    /// @custom:reverts StillOpen, AlreadyPaid, NothingToPay
    function insure(Epoch epoch) external returns (uint256 amountWei);

    /// @notice Give the operators' part of an epoch that will never be settled to those of the
    /// current one (REV-5). By anyone, once.
    /// @custom:reverts NotLost, AlreadyPaid, NothingToPay
    function carry(Epoch epoch) external returns (uint256 amountWei);

    function revenueOf(Epoch epoch) external view returns (Revenue memory);

    /// @notice What was paid for a rollup in an epoch and is not rebated, in wei.
    function paidFor(Epoch epoch, uint32 rollupId) external view returns (uint256);

    /// @notice Whether a member of an epoch's committee was paid.
    function isPaid(Epoch epoch, uint256 member) external view returns (bool);

    function registry() external view returns (IBondRegistry);

    function participation() external view returns (IParticipation);

    function insurance() external view returns (IInsurancePool);

    function rollups() external view returns (IRollupRegistry);

    function parameters() external view returns (IParameters);
}
