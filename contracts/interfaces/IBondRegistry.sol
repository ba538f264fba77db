// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Timestamp} from "../types/Types.sol";
import {ICredits} from "./ICredits.sol";
import {IParameters} from "./IParameters.sol";
import {Consequence} from "./ISlashingLedger.sol";

/// @notice The times on which safety rests; see TIME-4 for the relation between them.
/// @param genesis start of epoch 0
/// @param epochSeconds length of an epoch
/// @param unbondingSeconds from leaving the weight history to the release of stake
/// @param commitGraceSeconds how long after its epoch a committee may still commit
/// @param evidenceSeconds how long after that grace evidence is still heard
struct Times {
    Timestamp genesis;
    uint64 epochSeconds;
    uint64 unbondingSeconds;
    uint64 commitGraceSeconds;
    uint64 evidenceSeconds;
}

/// @notice An operator is Active, may be Jailed and come back, and leaves for good as Exiting or
/// Ejected, in the end Released.
enum OperatorStatus {
    None,
    Active,
    Jailed,
    Exiting,
    Ejected,
    Released
}

/// @param operator the cold key
/// @param minBondWei what its own shares must be worth (STAKE-6)
/// @param signer the hot key, which signs votes
/// @param releaseAt when the place and its stake are released; zero unless it left for good
/// @param jailedUntil when it may come back, while jailed
/// @param commissionBps STAKE-10
/// @param commissionRaisedAt when it bonded, or last raised its commission
/// @dev Three words: what a jailing changes is in one, what the choice of a committee reads in another.
struct Operator {
    address operator;
    uint96 minBondWei;
    address signer;
    Timestamp releaseAt;
    Timestamp jailedUntil;
    OperatorStatus status;
    uint16 commissionBps;
    Timestamp commissionRaisedAt;
}

/// @notice What stands behind an operator now.
/// @param stakedWei worth of all staked shares
/// @param ownWei of that, the cold key's
/// @param leavingWei worth of the shares in tickets that are liable still
/// @param shares staked
/// @param index worth of a share, times 10^27
/// @param heldWei STAKE-7
struct Stake {
    uint96 stakedWei;
    uint96 ownWei;
    uint96 leavingWei;
    uint128 shares;
    uint256 index;
    uint128 heldWei;
}

/// @notice Stake on its way out (STAKE-3).
struct Ticket {
    address owner;
    uint32 id;
    uint128 shares;
    Timestamp releaseAt;
}

/// @notice An operator with weight at the time asked for.
struct Candidate {
    uint32 id;
    address signer;
    uint96 weight;
}

/// @notice Who wants to be an operator.
/// @param signer the hot key that will sign votes
/// @param transportKey public key of the peer transport
/// @param commissionBps STAKE-10
/// @param endpoint where peers connect, at most 128 bytes
/// @param possession signature of `signer` (ENC-3) over `KeyPossession`
struct Application {
    address signer;
    bytes32 transportKey;
    uint16 commissionBps;
    string endpoint;
    bytes possession;
}

/// @title Operators, the stake behind them, and the history of their weights
/// @notice Trust: the ledger named at construction may take from stake that is liable (STAKE-5), and
/// nobody else may touch any. There is no owner and no pause.
interface IBondRegistry is ICredits {
    event OperatorBonded(
        uint32 indexed id,
        address indexed operator,
        address indexed signer,
        uint96 bondWei,
        uint16 commissionBps,
        bytes32 transportKey,
        string endpoint
    );
    event Delegated(uint32 indexed id, address indexed account, uint96 amountWei, uint128 shares);
    event Undelegated(
        uint32 indexed id,
        address indexed account,
        uint256 indexed ticket,
        uint128 shares,
        Timestamp releaseAt
    );
    event TicketClaimed(uint256 indexed ticket, address indexed owner, uint96 amountWei);
    event Rewarded(uint32 indexed id, uint256 amountWei, uint256 commissionWei);
    event RewardCollected(uint32 indexed id, address indexed account, uint256 amountWei);
    event CommissionSet(uint32 indexed id, uint16 commissionBps);
    event SignerRotated(uint32 indexed id, address indexed former, address indexed signer);
    event PeerAnnounced(uint32 indexed id, bytes32 transportKey, string endpoint);
    event ExitInitiated(uint32 indexed id, Timestamp releaseAt);
    event OperatorReleased(uint32 indexed id, address indexed operator, uint96 creditedWei);
    event OperatorJailed(uint32 indexed id, Timestamp until);
    event OperatorUnjailed(uint32 indexed id);
    event OperatorEjected(uint32 indexed id, Timestamp releaseAt);

    /// @param weight after it; 0 if the operator is not active
    event StakeSlashed(uint32 indexed id, uint96 takenWei, uint256 index, uint96 weight);

    error ZeroParameter(string name);
    error UnbondingTooShort(uint256 minimumSeconds, uint256 actualSeconds);
    error UnbondingTooLong(uint256 maximumSeconds, uint256 actualSeconds);

    error BondTooSmall(uint256 minimumWei, uint256 actualWei);
    error DelegationTooSmall(uint256 minimumWei, uint256 actualWei);
    error OwnStakeTooSmall(uint256 minimumWei, uint256 actualWei);
    error NoShares();
    error NoPlaceLeft(uint256 maximum);
    error AlreadyBonded(address operator, uint32 id);
    error SignerUsed(address signer, uint32 id);
    error WrongPossession(address expected, address actual);
    error EndpointTooLong(uint256 maximum, uint256 actual);
    error NotAnOperator(address caller);
    error UnknownOperator(uint32 id);
    error NotActive(uint32 id, OperatorStatus actual);
    error NotJailed(uint32 id, OperatorStatus actual);
    error NotLeaving(uint32 id, OperatorStatus actual);
    error HasLeft(uint32 id, OperatorStatus actual);
    error JailedUntil(Timestamp until, Timestamp actual);
    error NotYetReleasable(Timestamp releaseAt, Timestamp actual);
    error NoTicket(uint256 ticket);
    error CommissionTooHigh(uint256 maximumBps, uint256 actualBps);
    error CommissionRaisedTooOften(Timestamp next, Timestamp actual);
    error NothingRewarded();
    error NotTheLedger(address caller);
    error NotSlashable(uint32 id, OperatorStatus actual);
    error NotInThePast(Timestamp asked, Timestamp actual);

    /// @notice Join as an operator (BOND-1): the caller is the cold key and pays the bond.
    ///
    /// Checks: the caller holds no place; the signing key was never used; a place is free;
    /// `MIN_BOND_WEI` is paid; the endpoint is short; the commission is within the maximum; the
    /// signer's signature over `KeyPossession`.
    ///
    /// Not checked: that anything answers at the endpoint, or that cold and hot key differ.
    ///
    /// Effects: a new id with weight from this second on.
    ///
    /// @return id the operator's id, from 1
    /// @custom:reverts AlreadyBonded, SignerUsed, NoPlaceLeft, BondTooSmall, CommissionTooHigh,
    /// EndpointTooLong, WrongPossession, StakeTooLarge (StakeLib), and what SignatureLib refuses
    function bond(Application calldata application) external payable returns (uint32 id);

    /// @notice Stake with an operator (STAKE-2).
    ///
    /// Checks: it is active; or jailed, and the caller is its cold key; `MIN_DELEGATION_WEI`.
    ///
    /// Effects: the caller's shares, and the weight from this second on. What the caller was
    /// rewarded before becomes credit.
    ///
    /// @custom:reverts NotActive, DelegationTooSmall, PoolDepleted, StakeTooLarge (StakeLib)
    function delegate(uint32 id) external payable returns (uint128 shares);

    /// @notice Take shares out (STAKE-3).
    ///
    /// Checks: the caller has them; a cold key keeps `minBondWei`, and after it left takes its own
    /// out by `release` alone.
    ///
    /// Effects: a ticket; the weight is less from this second on. What the caller was rewarded
    /// before becomes credit.
    ///
    /// @return ticket its number, from 1
    /// @custom:reverts NoShares, HasLeft, TooManyShares (StakeLib), OwnStakeTooSmall
    function undelegate(uint32 id, uint128 shares) external returns (uint256 ticket);

    /// @notice Credit a released ticket to its owner (STAKE-4). By anyone, once.
    /// @custom:reverts NoTicket, NotYetReleasable
    function claim(uint256 ticket) external returns (uint96 amountWei);

    /// @notice Reward whoever has staked with `id` (STAKE-9). By anyone, with what is paid.
    ///
    /// Checks: the id was given; something is paid.
    ///
    /// Not checked: whether the operator has left. Who still has staked shares, which are worth
    /// something or not, is rewarded.
    ///
    /// @custom:reverts UnknownOperator, NothingRewarded
    function reward(uint32 id) external payable;

    /// @notice Make what the caller was rewarded credit (STAKE-9).
    function collect(uint32 id) external returns (uint256 amountWei);

    /// @notice STAKE-10.
    /// @custom:reverts NotAnOperator, CommissionTooHigh, CommissionRaisedTooOften
    function setCommission(uint16 commissionBps) external;

    /// @notice Replace the hot key (STAKE-11).
    /// @custom:reverts NotAnOperator, HasLeft, SignerUsed, WrongPossession, and what SignatureLib
    /// refuses
    function rotateSigner(address signer, bytes calldata possession) external;

    /// @notice Replace the caller's transport key and endpoint (BOND-9).
    ///
    /// Checks: the caller holds a place; the endpoint is short.
    ///
    /// @custom:reverts NotAnOperator, EndpointTooLong
    function announce(bytes32 transportKey, string calldata endpoint) external;

    /// @notice Leave for good (BOND-5).
    ///
    /// Checks: the caller is an active or jailed operator.
    ///
    /// Effects: weight zero from this second on; all stake stays liable until released.
    ///
    /// @return releaseAt when `release` becomes possible
    /// @custom:reverts NotAnOperator, HasLeft
    function initiateExit() external returns (Timestamp releaseAt);

    /// @notice Come back from jail (LEDGER-5).
    ///
    /// Not checked: `minBondWei`. A jailed operator has it, or the slash had ejected it (STAKE-6).
    ///
    /// @custom:reverts NotAnOperator, NotJailed, JailedUntil
    function unjail() external;

    /// @notice Free the place of an operator whose unbonding is over (BOND-6). By anyone.
    ///
    /// Checks: exiting or ejected, and `releaseAt` has come.
    ///
    /// Effects: the cold key's shares, and what they were rewarded, become its credit.
    ///
    /// @custom:reverts NotLeaving, NotYetReleasable
    function release(uint32 id) external;

    /// @notice Let each liable share keep `keep / whole` of its worth, and send the rest to the ledger,
    /// which is the caller (LEDGER-1).
    ///
    /// Effects: jailed at least until `jailedUntil`; or ejected, also if too little is left
    /// (STAKE-6). An operator that left for good stays as it is.
    ///
    /// @return takenWei what was sent
    /// @return ownWei of that, what the cold key's own shares lost, staked or in tickets
    /// @custom:reverts NotTheLedger, NotSlashable
    function slash(
        uint32 id,
        uint256 keep,
        uint256 whole,
        Consequence consequence,
        Timestamp jailedUntil
    ) external returns (uint96 takenWei, uint96 ownWei);

    /// @notice All zero for an id never given.
    function operator(uint32 id) external view returns (Operator memory);

    function stake(uint32 id) external view returns (Stake memory);

    /// @notice Shares of `account` staked with `id`, their worth, and what it could collect.
    function stakeOf(uint32 id, address account)
        external
        view
        returns (uint128 shares, uint96 stakedWei, uint256 rewardWei);

    /// @notice All zero once claimed, and for a number never given.
    function ticketOf(uint256 ticket) external view returns (Ticket memory);

    /// @notice What a ticket is worth now, or was in the last second before its release.
    function ticketWei(uint256 ticket) external view returns (uint96);

    /// @notice The id under which `account` holds a place now, or zero.
    function operatorIdOf(address account) external view returns (uint32);

    /// @notice The id that `signer` was ever bonded for, or zero; it outlives the release.
    function operatorIdOfSigner(address signer) external view returns (uint32);

    /// @notice Transport key and endpoint as last announced.
    function peer(uint32 id) external view returns (bytes32 transportKey, string memory endpoint);

    /// @notice Weight in wei after the last change at or before `t` (BOND-4).
    /// @custom:reverts NotInThePast while `t` can still change
    function weightAt(uint32 id, Timestamp t) external view returns (uint96);

    /// @notice Everyone who holds a place now and had weight at `t`, in no particular order;
    /// at most `MAX_OPERATORS`.
    /// @custom:reverts NotInThePast
    function candidatesAt(Timestamp t) external view returns (Candidate[] memory);

    /// @notice Ids of the operators that hold a place, in no particular order.
    function operatorIds() external view returns (uint32[] memory ids);

    function operatorCount() external view returns (uint256);

    /// @notice The times; the other numbers are in `parameters`.
    function times() external view returns (Times memory);

    function parameters() external view returns (IParameters);

    /// @notice The only caller of `slash`.
    function ledger() external view returns (address);

    /// @notice EIP-712 domain of everything operators sign (ENC-1).
    function domainSeparator() external view returns (bytes32);
}
