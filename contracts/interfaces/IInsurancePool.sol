// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBondRegistry} from "./IBondRegistry.sol";
import {ICredits} from "./ICredits.sol";
import {IParameters} from "./IParameters.sol";

/// @notice The pool in one view (INS-4), in wei.
/// @param balanceWei what it has for claims
/// @param obligationsWei filed and unpaid
/// @param payableWei what `pay` would credit now
struct PoolAccount {
    uint256 balanceWei;
    uint256 obligationsWei;
    uint256 payableWei;
}

/// @notice What stands behind promises (INS-5), in wei.
/// @param bondedWei worth of the staked shares of active operators
/// @param insuredWei the pool's balance above its obligations
/// @param promisableWei what the promises of all active operators may carry, one by one, in sum
struct Coverage {
    uint256 bondedWei;
    uint256 insuredWei;
    uint256 promisableWei;
}

/// @title What victims are paid that the slash alone did not cover
/// @notice Trust: the ledger files claims, within what offenders' own shares forfeited; nobody else
/// moves anything.
interface IInsurancePool is ICredits {
    event Funded(address indexed from, uint256 amountWei);
    event ClaimFiled(
        uint256 indexed index, uint32 indexed id, address indexed victim, uint96 amountWei
    );
    event ClaimPaid(uint256 indexed index, address indexed victim, uint96 paidWei, uint96 leftWei);

    error ZeroParameter(string name);
    error NotTheLedger(address caller);
    error NothingPaid();
    error NothingToPay();

    /// @notice Add what is paid to the pool (INS-1).
    /// @custom:reverts NothingPaid
    function fund() external payable;

    /// @notice Owe `victim` what an offence of `id` cost it (INS-2). Ledger only, which keeps within
    /// what the operator's own shares forfeited.
    /// @custom:reverts NotTheLedger
    function file(uint32 id, address victim, uint96 amountWei) external;

    /// @notice Credit the claims that stand first (INS-3). By anyone.
    /// @param count how many claims to look at, at most
    /// @custom:reverts NothingToPay
    function pay(uint256 count) external returns (uint256 paidWei);

    /// @notice INS-4.
    function account() external view returns (PoolAccount memory);

    /// @notice INS-5.
    function coverage() external view returns (Coverage memory);

    /// @notice What promises of operator `id` may carry (INS-5), in wei; 0 unless it is active.
    function coverageOf(uint32 id) external view returns (uint256);

    /// @notice Claims ever filed, and those paid in full.
    function claimCount() external view returns (uint256 filed, uint256 paid);

    /// @notice Victim, and what is owed still, of claim `index`, from 0.
    function claim(uint256 index) external view returns (address victim, uint96 leftWei);

    function registry() external view returns (IBondRegistry);

    function ledger() external view returns (address);

    function parameters() external view returns (IParameters);
}
