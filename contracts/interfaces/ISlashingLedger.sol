// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";
import {IBondRegistry} from "./IBondRegistry.sol";
import {ICommittee} from "./ICommittee.sol";
import {ICredits} from "./ICredits.sol";
import {IInsurancePool} from "./IInsurancePool.sol";
import {IParameters} from "./IParameters.sol";

/// @notice What an operator did; the number is the key of once-only (LEDGER-1), and names the
/// parameter that is its base (LEDGER-2).
enum Offence {
    None,
    Equivocation,
    Data,
    Inactivity,
    Ordering,
    Promise,
    Neglect
}

/// @notice What becomes of the operator, besides its stake. After `Eject` it never comes back.
enum Consequence {
    None,
    Jail,
    Eject
}

/// @param id of the operator
/// @param signer its key that offended; zero if none is known, and a search for its seat costs more
/// @param severity multiplies the base, from 1
/// @param reporter who is paid for the report; zero burns that part
/// @param victim the first who lost by it, `lossWei`; zero if there can be none
struct Slash {
    uint32 id;
    address signer;
    Epoch epoch;
    Offence offence;
    Consequence consequence;
    uint16 severity;
    address reporter;
    address victim;
    uint96 lossWei;
}

/// @notice Where a slash went, in wei. The four sum to the slash (LEDGER-6); `victim` is what was set
/// apart for victims (LEDGER-9).
struct Split {
    uint96 reporter;
    uint96 victim;
    uint96 insurance;
    uint96 burned;
}

/// @title How much an offence costs, once each, and who gets it
/// @notice Trust: the slashers named at construction may have any operator slashed as far as the
/// parameters go. There is no owner and no pause.
interface ISlashingLedger is ICredits {
    /// @param partBps of the liable stake, all that was taken for this offence so far
    event OperatorSlashed(
        uint32 indexed id,
        Epoch indexed epoch,
        Offence indexed offence,
        Consequence consequence,
        uint16 partBps,
        address reporter,
        address victim,
        Split split
    );

    /// @param paidWei from what is set apart
    /// @param filedWei claimed from the insurance (INS-2)
    event VictimCompensated(
        uint32 indexed id,
        Epoch indexed epoch,
        Offence indexed offence,
        address victim,
        uint256 paidWei,
        uint256 filedWei
    );

    /// @notice Nobody can need it any more; it went to the insurance.
    event PotReleased(
        uint32 indexed id, Epoch indexed epoch, Offence indexed offence, uint256 amountWei
    );

    error PotNeeded(Timestamp until, Timestamp actual);
    error EmptyPot(Epoch epoch, uint32 id, Offence offence);
    error NotASlasher(address caller);
    error ZeroParameter(string name);
    error LedgerOfAnotherRegistry(address expected, address actual);
    error InsuranceOfAnotherLedger(address expected, address actual);
    error InsuranceOfAnotherRegistry(address expected, address actual);
    error OffenceTooEarly(Epoch epoch, Timestamp actual);
    error AlreadySlashed(Epoch epoch, uint32 id, Offence offence);
    error NotSlashed(Epoch epoch, uint32 id, Offence offence);

    /// @notice The part taken is what is due by the offenders known now.
    error NothingToEscalate(uint16 partBps);
    error ZeroSeverity();
    error UnknownOffence(Offence offence);
    error NotTheRegistry(address caller);

    /// @notice What the registry takes comes here, and nothing else does: there is no `receive`
    /// (LEDGER-8).
    /// @custom:reverts NotTheRegistry
    function acceptSlash() external payable;

    /// @notice Take what an offence costs (LEDGER-1, LEDGER-2) and split it (LEDGER-6).
    /// @return split where it went
    /// @custom:reverts NotASlasher, ZeroSeverity, BeforeGenesis (TimeLib), OffenceTooEarly,
    /// AlreadySlashed, NoCommittee (ICommittee), UnknownOffence, NotSlashable (registry)
    function slash(Slash calldata s) external returns (Split memory split);

    /// @notice Take what the part is short of since others offended too (LEDGER-3). By anyone, who
    /// is the reporter of the difference.
    /// @custom:reverts NotSlashed, NothingToEscalate, NotSlashable (registry)
    function escalate(Epoch epoch, uint32 id, Offence offence) external returns (Split memory split);

    /// @notice `slash`, but for an offence that was slashed already only pay the victim of it, from what
    /// the first set apart (LEDGER-9). By a slasher.
    /// @custom:reverts as `slash`, but for AlreadySlashed
    function compensate(Slash calldata s) external;

    /// @notice Give what no victim can need any more to the insurance (LEDGER-9). By anyone.
    /// @custom:reverts PotNeeded, EmptyPot
    function releasePot(Epoch epoch, uint32 id, Offence offence) external;

    /// @notice What is set apart for victims of an offence, and what they may claim beyond.
    function potOf(Epoch epoch, uint32 id, Offence offence)
        external
        view
        returns (uint256 leftWei, uint256 claimableWei);

    /// @notice The part, in basis points, that was taken for an offence; 0 if none was.
    function partOf(Epoch epoch, uint32 id, Offence offence) external view returns (uint16);

    function isSlasher(address account) external view returns (bool);

    function registry() external view returns (IBondRegistry);

    function committee() external view returns (ICommittee);

    function insurance() external view returns (IInsurancePool);

    function parameters() external view returns (IParameters);
}
