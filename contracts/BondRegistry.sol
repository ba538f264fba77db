// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {
    BondParameters,
    Candidate,
    IBondRegistry,
    Operator,
    OperatorStatus,
    Split
} from "./interfaces/IBondRegistry.sol";
import {Digests} from "./libraries/Digests.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";
import {TimeLib} from "./libraries/TimeLib.sol";
import {Epoch, Timestamp} from "./types/Types.sol";

/// @title Bonds and weights (BOND-1 to BOND-10)
/// @notice See IBondRegistry for what each function checks, leaves unchecked and does.
contract BondRegistry is IBondRegistry {
    using Checkpoints for Checkpoints.Trace208;
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

    uint256 private constant BPS = 10_000;

    uint96 private immutable MIN_BOND;
    Timestamp private immutable GENESIS;
    uint64 private immutable EPOCH_SECONDS;
    uint64 private immutable UNBONDING_SECONDS;
    uint64 private immutable COMMIT_GRACE_SECONDS;
    uint64 private immutable EVIDENCE_SECONDS;
    uint16 private immutable SLASH_BPS;
    uint16 private immutable REWARD_BPS;

    /// @inheritdoc IBondRegistry
    mapping(address account => bool) public isSlasher;

    /// @inheritdoc IBondRegistry
    mapping(Epoch epoch => mapping(uint32 id => mapping(uint8 offence => bool))) public isSlashed;

    /// @inheritdoc IBondRegistry
    mapping(address account => uint32 id) public operatorIdOf;

    /// @inheritdoc IBondRegistry
    mapping(address signer => uint32 id) public operatorIdOfSigner;

    /// @inheritdoc IBondRegistry
    mapping(address account => uint256 amountWei) public credit;

    uint32 private _lastId;
    EnumerableSet.UintSet private _places;
    mapping(uint32 id => Operator) private _operators;
    mapping(uint32 id => Peer) private _peers;
    mapping(uint32 id => Checkpoints.Trace208) private _weights;

    constructor(BondParameters memory p, address[] memory slashers) {
        // A bond of nothing, an empty epoch or a slash of nothing would make every promise empty.
        if (p.minBond == 0) revert ZeroParameter("minBond");
        if (Timestamp.unwrap(p.genesis) == 0) revert ZeroParameter("genesis");
        if (p.epochSeconds == 0) revert ZeroParameter("epochSeconds");
        if (p.commitGraceSeconds == 0) revert ZeroParameter("commitGraceSeconds");
        if (p.evidenceSeconds == 0) revert ZeroParameter("evidenceSeconds");
        if (p.slashBps == 0) revert ZeroParameter("slashBps");
        if (p.slashBps > BPS) revert SlashBpsOutOfRange(BPS, p.slashBps);

        // A whole slash as reward would give it back to whoever reports himself.
        if (p.rewardBps >= BPS) revert RewardBpsOutOfRange(BPS - 1, p.rewardBps);

        // TIME-4: a bond outlives the evidence against every committee it was counted in.
        uint256 atLeast = 2 * uint256(p.epochSeconds) + p.commitGraceSeconds + p.evidenceSeconds;
        if (p.unbondingSeconds < atLeast) revert UnbondingTooShort(atLeast, p.unbondingSeconds);

        if (slashers.length == 0) revert ZeroParameter("slashers");
        for (uint256 i; i < slashers.length; ++i) {
            if (slashers[i] == address(0)) revert ZeroParameter("slasher");
            isSlasher[slashers[i]] = true;
        }

        MIN_BOND = p.minBond;
        GENESIS = p.genesis;
        EPOCH_SECONDS = p.epochSeconds;
        UNBONDING_SECONDS = p.unbondingSeconds;
        COMMIT_GRACE_SECONDS = p.commitGraceSeconds;
        EVIDENCE_SECONDS = p.evidenceSeconds;
        SLASH_BPS = p.slashBps;
        REWARD_BPS = p.rewardBps;
    }

    /// @inheritdoc IBondRegistry
    function bond(
        address signer,
        bytes32 transportKey,
        string calldata endpoint,
        bytes calldata possession
    ) external payable returns (uint32 id) {
        if (operatorIdOf[msg.sender] != 0) {
            revert AlreadyBonded(msg.sender, operatorIdOf[msg.sender]);
        }
        if (operatorIdOfSigner[signer] != 0) revert SignerUsed(signer, operatorIdOfSigner[signer]);
        if (_places.length() == MAX_OPERATORS) revert NoPlaceLeft(MAX_OPERATORS);
        if (msg.value < MIN_BOND) revert BondTooSmall(MIN_BOND, msg.value);
        uint96 bondWei = _toBond(msg.value);

        bytes32 digest = Digests.keyPossession(domainSeparator(), msg.sender, signer, transportKey);
        address proven = SignatureLib.recover(digest, possession);
        if (proven != signer) revert WrongPossession(signer, proven);

        id = ++_lastId;
        operatorIdOf[msg.sender] = id;
        operatorIdOfSigner[signer] = id;
        _operators[id] = Operator({
            operator: msg.sender,
            bondWei: bondWei,
            signer: signer,
            releaseAt: Timestamp.wrap(0),
            status: OperatorStatus.Active
        });
        _places.add(id);
        _setPeer(id, transportKey, endpoint);
        _setWeight(id, bondWei);

        emit OperatorBonded(id, msg.sender, signer, bondWei, transportKey, endpoint);
    }

    /// @inheritdoc IBondRegistry
    function increaseBond() external payable {
        (uint32 id, Operator storage self) = _activeCaller();

        uint96 bondWei = _toBond(self.bondWei + msg.value);
        self.bondWei = bondWei;
        _setWeight(id, bondWei);

        emit BondIncreased(id, uint96(msg.value), bondWei);
    }

    /// @inheritdoc IBondRegistry
    function announce(bytes32 transportKey, string calldata endpoint) external {
        uint32 id = _callerId();
        _setPeer(id, transportKey, endpoint);

        emit PeerAnnounced(id, transportKey, endpoint);
    }

    /// @inheritdoc IBondRegistry
    function initiateExit() external returns (Timestamp releaseAt) {
        (uint32 id, Operator storage self) = _activeCaller();

        releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
        self.status = OperatorStatus.Exiting;
        self.releaseAt = releaseAt;
        _setWeight(id, 0);

        emit ExitInitiated(id, releaseAt);
    }

    /// @inheritdoc IBondRegistry
    function release(uint32 id) external {
        Operator storage self = _operators[id];
        OperatorStatus status = self.status;
        if (status != OperatorStatus.Exiting && status != OperatorStatus.Ejected) {
            revert NotLeaving(id, status);
        }
        Timestamp now_ = TimeLib.timestamp();
        if (!self.releaseAt.isDue(now_)) revert NotYetReleasable(self.releaseAt, now_);

        address owner = self.operator;
        uint96 bondWei = self.bondWei;
        self.status = OperatorStatus.Released;
        self.bondWei = 0;
        _places.remove(id);
        delete operatorIdOf[owner];
        credit[owner] += bondWei;

        emit OperatorReleased(id, owner, bondWei);
    }

    /// @inheritdoc IBondRegistry
    function withdraw(address to) external returns (uint256 amountWei) {
        if (to == address(0)) revert ZeroRecipient();
        amountWei = credit[msg.sender];
        if (amountWei == 0) revert NoCredit(msg.sender);

        credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amountWei);
        _send(to, amountWei);
    }

    /// @inheritdoc IBondRegistry
    function slash(uint32 id, Epoch epoch, uint8 offence, address reporter)
        external
        returns (Split memory split)
    {
        if (!isSlasher[msg.sender]) revert NotASlasher(msg.sender);
        Operator storage self = _operators[id];
        OperatorStatus status = self.status;
        if (status == OperatorStatus.None || status == OperatorStatus.Released) {
            revert NotSlashable(id, status);
        }
        if (isSlashed[epoch][id][offence]) revert AlreadySlashed(epoch, id, offence);

        uint96 bondWei = self.bondWei;
        uint96 slashed = uint96(Math.ceilDiv(uint256(bondWei) * SLASH_BPS, BPS));
        split = _split(slashed, reporter);
        bondWei -= slashed;

        // Later than any release set before, so slashing oneself never shortens an exit.
        Timestamp releaseAt = TimeLib.timestamp().plus(UNBONDING_SECONDS);
        isSlashed[epoch][id][offence] = true;
        self.bondWei = bondWei;
        self.status = OperatorStatus.Ejected;
        self.releaseAt = releaseAt;
        if (status == OperatorStatus.Active) _setWeight(id, 0);
        if (split.reporter != 0) credit[reporter] += split.reporter;

        emit OperatorSlashed(id, epoch, offence, reporter, split, bondWei, releaseAt);
        _send(address(0), split.burned);
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
    function parameters() external view returns (BondParameters memory) {
        return BondParameters({
            minBond: MIN_BOND,
            genesis: GENESIS,
            epochSeconds: EPOCH_SECONDS,
            unbondingSeconds: UNBONDING_SECONDS,
            commitGraceSeconds: COMMIT_GRACE_SECONDS,
            evidenceSeconds: EVIDENCE_SECONDS,
            slashBps: SLASH_BPS,
            rewardBps: REWARD_BPS
        });
    }

    /// @inheritdoc IBondRegistry
    function domainSeparator() public view returns (bytes32) {
        return Digests.domainSeparator(address(this));
    }

    /// @dev BOND-7: the parts sum to `slashed`; what rounding leaves is burned.
    function _split(uint96 slashed, address reporter) private view returns (Split memory split) {
        if (reporter != address(0)) {
            // casting to 'uint96' is safe because REWARD_BPS is below BPS: it is less than `slashed`
            // forge-lint: disable-next-line(unsafe-typecast)
            split.reporter = uint96((uint256(slashed) * REWARD_BPS) / BPS);
        }
        split.burned = slashed - split.reporter;
    }

    function _setPeer(uint32 id, bytes32 transportKey, string calldata endpoint) private {
        uint256 length = bytes(endpoint).length;
        if (length > MAX_ENDPOINT_BYTES) revert EndpointTooLong(MAX_ENDPOINT_BYTES, length);
        _peers[id] = Peer(transportKey, endpoint);
    }

    /// @dev BOND-4. Two changes in one second leave one checkpoint, the later.
    function _setWeight(uint32 id, uint96 weight) private {
        _weights[id].push(uint48(block.timestamp), weight);
    }

    function _weightAt(uint32 id, Timestamp t) private view returns (uint96) {
        return uint96(_weights[id].upperLookupRecent(uint48(Timestamp.unwrap(t))));
    }

    function _callerId() private view returns (uint32 id) {
        id = operatorIdOf[msg.sender];
        if (id == 0) revert NotAnOperator(msg.sender);
    }

    function _activeCaller() private view returns (uint32 id, Operator storage self) {
        id = _callerId();
        self = _operators[id];
        if (self.status != OperatorStatus.Active) revert NotActive(id, self.status);
    }

    function _requirePast(Timestamp t) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (!(t < now_)) revert NotInThePast(t, now_);
    }

    function _toBond(uint256 amountWei) private pure returns (uint96) {
        if (amountWei > type(uint96).max) revert BondTooLarge(type(uint96).max, amountWei);
        // casting to 'uint96' is safe because larger amounts were refused above
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(amountWei);
    }

    function _send(address to, uint256 amountWei) private {
        (bool isSent,) = to.call{value: amountWei}("");
        if (!isSent) revert TransferFailed(to, amountWei);
    }
}
