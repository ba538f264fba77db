// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Credits} from "../Credits.sol";
import {
    Application,
    IBondRegistry,
    Operator,
    OperatorStatus,
    Times
} from "../interfaces/IBondRegistry.sol";
import {IParameters, Parameter} from "../interfaces/IParameters.sol";
import {Digests} from "../libraries/Digests.sol";
import {SignatureLib} from "../libraries/SignatureLib.sol";
import {TimeLib} from "../libraries/TimeLib.sol";
import {Timestamp} from "../types/Types.sol";

/// @title Who operators are: places, keys, peers, commissions (BOND-1, BOND-3, BOND-9, STAKE-10,
/// STAKE-11)
/// @notice See IBondRegistry for what each function checks, leaves unchecked and does.
abstract contract Operators is IBondRegistry, Credits {
    using EnumerableSet for EnumerableSet.UintSet;
    using TimeLib for Timestamp;

    struct Peer {
        bytes32 transportKey;
        string endpoint;
    }

    /// @notice How many operators hold a place at most (BOND-3), which bounds every loop.
    uint256 public constant MAX_OPERATORS = 128;

    /// @notice Longest endpoint in bytes (BOND-9).
    uint256 public constant MAX_ENDPOINT_BYTES = 128;

    /// @notice From one rise of a commission to the next (STAKE-10).
    uint64 public constant COMMISSION_PERIOD_SECONDS = 7 days;

    /// @notice Longest unbonding (TIME-4): whoever stakes gets out.
    uint64 public constant MAX_UNBONDING_SECONDS = 365 days;

    uint256 internal constant BPS = 10_000;

    /// @inheritdoc IBondRegistry
    IParameters public immutable parameters;

    Timestamp private immutable GENESIS;
    uint64 private immutable EPOCH_SECONDS;
    uint64 internal immutable UNBONDING_SECONDS;
    uint64 private immutable COMMIT_GRACE_SECONDS;
    uint64 private immutable EVIDENCE_SECONDS;

    /// @inheritdoc IBondRegistry
    mapping(address account => uint32 id) public operatorIdOf;

    /// @inheritdoc IBondRegistry
    mapping(address signer => uint32 id) public operatorIdOfSigner;

    uint32 private _lastId;
    EnumerableSet.UintSet internal _places;
    mapping(uint32 id => Operator) internal _operators;
    mapping(uint32 id => Peer) private _peers;

    constructor(Times memory t, IParameters parameters_) {
        // An empty epoch or window would make every promise empty.
        if (Timestamp.unwrap(t.genesis) == 0) revert ZeroParameter("genesis");
        if (t.epochSeconds == 0) revert ZeroParameter("epochSeconds");
        if (t.commitGraceSeconds == 0) revert ZeroParameter("commitGraceSeconds");
        if (t.evidenceSeconds == 0) revert ZeroParameter("evidenceSeconds");
        if (address(parameters_) == address(0)) revert ZeroParameter("parameters");

        // TIME-4: stake outlives the evidence against every committee it was counted in.
        uint256 atLeast = 3 * uint256(t.epochSeconds) + t.commitGraceSeconds + t.evidenceSeconds;
        if (t.unbondingSeconds < atLeast) revert UnbondingTooShort(atLeast, t.unbondingSeconds);
        if (t.unbondingSeconds > MAX_UNBONDING_SECONDS) {
            revert UnbondingTooLong(MAX_UNBONDING_SECONDS, t.unbondingSeconds);
        }

        parameters = parameters_;
        GENESIS = t.genesis;
        EPOCH_SECONDS = t.epochSeconds;
        UNBONDING_SECONDS = t.unbondingSeconds;
        COMMIT_GRACE_SECONDS = t.commitGraceSeconds;
        EVIDENCE_SECONDS = t.evidenceSeconds;
    }

    /// @inheritdoc IBondRegistry
    function setCommission(uint16 commissionBps) external {
        (uint32 id, Operator storage self) = _caller();
        uint256 current = self.commissionBps;
        if (commissionBps > current) {
            _requireCommission(commissionBps);
            uint256 most = current + parameters.value(Parameter.MAX_COMMISSION_RISE_BPS);
            if (commissionBps > most) revert CommissionTooHigh(most, commissionBps);
            Timestamp now_ = TimeLib.timestamp();
            Timestamp next = self.commissionRaisedAt.plus(COMMISSION_PERIOD_SECONDS);
            if (!next.isDue(now_)) revert CommissionRaisedTooOften(next, now_);
            self.commissionRaisedAt = now_;
        }
        self.commissionBps = commissionBps;

        emit CommissionSet(id, commissionBps);
    }

    /// @inheritdoc IBondRegistry
    function rotateSigner(address signer, bytes calldata possession) external {
        (uint32 id, Operator storage self) = _stayingCaller();
        address former = self.signer;
        _setSigner(id, signer, _peers[id].transportKey, possession);

        emit SignerRotated(id, former, signer);
    }

    /// @inheritdoc IBondRegistry
    function announce(bytes32 transportKey, string calldata endpoint) external {
        (uint32 id,) = _caller();
        _setPeer(id, transportKey, endpoint);

        emit PeerAnnounced(id, transportKey, endpoint);
    }

    /// @inheritdoc IBondRegistry
    function operator(uint32 id) external view returns (Operator memory) {
        return _operators[id];
    }

    /// @inheritdoc IBondRegistry
    function peer(uint32 id) external view returns (bytes32 transportKey, string memory endpoint) {
        Peer storage self = _peers[id];
        return (self.transportKey, self.endpoint);
    }

    /// @inheritdoc IBondRegistry
    function operatorIds() external view returns (uint32[] memory ids) {
        ids = new uint32[](_places.length());
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = uint32(_places.at(i));
        }
    }

    /// @inheritdoc IBondRegistry
    function operatorCount() external view returns (uint256) {
        return _places.length();
    }

    /// @inheritdoc IBondRegistry
    function times() external view returns (Times memory) {
        return Times({
            genesis: GENESIS,
            epochSeconds: EPOCH_SECONDS,
            unbondingSeconds: UNBONDING_SECONDS,
            commitGraceSeconds: COMMIT_GRACE_SECONDS,
            evidenceSeconds: EVIDENCE_SECONDS
        });
    }

    /// @inheritdoc IBondRegistry
    function domainSeparator() public view returns (bytes32) {
        return Digests.domainSeparator(address(this));
    }

    /// @dev The place of a new operator, its keys, peer and first commission (BOND-1).
    function _enter(Application calldata a) internal returns (uint32 id, Operator storage self) {
        if (operatorIdOf[msg.sender] != 0) {
            revert AlreadyBonded(msg.sender, operatorIdOf[msg.sender]);
        }
        if (_places.length() == MAX_OPERATORS) revert NoPlaceLeft(MAX_OPERATORS);
        _requireCommission(a.commissionBps);

        id = ++_lastId;
        _setSigner(id, a.signer, a.transportKey, a.possession);
        _setPeer(id, a.transportKey, a.endpoint);
        operatorIdOf[msg.sender] = id;
        // The id is new, so it was not there.
        // slither-disable-next-line unused-return
        _places.add(id);
        self = _operators[id];
        self.operator = msg.sender;
        self.status = OperatorStatus.Active;
        self.commissionBps = a.commissionBps;
        self.commissionRaisedAt = TimeLib.timestamp();
    }

    /// @dev Frees the place (BOND-6); the id is never given again, nor are its signing keys.
    function _depart(uint32 id, Operator storage self) internal {
        self.status = OperatorStatus.Released;
        // It was there until now.
        // slither-disable-next-line unused-return
        _places.remove(id);
        delete operatorIdOf[self.operator];
    }

    function _caller() internal view returns (uint32 id, Operator storage self) {
        id = operatorIdOf[msg.sender];
        if (id == 0) revert NotAnOperator(msg.sender);
        self = _operators[id];
    }

    function _stayingCaller() internal view returns (uint32 id, Operator storage self) {
        (id, self) = _caller();
        if (_hasLeft(self.status)) revert HasLeft(id, self.status);
    }

    /// @dev LEDGER-1: from the second of its release on, tickets of all its delegators are free.
    function _isLiable(Operator storage self) internal view returns (bool) {
        OperatorStatus status = self.status;
        if (status == OperatorStatus.None || status == OperatorStatus.Released) return false;
        return !_hasLeft(status) || !self.releaseAt.isDue(TimeLib.timestamp());
    }

    function _hasLeft(OperatorStatus status) internal pure returns (bool) {
        return status != OperatorStatus.Active && status != OperatorStatus.Jailed;
    }

    /// @dev A signing key is of one operator, for ever.
    function _setSigner(uint32 id, address signer, bytes32 transportKey, bytes calldata possession)
        private
    {
        if (operatorIdOfSigner[signer] != 0) revert SignerUsed(signer, operatorIdOfSigner[signer]);
        bytes32 digest = Digests.keyPossession(domainSeparator(), msg.sender, signer, transportKey);
        address proven = SignatureLib.recover(digest, possession);
        if (proven != signer) revert WrongPossession(signer, proven);

        operatorIdOfSigner[signer] = id;
        _operators[id].signer = signer;
    }

    function _setPeer(uint32 id, bytes32 transportKey, string calldata endpoint) private {
        uint256 length = bytes(endpoint).length;
        if (length > MAX_ENDPOINT_BYTES) revert EndpointTooLong(MAX_ENDPOINT_BYTES, length);
        _peers[id] = Peer(transportKey, endpoint);
    }

    function _requireCommission(uint256 commissionBps) private view {
        uint256 most = parameters.value(Parameter.MAX_COMMISSION_BPS);
        if (commissionBps > most) revert CommissionTooHigh(most, commissionBps);
    }
}
