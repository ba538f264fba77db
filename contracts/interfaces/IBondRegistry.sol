// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Epoch, Timestamp} from "../types/Types.sol";

/// @notice Fixed at construction; see TIME-4 for the relation between the windows.
/// @param minBond least bond of an operator, in wei
/// @param genesis start of epoch 0
/// @param epochSeconds length of an epoch
/// @param unbondingSeconds from leaving the weight history to the release of the bond
/// @param commitGraceSeconds how long after its epoch a committee may still commit
/// @param evidenceSeconds how long after that grace evidence is still heard
/// @param slashBps part of a bond that a slash takes, in basis points
/// @param rewardBps part of a slash that its reporter is credited, in basis points
struct BondParameters {
    uint96 minBond;
    Timestamp genesis;
    uint64 epochSeconds;
    uint64 unbondingSeconds;
    uint64 commitGraceSeconds;
    uint64 evidenceSeconds;
    uint16 slashBps;
    uint16 rewardBps;
}

/// @notice An operator goes Active, then Exiting or Ejected (or one after the other), then
/// Released, and never back.
enum OperatorStatus {
    None,
    Active,
    Exiting,
    Ejected,
    Released
}

/// @param operator the cold key, which owns the bond
/// @param bondWei what can be slashed
/// @param signer the hot key, which signs votes
/// @param releaseAt when the bond may be released; zero while active
struct Operator {
    address operator;
    uint96 bondWei;
    address signer;
    Timestamp releaseAt;
    OperatorStatus status;
}

/// @notice An operator with weight at the time asked for.
struct Candidate {
    uint32 id;
    address signer;
    uint96 weight;
}

/// @notice Where a slash went, in wei. The four sum to the slash; victim and insurance are zero
/// in this version.
struct Split {
    uint96 reporter;
    uint96 victim;
    uint96 insurance;
    uint96 burned;
}

/// @title Bonds of the sequencer's operators, and the history of their weights
/// @notice Trust: the slashers named at construction may take `slashBps` of any bond that is not
/// released, and nobody else may touch one. There is no owner and no pause.
interface IBondRegistry {
    event OperatorBonded(
        uint32 indexed id,
        address indexed operator,
        address indexed signer,
        uint96 bondWei,
        bytes32 transportKey,
        string endpoint
    );
    event BondIncreased(uint32 indexed id, uint96 addedWei, uint96 bondWei);
    event PeerAnnounced(uint32 indexed id, bytes32 transportKey, string endpoint);
    event ExitInitiated(uint32 indexed id, Timestamp releaseAt);
    event OperatorReleased(uint32 indexed id, address indexed operator, uint96 creditedWei);
    event CreditWithdrawn(address indexed account, address indexed to, uint256 amountWei);

    /// @param reporter who is credited `split.reporter`; zero if the reward was burned
    /// @param bondWei what is left of the bond
    event OperatorSlashed(
        uint32 indexed id,
        Epoch indexed epoch,
        uint8 indexed offence,
        address reporter,
        Split split,
        uint96 bondWei,
        Timestamp releaseAt
    );

    error ZeroParameter(string name);
    error UnbondingTooShort(uint256 minimumSeconds, uint256 actualSeconds);
    error SlashBpsOutOfRange(uint256 maximum, uint256 actual);
    error RewardBpsOutOfRange(uint256 maximum, uint256 actual);

    error BondTooSmall(uint256 minimumWei, uint256 actualWei);
    error BondTooLarge(uint256 maximumWei, uint256 actualWei);
    error NoPlaceLeft(uint256 maximum);
    error AlreadyBonded(address operator, uint32 id);
    error SignerUsed(address signer, uint32 id);
    error WrongPossession(address expected, address actual);
    error EndpointTooLong(uint256 maximum, uint256 actual);
    error NotAnOperator(address caller);
    error NotActive(uint32 id, OperatorStatus actual);
    error NotLeaving(uint32 id, OperatorStatus actual);
    error NotYetReleasable(Timestamp releaseAt, Timestamp actual);
    error NoCredit(address account);
    error ZeroRecipient();
    error TransferFailed(address to, uint256 amountWei);
    error NotASlasher(address caller);
    error NotSlashable(uint32 id, OperatorStatus actual);
    error AlreadySlashed(Epoch epoch, uint32 id, uint8 offence);
    error NotInThePast(Timestamp asked, Timestamp actual);

    /// @notice Join as an operator (BOND-1): the caller is the cold key and pays the bond.
    ///
    /// Checks: the caller holds no place; the signing key was never used; a place is free;
    /// `minBond` is paid; the endpoint is short; the signer's signature over `KeyPossession`.
    ///
    /// Not checked: that anything answers at the endpoint, or that cold and hot key differ.
    ///
    /// Effects: a new id with weight from this second on.
    ///
    /// @param signer the hot key that will sign votes
    /// @param transportKey public key of the peer transport
    /// @param endpoint where peers connect, at most 128 bytes
    /// @param possession signature of `signer` (ENC-3) over `KeyPossession`
    /// @return id the operator's id, from 1
    /// @custom:reverts AlreadyBonded, SignerUsed, NoPlaceLeft, BondTooSmall, BondTooLarge,
    /// EndpointTooLong, WrongPossession, and what SignatureLib refuses
    function bond(
        address signer,
        bytes32 transportKey,
        string calldata endpoint,
        bytes calldata possession
    ) external payable returns (uint32 id);

    /// @notice Add the paid wei to the caller's bond (BOND-2).
    ///
    /// Checks: the caller is an active operator; the sum fits 96 bits.
    ///
    /// Effects: weight grows from this second on.
    ///
    /// @custom:reverts NotAnOperator, NotActive, BondTooLarge
    function increaseBond() external payable;

    /// @notice Replace the caller's transport key and endpoint (BOND-9).
    ///
    /// Checks: the caller holds a place; the endpoint is short.
    ///
    /// @custom:reverts NotAnOperator, EndpointTooLong
    function announce(bytes32 transportKey, string calldata endpoint) external;

    /// @notice Leave (BOND-5).
    ///
    /// Checks: the caller is an active operator.
    ///
    /// Effects: weight zero from this second on; the bond stays slashable until released.
    ///
    /// @return releaseAt when `release` becomes possible
    /// @custom:reverts NotAnOperator, NotActive
    function initiateExit() external returns (Timestamp releaseAt);

    /// @notice Free the place of an operator whose unbonding is over (BOND-6). By anyone.
    ///
    /// Checks: exiting or ejected, and `releaseAt` has come.
    ///
    /// Effects: what is left of the bond becomes the cold key's credit.
    ///
    /// @custom:reverts NotLeaving, NotYetReleasable
    function release(uint32 id) external;

    /// @notice Pay the caller's whole credit to `to` (BOND-6).
    /// @return amountWei what was paid
    /// @custom:reverts ZeroRecipient, NoCredit, TransferFailed
    function withdraw(address to) external returns (uint256 amountWei);

    /// @notice Take `slashBps` of an operator's bond and eject it (BOND-7).
    ///
    /// Checks: the caller is a slasher; the operator's bond is not released; nothing was taken
    /// for this (epoch, id, offence) before.
    ///
    /// Not checked: the offence itself. The slasher answers for it.
    ///
    /// Effects: the slash, rounded up, is split to the wei; weight zero; what is left waits
    /// `unbondingSeconds` from now, so no slash ever shortens an exit.
    ///
    /// @param reporter is credited `rewardBps` of the slash; zero burns that part too
    /// @custom:reverts NotASlasher, NotSlashable, AlreadySlashed
    function slash(uint32 id, Epoch epoch, uint8 offence, address reporter)
        external
        returns (Split memory split);

    /// @notice All zero for an id never given.
    function operator(uint32 id) external view returns (Operator memory);

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
    function operatorIds() external view returns (uint32[] memory);

    function operatorCount() external view returns (uint256);

    /// @notice What `account` may withdraw, in wei.
    function credit(address account) external view returns (uint256);

    function isSlasher(address account) external view returns (bool);

    function isSlashed(Epoch epoch, uint32 id, uint8 offence) external view returns (bool);

    function parameters() external view returns (BondParameters memory);

    /// @notice EIP-712 domain of everything operators sign (ENC-1).
    function domainSeparator() external view returns (bytes32);
}
