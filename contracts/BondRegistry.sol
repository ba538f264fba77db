// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Credits} from "./Credits.sol";
import {
    Application,
    Candidate,
    IBondRegistry,
    Operator,
    OperatorStatus,
    Stake,
    Ticket,
    Times
} from "./interfaces/IBondRegistry.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {Consequence} from "./interfaces/ISlashingLedger.sol";
import {Digests} from "./libraries/Digests.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";
import {Pool, StakeLib} from "./libraries/StakeLib.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Timestamp} from "./types/Types.sol";

/// @title Operators, stake and weights (BOND-1 to BOND-10, STAKE-1 to STAKE-11)
/// @notice See IBondRegistry for what each function checks, leaves unchecked and does.
contract BondRegistry is IBondRegistry, Credits {
    using Checkpoints for Checkpoints.Trace208;
    using EnumerableSet for EnumerableSet.UintSet;
    using StakeLib for Pool;
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

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IBondRegistry
    IParameters public immutable parameters;

    /// @inheritdoc IBondRegistry
    address public immutable ledger;

    Timestamp private immutable GENESIS;
    uint64 private immutable EPOCH_SECONDS;
    uint64 private immutable UNBONDING_SECONDS;
    uint64 private immutable COMMIT_GRACE_SECONDS;
    uint64 private immutable EVIDENCE_SECONDS;

    /// @inheritdoc IBondRegistry
    mapping(address account => uint32 id) public operatorIdOf;

    /// @inheritdoc IBondRegistry
    mapping(address signer => uint32 id) public operatorIdOfSigner;

    uint32 private _lastId;
    uint256 private _lastTicket;
    EnumerableSet.UintSet private _places;
    mapping(uint32 id => Operator) private _operators;
    mapping(uint32 id => Peer) private _peers;
    mapping(uint32 id => Pool) private _pools;
    mapping(uint32 id => Checkpoints.Trace208) private _weights;
    mapping(uint256 ticket => Ticket) private _tickets;

    constructor(Times memory t, IParameters parameters_, address ledger_) {
        // An empty epoch or window would make every promise empty.
        if (Timestamp.unwrap(t.genesis) == 0) revert ZeroParameter("genesis");
        if (t.epochSeconds == 0) revert ZeroParameter("epochSeconds");
        if (t.commitGraceSeconds == 0) revert ZeroParameter("commitGraceSeconds");
        if (t.evidenceSeconds == 0) revert ZeroParameter("evidenceSeconds");
        if (address(parameters_) == address(0)) revert ZeroParameter("parameters");
        if (ledger_ == address(0)) revert ZeroParameter("ledger");

        // TIME-4: stake outlives the evidence against every committee it was counted in.
        uint256 atLeast = 3 * uint256(t.epochSeconds) + t.commitGraceSeconds + t.evidenceSeconds;
        if (t.unbondingSeconds < atLeast) revert UnbondingTooShort(atLeast, t.unbondingSeconds);

        parameters = parameters_;
        ledger = ledger_;
        GENESIS = t.genesis;
        EPOCH_SECONDS = t.epochSeconds;
        UNBONDING_SECONDS = t.unbondingSeconds;
        COMMIT_GRACE_SECONDS = t.commitGraceSeconds;
        EVIDENCE_SECONDS = t.evidenceSeconds;
    }

    /// @inheritdoc IBondRegistry
    function bond(Application calldata a) external payable returns (uint32 id) {
        if (operatorIdOf[msg.sender] != 0) {
            revert AlreadyBonded(msg.sender, operatorIdOf[msg.sender]);
        }
        if (_places.length() == MAX_OPERATORS) revert NoPlaceLeft(MAX_OPERATORS);
        uint96 minBondWei = parameters.value(Parameter.MIN_BOND_WEI);
        if (msg.value < minBondWei) revert BondTooSmall(minBondWei, msg.value);
        _requireCommission(a.commissionBps);

        id = ++_lastId;
        _setSigner(id, a.signer, a.transportKey, a.possession);
        _setPeer(id, a.transportKey, a.endpoint);
        operatorIdOf[msg.sender] = id;
        Operator storage self = _operators[id];
        self.operator = msg.sender;
        self.minBondWei = minBondWei;
        self.status = OperatorStatus.Active;
        self.commissionBps = a.commissionBps;
        self.commissionRaisedAt = TimeLib.timestamp();
        _places.add(id);
        uint128 shares = _pools[id].add(msg.sender, msg.value);
        _updateWeight(id);

        // casting to 'uint96' is safe because `add` refuses more
        // forge-lint: disable-next-line(unsafe-typecast)
        uint96 bondWei = uint96(msg.value);
        emit OperatorBonded(
            id, msg.sender, a.signer, bondWei, a.commissionBps, a.transportKey, a.endpoint
        );
        emit Delegated(id, msg.sender, bondWei, shares);
    }

    /// @inheritdoc IBondRegistry
    function delegate(uint32 id) external payable returns (uint128 shares) {
        Operator storage self = _operators[id];
        OperatorStatus status = self.status;
        bool isOwnTopUp = status == OperatorStatus.Jailed && msg.sender == self.operator;
        if (status != OperatorStatus.Active && !isOwnTopUp) revert NotActive(id, status);
        uint96 minimumWei = parameters.value(Parameter.MIN_DELEGATION_WEI);
        if (msg.value < minimumWei) revert DelegationTooSmall(minimumWei, msg.value);

        _collect(id, msg.sender);
        shares = _pools[id].add(msg.sender, msg.value);
        _updateWeight(id);

        // casting to 'uint96' is safe because `add` refuses more
        // forge-lint: disable-next-line(unsafe-typecast)
        emit Delegated(id, msg.sender, uint96(msg.value), shares);
    }

    /// @inheritdoc IBondRegistry
    function undelegate(uint32 id, uint128 shares) external returns (uint256 ticket) {
        if (shares == 0) revert NoShares();
        Pool storage pool = _pools[id];
        _collect(id, msg.sender);
        pool.beginLeaving(msg.sender, shares);

        Operator storage self = _operators[id];
        Timestamp releaseAt = self.releaseAt;
        if (!_hasLeft(self.status)) {
            releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
            if (msg.sender == self.operator) _requireOwnStake(id, self);
            _updateWeight(id);
        }
        ticket = ++_lastTicket;
        _tickets[ticket] = Ticket(msg.sender, id, shares, releaseAt);

        emit Undelegated(id, msg.sender, ticket, shares, releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function claim(uint256 ticket) external returns (uint96 amountWei) {
        Ticket memory claimed = _tickets[ticket];
        if (claimed.owner == address(0)) revert NoTicket(ticket);
        _requireReleased(claimed.releaseAt);

        delete _tickets[ticket];
        amountWei = _pools[claimed.id].claim(claimed.shares, claimed.releaseAt);
        _credit(claimed.owner, amountWei);

        emit TicketClaimed(ticket, claimed.owner, amountWei);
    }

    /// @inheritdoc IBondRegistry
    function reward(uint32 id) external payable {
        Operator storage self = _operators[id];
        if (self.status == OperatorStatus.None) revert NotAnOperator(msg.sender);
        if (msg.value == 0) revert NothingRewarded();

        Pool storage pool = _pools[id];
        uint256 commissionWei = msg.value;
        if (pool.shares != 0) {
            commissionWei = (msg.value * self.commissionBps) / BPS;
            pool.reward(msg.value - commissionWei);
        }
        _credit(self.operator, commissionWei);

        emit Rewarded(id, msg.value, commissionWei);
    }

    /// @inheritdoc IBondRegistry
    function collect(uint32 id) external returns (uint256 amountWei) {
        return _collect(id, msg.sender);
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
    function initiateExit() external returns (Timestamp releaseAt) {
        (uint32 id, Operator storage self) = _stayingCaller();
        releaseAt = _leave(id, self, OperatorStatus.Exiting);

        emit ExitInitiated(id, releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function unjail() external {
        (uint32 id, Operator storage self) = _caller();
        if (self.status != OperatorStatus.Jailed) revert NotJailed(id, self.status);
        Timestamp now_ = TimeLib.timestamp();
        if (!self.jailedUntil.isDue(now_)) revert JailedUntil(self.jailedUntil, now_);
        _requireOwnStake(id, self);

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

        address owner = self.operator;
        self.status = OperatorStatus.Released;
        _places.remove(id);
        delete operatorIdOf[owner];
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
    ) external returns (uint96 takenWei) {
        if (msg.sender != ledger) revert NotTheLedger(msg.sender);
        Operator storage self = _operators[id];
        _requireLiable(id, self);

        Pool storage pool = _pools[id];
        takenWei = pool.slash(keep, whole, UNBONDING_SECONDS);
        if (!_hasLeft(self.status)) _punish(id, self, consequence, jailedUntil);

        emit StakeSlashed(id, takenWei, pool.indexNow(), _weightNow(id));
        _send(ledger, takenWei);
    }

    /// @inheritdoc IBondRegistry
    function operator(uint32 id) external view returns (Operator memory) {
        return _operators[id];
    }

    /// @inheritdoc IBondRegistry
    function stake(uint32 id) external view returns (Stake memory) {
        Pool storage pool = _pools[id];
        Operator storage self = _operators[id];
        return Stake({
            stakedWei: pool.stakedWei(),
            ownWei: pool.stakedWeiOf(self.operator),
            leavingWei: _isLiable(self) ? pool.leavingWei(UNBONDING_SECONDS) : 0,
            shares: pool.shares,
            index: pool.indexNow(),
            heldWei: pool.heldWei
        });
    }

    /// @inheritdoc IBondRegistry
    function stakeOf(uint32 id, address account)
        external
        view
        returns (uint128 shares, uint96 stakedWei, uint256 rewardWei)
    {
        Pool storage pool = _pools[id];
        return (pool.positions[account].shares, pool.stakedWeiOf(account), pool.rewarded(account));
    }

    /// @inheritdoc IBondRegistry
    function ticketOf(uint256 ticket) external view returns (Ticket memory) {
        return _tickets[ticket];
    }

    /// @inheritdoc IBondRegistry
    function ticketWei(uint256 ticket) external view returns (uint96) {
        Ticket memory asked = _tickets[ticket];
        if (asked.owner == address(0)) return 0;
        return _pools[asked.id].ticketWei(asked.shares, asked.releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function peer(uint32 id) external view returns (bytes32 transportKey, string memory endpoint) {
        Peer storage self = _peers[id];
        return (self.transportKey, self.endpoint);
    }

    /// @inheritdoc IBondRegistry
    function weightAt(uint32 id, Timestamp t) external view returns (uint96) {
        _requirePast(t);
        return _weightAt(id, t);
    }

    /// @inheritdoc IBondRegistry
    function candidatesAt(Timestamp t) external view returns (Candidate[] memory candidates) {
        _requirePast(t);

        uint256 places = _places.length();
        Candidate[] memory found = new Candidate[](places);
        uint256 count;
        for (uint256 i; i < places; ++i) {
            uint32 id = uint32(_places.at(i));
            uint96 weight = _weightAt(id, t);
            if (weight != 0) found[count++] = Candidate(id, _operators[id].signer, weight);
        }
        if (count == places) return found;

        candidates = new Candidate[](count);
        for (uint256 i; i < count; ++i) {
            candidates[i] = found[i];
        }
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

    /// @dev What a slash does to an operator that has not left.
    function _punish(
        uint32 id,
        Operator storage self,
        Consequence consequence,
        Timestamp jailedUntil
    ) private {
        bool isTooLittle =
            _pools[id].stakedWeiOf(self.operator) < self.minBondWei;
        if (consequence == Consequence.Eject || isTooLittle) {
            emit OperatorEjected(id, _leave(id, self, OperatorStatus.Ejected));
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

    /// @dev For good. Nothing that comes later moves the release.
    function _leave(uint32 id, Operator storage self, OperatorStatus how)
        private
        returns (Timestamp releaseAt)
    {
        releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
        self.status = how;
        self.releaseAt = releaseAt;
        _updateWeight(id);
    }

    /// @dev What `account` was rewarded becomes its credit.
    function _collect(uint32 id, address account) private returns (uint256 amountWei) {
        amountWei = _pools[id].settle(account);
        if (amountWei == 0) return 0;
        _credit(account, amountWei);
        emit RewardCollected(id, account, amountWei);
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

    /// @dev STAKE-8. Two changes in one second leave one checkpoint, the later.
    function _updateWeight(uint32 id) private {
        bool isActive = _operators[id].status == OperatorStatus.Active;
        uint96 weight = isActive ? _pools[id].stakedWei() : 0;
        if (weight != _weightNow(id)) _weights[id].push(uint48(block.timestamp), weight);
    }

    function _weightNow(uint32 id) private view returns (uint96) {
        return uint96(_weights[id].latest());
    }

    function _weightAt(uint32 id, Timestamp t) private view returns (uint96) {
        return uint96(_weights[id].upperLookupRecent(uint48(Timestamp.unwrap(t))));
    }

    function _caller() private view returns (uint32 id, Operator storage self) {
        id = operatorIdOf[msg.sender];
        if (id == 0) revert NotAnOperator(msg.sender);
        self = _operators[id];
    }

    function _stayingCaller() private view returns (uint32 id, Operator storage self) {
        (id, self) = _caller();
        if (_hasLeft(self.status)) revert HasLeft(id, self.status);
    }

    function _requireOwnStake(uint32 id, Operator storage self) private view {
        uint96 ownWei = _pools[id].stakedWeiOf(self.operator);
        if (ownWei < self.minBondWei) revert OwnStakeTooSmall(self.minBondWei, ownWei);
    }

    function _requireCommission(uint256 commissionBps) private view {
        uint256 most = parameters.value(Parameter.MAX_COMMISSION_BPS);
        if (commissionBps > most) revert CommissionTooHigh(most, commissionBps);
    }

    function _requireLiable(uint32 id, Operator storage self) private view {
        if (!_isLiable(self)) revert NotSlashable(id, self.status);
    }

    function _requirePast(Timestamp t) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (!(t < now_)) revert NotInThePast(t, now_);
    }

    function _requireReleased(Timestamp releaseAt) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (!releaseAt.isDue(now_)) revert NotYetReleasable(releaseAt, now_);
    }

    /// @dev LEDGER-1: from the second of its release on, tickets of all its delegators are free.
    function _isLiable(Operator storage self) private view returns (bool) {
        OperatorStatus status = self.status;
        if (status == OperatorStatus.None || status == OperatorStatus.Released) return false;
        return !_hasLeft(status) || !self.releaseAt.isDue(TimeLib.timestamp());
    }

    function _hasLeft(OperatorStatus status) private pure returns (bool) {
        return status != OperatorStatus.Active && status != OperatorStatus.Jailed;
    }
}
