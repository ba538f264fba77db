// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {ICredits} from "./ICredits.sol";
import {IInsurancePool} from "./IInsurancePool.sol";
import {IParameters} from "./IParameters.sol";
import {IParticipation} from "./IParticipation.sol";
import {IRollupRegistry} from "./IRollupRegistry.sol";

/// @notice The revenue of one epoch, in wei: what came in, and what of it was paid out.
struct Revenue {
    uint128 depositedWei;
    uint128 paidWei;
}

/// @title Revenue to whoever worked for it
/// @notice Trust: none. Every payment follows from what was deposited and settled.
interface IRevenueSplitter is ICredits {
    /// @param rollupId who paid; 0 for anyone else
    event RevenueDeposited(Epoch indexed epoch, uint32 indexed rollupId, uint256 amountWei);
    event OperatorPaid(Epoch indexed epoch, uint32 indexed id, uint256 member, uint256 amountWei);
    event RollupRebated(Epoch indexed epoch, uint32 indexed rollupId, address owner, uint256 wei_);
    event Insured(Epoch indexed epoch, uint256 amountWei);
    event RevenueCarried(Epoch indexed from, Epoch indexed to, uint256 amountWei);

    error NothingPaid();
    error AlreadyPaid(Epoch epoch);
    error NothingToPay(Epoch epoch);
    error StillOpen(Epoch epoch);

    /// @notice Add what is paid to the revenue of this epoch (REV-1).
    /// @param rollupId who it counts for (REV-2), or 0
    function deposit(uint32 rollupId) external payable;

    /// @notice REV-3. @param counts as Participation emitted them
    function pay(Epoch epoch, bytes calldata counts, uint256 member)
        external
        returns (uint256 amountWei);

    /// @notice REV-4.
    function rebate(Epoch epoch, uint32 rollupId) external returns (uint256 amountWei);

    /// @notice REV-5.
    function insure(Epoch epoch) external returns (uint256 amountWei);

    /// @notice REV-5.
    function carry(Epoch epoch) external returns (uint256 amountWei);

    function revenueOf(Epoch epoch) external view returns (Revenue memory);

    function registry() external view returns (IBondRegistry);

    function participation() external view returns (IParticipation);

    function insurance() external view returns (IInsurancePool);

    function rollups() external view returns (IRollupRegistry);

    function parameters() external view returns (IParameters);
}
