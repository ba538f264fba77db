// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Credits} from "./Credits.sol";
import {IBondRegistry, OperatorStatus, Stake} from "./interfaces/IBondRegistry.sol";
import {Coverage, IInsurancePool, PoolAccount} from "./interfaces/IInsurancePool.sol";
import {IParameters, Parameter} from "./interfaces/IParameters.sol";

/// @title What victims are paid that the slash alone did not cover (INS-1 to INS-5)
/// @notice See IInsurancePool for what each function checks, leaves unchecked and does.
contract InsurancePool is IInsurancePool, Credits {
    using SafeCast for uint256;

    /// @dev The pool's books, written together: one word but for the obligations.
    /// @param paidWei what was paid in `period`, which is a number of periods since 1970
    /// @param first the first claim that is not paid in full
    struct Books {
        uint96 balanceWei;
        uint96 paidWei;
        uint32 period;
        uint32 first;
        uint256 obligationsWei;
    }

    struct Claim {
        address victim;
        uint96 leftWei;
    }

    /// @notice `PERIOD_CAP_WEI` is for each of these (INS-3).
    uint64 public constant PERIOD_SECONDS = 1 days;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IInsurancePool
    IBondRegistry public immutable registry;

    /// @inheritdoc IInsurancePool
    address public immutable ledger;

    /// @inheritdoc IInsurancePool
    IParameters public immutable parameters;

    Books private _books;

    Claim[] private _claims;

    constructor(IBondRegistry registry_, address ledger_) {
        if (address(registry_) == address(0)) revert ZeroParameter("registry");
        // Nobody could ever file a claim.
        if (ledger_ == address(0)) revert ZeroParameter("ledger");

        registry = registry_;
        ledger = ledger_;
        parameters = registry_.parameters();
        _books.period = _periodNow();
    }

    /// @inheritdoc IInsurancePool
    function fund() external payable {
        if (msg.value == 0) revert NothingPaid();
        _books.balanceWei += msg.value.toUint96();

        emit Funded(msg.sender, msg.value);
    }

    /// @inheritdoc IInsurancePool
    function file(uint32 id, address victim, uint96 amountWei) external {
        if (msg.sender != ledger) revert NotTheLedger(msg.sender);
        _books.obligationsWei += amountWei;
        _claims.push(Claim(victim, amountWei));

        emit ClaimFiled(_claims.length - 1, id, victim, amountWei);
    }

    /// @inheritdoc IInsurancePool
    function pay(uint256 count) external returns (uint256 paidWei) {
        Books memory books = _books;
        uint256 payableWei = _payableWei(books);
        uint256 index = books.first;
        uint256 end = Math.min(_claims.length, Math.saturatingAdd(index, count));
        while (index < end && paidWei < payableWei) {
            Claim storage claimed = _claims[index];
            uint96 part = uint96(Math.min(claimed.leftWei, payableWei - paidWei));
            claimed.leftWei -= part;
            paidWei += part;
            _credit(claimed.victim, part);
            emit ClaimPaid(index, claimed.victim, part, claimed.leftWei);
            if (claimed.leftWei != 0) break;
            ++index;
        }
        // Counted here, from zero.
        // slither-disable-next-line incorrect-equality
        if (paidWei == 0) revert NothingToPay();

        // casting to 'uint96' is safe because it is a part of the balance, and to 'uint32' because
        // so many claims take more gas than L1 has in a century
        // forge-lint: disable-start(unsafe-typecast)
        books.balanceWei -= uint96(paidWei);
        books.paidWei = uint96(_paidWei(books) + paidWei);
        books.first = uint32(index);
        // forge-lint: disable-end(unsafe-typecast)
        books.period = _periodNow();
        books.obligationsWei -= paidWei;
        _books = books;
    }

    /// @inheritdoc IInsurancePool
    function account() external view returns (PoolAccount memory) {
        Books memory books = _books;
        return PoolAccount(books.balanceWei, books.obligationsWei, _payableWei(books));
    }

    /// @inheritdoc IInsurancePool
    function coverage() external view returns (Coverage memory found) {
        uint32[] memory ids = registry.operatorIds();
        for (uint256 i; i < ids.length; ++i) {
            Stake memory stake = _activeStake(ids[i]);
            found.bondedWei += stake.stakedWei;
            found.promisableWei += _promisable(stake.ownWei);
        }
        found.insuredWei = Math.saturatingSub(_books.balanceWei, _books.obligationsWei);
    }

    /// @inheritdoc IInsurancePool
    function coverageOf(uint32 id) external view returns (uint256) {
        return _promisable(_activeStake(id).ownWei);
    }

    /// @inheritdoc IInsurancePool
    function claimCount() external view returns (uint256 filed, uint256 paid) {
        return (_claims.length, _books.first);
    }

    /// @inheritdoc IInsurancePool
    function claim(uint256 index) external view returns (address victim, uint96 leftWei) {
        Claim storage asked = _claims[index];
        return (asked.victim, asked.leftWei);
    }

    /// @dev All zero unless the operator is active.
    function _activeStake(uint32 id) private view returns (Stake memory stake) {
        if (registry.operator(id).status != OperatorStatus.Active) return stake;
        return registry.stake(id);
    }

    /// @dev INS-5.
    function _promisable(uint256 ownWei) private view returns (uint256) {
        return _part(_part(ownWei, Parameter.PROMISE_BASE_BPS), Parameter.VICTIM_BPS);
    }

    function _part(uint256 amountWei, Parameter parameter) private view returns (uint256) {
        return (amountWei * parameters.value(parameter)) / BPS;
    }

    function _payableWei(Books memory books) private view returns (uint256) {
        uint256 cap = parameters.value(Parameter.PERIOD_CAP_WEI);
        uint256 open = Math.saturatingSub(cap, _paidWei(books));
        return Math.min(open, Math.min(books.balanceWei, books.obligationsWei));
    }

    function _paidWei(Books memory books) private view returns (uint256) {
        return books.period < _periodNow() ? 0 : books.paidWei;
    }

    function _periodNow() private view returns (uint32) {
        // casting to 'uint32' is safe for eleven million years
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(block.timestamp / PERIOD_SECONDS);
    }
}
