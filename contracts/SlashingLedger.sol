// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Credits} from "./Credits.sol";
import {IBondRegistry, Times} from "./interfaces/IBondRegistry.sol";
import {ICommittee} from "./interfaces/ICommittee.sol";
import {IInsurancePool} from "./interfaces/IInsurancePool.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";
import {
    Consequence,
    ISlashingLedger,
    Offence,
    Slash,
    Split
} from "./interfaces/ISlashingLedger.sol";
import {CommitteeCodec} from "./libraries/CommitteeCodec.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {Schedule, TimeLib} from "./libraries/TimeLib.sol";
import {Epoch, Timestamp} from "./types/Types.sol";

/// @title How much an offence costs, and who gets it (LEDGER-1 to LEDGER-8)
/// @notice See ISlashingLedger for what each function checks, leaves unchecked and does.
contract SlashingLedger is ISlashingLedger, Credits {
    using CommitteeCodec for bytes;
    using TimeLib for Timestamp;

    /// @dev What was done to one operator for one offence in one epoch; what is set apart for victims
    /// of it, and what they may get yet, from there or as claims (LEDGER-9).
    struct Entry {
        uint16 partBps;
        uint16 severity;
        Consequence consequence;
        uint96 leftWei;
        uint96 claimableWei;
    }

    /// @dev Of an epoch's committee: what all weigh that were ejected for an offence, and the whole.
    struct Offenders {
        uint128 weight;
        uint128 totalWeight;
    }

    uint256 private constant BPS = 10_000;

    /// @notice Of what an operator's own shares lose by a slash no more is paid to anybody (LEDGER-7).
    uint256 public constant RETURN_BPS = 9500;

    /// @inheritdoc ISlashingLedger
    IBondRegistry public immutable registry;

    /// @inheritdoc ISlashingLedger
    ICommittee public immutable committee;

    /// @inheritdoc ISlashingLedger
    IInsurancePool public immutable insurance;

    /// @inheritdoc ISlashingLedger
    IParameters public immutable parameters;

    Schedule private immutable SCHEDULE;

    /// @dev How long after an epoch its pots may be needed (SLASH-2).
    uint64 private immutable EVIDENCE_LIFE_SECONDS;

    /// @inheritdoc ISlashingLedger
    mapping(address account => bool) public isSlasher;

    mapping(Epoch => mapping(uint32 id => mapping(Offence => Entry))) private _entries;

    mapping(Epoch epoch => mapping(Offence => Offenders)) private _offenders;

    constructor(ICommittee committee_, IInsurancePool insurance_, address[] memory slashers) {
        IBondRegistry registry_ = committee_.registry();
        // Deployed in a circle over predicted addresses: here it closes, or nothing works.
        if (registry_.ledger() != address(this)) {
            revert LedgerOfAnotherRegistry(address(this), registry_.ledger());
        }
        if (insurance_.ledger() != address(this)) {
            revert InsuranceOfAnotherLedger(address(this), insurance_.ledger());
        }
        if (address(insurance_.registry()) != address(registry_)) {
            revert InsuranceOfAnotherRegistry(address(registry_), address(insurance_.registry()));
        }
        if (slashers.length == 0) revert ZeroParameter("slashers");
        for (uint256 i; i < slashers.length; ++i) {
            if (slashers[i] == address(0)) revert ZeroParameter("slasher");
            isSlasher[slashers[i]] = true;
        }

        registry = registry_;
        committee = committee_;
        insurance = insurance_;
        parameters = registry_.parameters();
        Times memory t = registry_.times();
        SCHEDULE = TimeLib.schedule(t.genesis, t.epochSeconds);
        EVIDENCE_LIFE_SECONDS = EvidenceLib.lifeSeconds(t);
    }

    /// @inheritdoc ISlashingLedger
    function acceptSlash() external payable {
        if (msg.sender != address(registry)) revert NotTheRegistry(msg.sender);
    }

    /// @inheritdoc ISlashingLedger
    function slash(Slash memory s) external returns (Split memory) {
        if (!isSlasher[msg.sender]) revert NotASlasher(msg.sender);
        Entry storage entry = _entries[s.epoch][s.id][s.offence];
        if (entry.severity != 0) revert AlreadySlashed(s.epoch, s.id, s.offence);
        return _begin(entry, s);
    }

    /// @inheritdoc ISlashingLedger
    function escalate(Epoch epoch, uint32 id, Offence offence) external returns (Split memory) {
        Entry storage entry = _entries[epoch][id][offence];
        if (entry.severity == 0) revert NotSlashed(epoch, id, offence);
        Slash memory s = Slash({
            id: id,
            signer: address(0),
            epoch: epoch,
            offence: offence,
            consequence: entry.consequence,
            severity: entry.severity,
            reporter: msg.sender,
            victim: address(0),
            lossWei: 0
        });
        return _take(entry, s);
    }

    /// @inheritdoc ISlashingLedger
    function compensate(Slash memory s) external {
        if (!isSlasher[msg.sender]) revert NotASlasher(msg.sender);
        Entry storage entry = _entries[s.epoch][s.id][s.offence];
        if (entry.severity != 0) _compensate(entry, s, SCHEDULE.startOf(s.epoch));
        else _begin(entry, s);
    }

    /// @inheritdoc ISlashingLedger
    function releasePot(Epoch epoch, uint32 id, Offence offence) external {
        Timestamp heardUntil = SCHEDULE.endOf(epoch).plus(EVIDENCE_LIFE_SECONDS);
        Timestamp now_ = TimeLib.timestamp();
        if (!heardUntil.isDue(now_)) revert PotNeeded(heardUntil, now_);
        Entry storage entry = _entries[epoch][id][offence];
        uint256 leftWei = entry.leftWei;
        if (leftWei == 0) revert EmptyPot(epoch, id, offence);
        entry.leftWei = 0;
        entry.claimableWei = 0;

        emit PotReleased(id, epoch, offence, leftWei);
        insurance.fund{value: leftWei}();
    }

    /// @inheritdoc ISlashingLedger
    function potOf(Epoch epoch, uint32 id, Offence offence)
        external
        view
        returns (uint256 leftWei, uint256 claimableWei)
    {
        Entry storage entry = _entries[epoch][id][offence];
        return (entry.leftWei, entry.claimableWei);
    }

    /// @inheritdoc ISlashingLedger
    function partOf(Epoch epoch, uint32 id, Offence offence) external view returns (uint16) {
        return _entries[epoch][id][offence].partBps;
    }

    function _begin(Entry storage entry, Slash memory s) private returns (Split memory) {
        if (s.severity == 0) revert ZeroSeverity();
        _requireBegun(s.epoch);
        entry.severity = s.severity;
        entry.consequence = s.consequence;
        if (s.consequence == Consequence.Eject) _addOffender(s);
        return _take(entry, s);
    }

    /// @dev Take what is due beyond `entry.partBps`, and split it.
    function _take(Entry storage entry, Slash memory s) private returns (Split memory split) {
        Timestamp began = SCHEDULE.startOf(s.epoch);
        uint256 taken = entry.partBps;
        uint256 due = _dueBps(s, began);
        if (due <= taken) revert NothingToEscalate(entry.partBps);
        // casting to 'uint16' is safe because `_dueBps` is at most BPS
        // forge-lint: disable-next-line(unsafe-typecast)
        entry.partBps = uint16(due);

        Timestamp jailedUntil = Timestamp.wrap(0);
        if (s.consequence == Consequence.Jail) {
            jailedUntil =
                TimeLib.timestamp().plus(uint64(parameters.valueAt(Parameter.JAIL_SECONDS, began)));
        }
        (uint96 slashed, uint96 ownWei) =
            registry.slash(s.id, BPS - due, BPS - taken, s.consequence, jailedUntil);
        split = _split(entry, slashed, ownWei, s, began);

        emit OperatorSlashed(
            s.id,
            s.epoch,
            s.offence,
            s.consequence,
            // As above.
            // forge-lint: disable-next-line(unsafe-typecast)
            uint16(due),
            s.reporter,
            s.victim,
            split
        );
        if (split.insurance != 0) insurance.fund{value: split.insurance}();
        _send(address(0), split.burned);
    }

    /// @dev LEDGER-6 and LEDGER-7. The parts sum to `slashed`, of which the cold key's own shares
    /// lost `ownWei`.
    function _split(
        Entry storage entry,
        uint96 slashed,
        uint96 ownWei,
        Slash memory s,
        Timestamp began
    ) private returns (Split memory split) {
        uint256 allowed = (ownWei * RETURN_BPS) / BPS;
        if (s.reporter != address(0)) {
            uint256 reward = _part(ownWei, Parameter.REWARD_BPS, began);
            split.reporter = uint96(Math.min(reward, allowed));
            allowed -= split.reporter;
            _credit(s.reporter, split.reporter);
        }
        split.insurance = uint96(_part(slashed, Parameter.INSURANCE_BPS, began));
        if (s.victim != address(0)) {
            // What is the insurance's waits for the victims too (LEDGER-9).
            split.victim = uint96(_part(slashed, Parameter.VICTIM_BPS, began)) + split.insurance;
            split.insurance = 0;
            // casting to 'uint96' is safe because it is a part of `ownWei`
            // forge-lint: disable-next-line(unsafe-typecast)
            (entry.leftWei, entry.claimableWei) = (split.victim, uint96(allowed));
            _compensate(entry, s, began);
        }
        split.burned = slashed - split.reporter - split.victim - split.insurance;
    }

    /// @dev LEDGER-9 and INS-2.
    function _compensate(Entry storage entry, Slash memory s, Timestamp began) private {
        (uint96 left, uint96 claimable) = (entry.leftWei, entry.claimableWei);
        uint96 paidWei = uint96(Math.min(s.lossWei, Math.min(left, claimable)));
        claimable -= paidWei;
        uint96 filedWei;
        if (paidWei < s.lossWei) {
            uint256 cap = parameters.valueAt(Parameter.CLAIM_CAP_WEI, began);
            filedWei = uint96(Math.min(Math.min(s.lossWei - paidWei, cap), claimable));
        }
        (entry.leftWei, entry.claimableWei) = (left - paidWei, claimable - filedWei);
        _credit(s.victim, paidWei);

        emit VictimCompensated(s.id, s.epoch, s.offence, s.victim, paidWei, filedWei);
        if (filedWei != 0) insurance.file(s.id, s.victim, filedWei);
    }

    /// @dev LEDGER-2.
    function _dueBps(Slash memory s, Timestamp began) private view returns (uint256 due) {
        due = uint256(parameters.valueAt(_baseOf(s.offence), began)) * s.severity;
        if (s.consequence == Consequence.Eject) {
            uint256 correlation = parameters.valueAt(Parameter.CORRELATION_BPS, began);
            Offenders memory offenders = _offenders[s.epoch][s.offence];
            due += (correlation * offenders.weight) / offenders.totalWeight;
        }
        return Math.min(due, BPS);
    }

    function _addOffender(Slash memory s) private {
        bytes memory members = committee.committeeBytes(s.epoch);
        Offenders storage offenders = _offenders[s.epoch][s.offence];
        offenders.weight += _weightIn(members, s);
        // casting to 'uint128' is safe because it is the sum of at most 128 weights of 96 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        offenders.totalWeight = uint128(members.totalWeight());
    }

    /// @dev What the offender weighs in a committee, with whichever of its signing keys it sits
    /// there; nothing if it does not. At most 128 members are looked at.
    function _weightIn(bytes memory members, Slash memory s) private view returns (uint96) {
        uint256 size = members.size();
        // It mostly sits there with the key that offended.
        for (uint256 i; i < size; ++i) {
            (address signer, uint96 weight) = members.member(i);
            if (signer == s.signer) return weight;
        }
        for (uint256 i; i < size; ++i) {
            (address signer, uint96 weight) = members.member(i);
            if (registry.operatorIdOfSigner(signer) == s.id) return weight;
        }
        return 0;
    }

    /// @dev From the second after its start on, the parameters of an epoch are settled (LEDGER-4).
    function _requireBegun(Epoch epoch) private view {
        Timestamp now_ = TimeLib.timestamp();
        if (epoch > SCHEDULE.epochOf(now_)) revert OffenceTooEarly(epoch, now_);
        Timestamp began = SCHEDULE.startOf(epoch);
        if (!(began < now_)) revert OffenceTooEarly(epoch, now_);
    }

    function _part(uint256 slashed, Parameter parameter, Timestamp began)
        private
        view
        returns (uint256)
    {
        return (slashed * parameters.valueAt(parameter, began)) / BPS;
    }

    function _baseOf(Offence offence) private pure returns (Parameter) {
        if (offence == Offence.Equivocation) return Parameter.EQUIVOCATION_BASE_BPS;
        if (offence == Offence.Data) return Parameter.DATA_BASE_BPS;
        if (offence == Offence.Inactivity) return Parameter.INACTIVITY_BASE_BPS;
        if (offence == Offence.Ordering) return Parameter.ORDERING_BASE_BPS;
        if (offence == Offence.Promise) return Parameter.PROMISE_BASE_BPS;
        if (offence == Offence.Neglect) return Parameter.NEGLECT_BASE_BPS;
        revert UnknownOffence(offence);
    }
}
