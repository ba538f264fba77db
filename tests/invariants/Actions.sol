// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Operator, OperatorStatus, Ticket} from "../../contracts/interfaces/IBondRegistry.sol";
import {ICredits} from "../../contracts/interfaces/ICredits.sol";
import {Parameter} from "../../contracts/interfaces/IParameters.sol";
import {Timestamp} from "../../contracts/types/Types.sol";
import {Books} from "./Books.sol";
import {Broken, VM, atLeast, atMost, bound, equal} from "./Cheats.sol";

/// @title What accounts may do, each drawn so that its rules allow it, and then it must succeed
contract Actions is Books {
    function join(uint256 who, uint256 amountWei) external {
        address cold = accounts[who % COLD];
        uint256 least = _value(Parameter.MIN_BOND_WEI);
        if (lastId == MAX_IDS || registry.operatorIdOf(cold) != 0) return;
        _join(cold, bound(amountWei, least, least + 100 ether), 0);
    }

    function delegate(uint256 who, uint256 operator_, uint256 amountWei) external {
        uint32 id = _id(operator_);
        address account = _account(who);
        Operator memory o = _operator(id);
        bool isOwn = o.operator == account && o.status == OperatorStatus.Jailed;
        if (o.status != OperatorStatus.Active && !isOwn) return;
        if (registry.stake(id).index < ONE >> 31) return;
        uint256 least = _value(Parameter.MIN_DELEGATION_WEI);
        _settled(id, account);
        _stake(account, id, bound(amountWei, least, least + 1000 ether));
    }

    function undelegate(uint256 who, uint256 operator_, uint256 any) external {
        uint32 id = _id(operator_);
        address account = _account(who);
        (uint128 shares,,) = registry.stakeOf(id, account);
        if (shares == 0) return;
        Operator memory o = _operator(id);
        uint128 leaving = uint128(bound(any, 1, shares));
        if (account == o.operator) {
            if (_hasLeft(o)) return;
            uint256 left = uint256(shares - leaving) * registry.stake(id).index / ONE;
            if (left < o.minBondWei) return;
        }
        _undelegate(id, account, leaving, shares);
    }

    function claim(uint256 any) external {
        if (tickets.length == 0) return;
        uint256 place = any % tickets.length;
        if (Timestamp.unwrap(registry.ticketOf(tickets[place]).releaseAt) > block.timestamp) {
            return;
        }
        _claim(place);
    }

    function reward(uint256 operator_, uint256 amountWei) external {
        uint32 id = _id(operator_);
        amountWei = bound(amountWei, 1, 10 ether);
        Operator memory o = _operator(id);
        uint256 all = registry.stake(id).shares;
        uint256 commissionWei = all == 0 ? amountWei : amountWei * o.commissionBps / BPS;
        uint256 creditBefore = registry.credit(o.operator);

        registry.reward{value: _mint(amountWei)}(id);
        equal("STAKE-9 commission", commissionWei, registry.credit(o.operator) - creditBefore);
        heldWei[id] += amountWei - commissionWei;
        for (uint256 i; i < accounts.length && all != 0; ++i) {
            (uint128 shares,,) = registry.stakeOf(id, accounts[i]);
            rewardX[id][accounts[i]] += (amountWei - commissionWei) * X * shares / all;
        }
    }

    function collect(uint256 who, uint256 operator_) external {
        uint32 id = _id(operator_);
        address account = _account(who);
        _settled(id, account);
        VM.prank(account);
        registry.collect(id);
    }

    function exit(uint256 who) external {
        address cold = accounts[who % COLD];
        uint32 id = registry.operatorIdOf(cold);
        if (id == 0 || _hasLeft(_operator(id))) return;
        VM.prank(cold);
        registry.initiateExit();
    }

    function release(uint256 operator_) external {
        uint32 id = _id(operator_);
        Operator memory o = _operator(id);
        if (!_hasLeft(o) || o.status == OperatorStatus.Released) return;
        if (block.timestamp < Timestamp.unwrap(o.releaseAt)) return;
        _release(id, o.operator);
    }

    function unjail(uint256 who) external {
        address cold = accounts[who % COLD];
        uint32 id = registry.operatorIdOf(cold);
        if (id == 0) return;
        Operator memory o = _operator(id);
        if (o.status != OperatorStatus.Jailed) return _refuseUnjail(cold);
        if (block.timestamp < Timestamp.unwrap(o.jailedUntil)) return _refuseUnjail(cold);
        VM.prank(cold);
        registry.unjail();
    }

    /// @notice STAKE-11: to a key that is new; one that ever was a key is refused.
    function rotate(uint256 who, uint256 former) external {
        address cold = accounts[who % COLD];
        uint32 id = registry.operatorIdOf(cold);
        if (id == 0 || _hasLeft(_operator(id))) return;
        former %= ownerOfKey.length;
        bytes memory possession = _possession(former, cold);
        VM.prank(cold);
        try registry.rotateSigner(_signer(former), possession) {
            revert Broken("STAKE-11 reused", 0, 1);
        } catch {}

        uint256 number = ownerOfKey.length;
        possession = _possession(number, cold);
        VM.prank(cold);
        registry.rotateSigner(_signer(number), possession);
        ownerOfKey.push(id);
    }

    function fund(uint256 amountWei) external {
        insurance.fund{value: _mint(bound(amountWei, 1, 20 ether))}();
    }

    function payClaims(uint256 count) external {
        if (insurance.account().payableWei == 0) return;
        uint256 today = block.timestamp / 1 days;
        paidOnWei[today] += insurance.pay(bound(count, 1, 4));
        atMost("INS-3 cap", _value(Parameter.PERIOD_CAP_WEI), paidOnWei[today]);
    }

    function withdraw(uint256 who, uint256 from) external {
        ICredits[3] memory books = [ICredits(registry), ledger, insurance];
        _withdraw(books[from % 3], _account(who));
    }

    function setParameter(uint256 any, uint256 value) external {
        Parameter parameter = Parameter(any % (uint256(type(Parameter).max) + 1));
        (uint96 low, uint96 high) = parameters.boundsOf(parameter);
        if (parameter == Parameter.MIN_BOND_WEI) high = 10 ether;
        if (parameter == Parameter.MIN_DELEGATION_WEI) high = 1 ether;
        if (parameter == Parameter.JAIL_SECONDS) high = 2000;
        parameters.set(parameter, uint96(bound(value, low, high)));
    }

    /// @dev Seconds at which something ends are where rules meet: before, at and after them.
    function wait(uint256 any, uint256 seconds_) external {
        uint256 to = block.timestamp + bound(seconds_, 1, 1200);
        if (any % 4 == 0 && tickets.length != 0) {
            to = Timestamp.unwrap(registry.ticketOf(tickets[(any >> 8) % tickets.length]).releaseAt);
        } else if (any % 4 == 1) {
            to = Timestamp.unwrap(_operator(_id(any >> 8)).releaseAt);
        } else if (any % 4 == 2) {
            to = GENESIS + (uint256(epochs[(any >> 8) % epochs.length]) + 1) * EPOCH + GRACE
                + EVIDENCE;
        }
        to += 1 + seconds_ % 3;
        if (to > block.timestamp + 2) _warp(to - 2);
    }

    /// @dev LEDGER-5, BOND-8.
    function _refuseUnjail(address cold) private {
        VM.prank(cold);
        try registry.unjail() {
            revert Broken("LEDGER-5", 0, 1);
        } catch {}
    }

    /// @dev A committee is recorded in each epoch that is passed, as long as somebody can be in it.
    function _warp(uint256 to) internal {
        while (_epochNow() < (to - GENESIS) / EPOCH) {
            VM.warp(GENESIS + (uint256(_epochNow()) + 1) * EPOCH + 1);
            _recordEpoch();
        }
        if (to > block.timestamp) VM.warp(to);
    }

    function _undelegate(uint32 id, address account, uint128 part, uint128 all) internal {
        _settled(id, account);
        VM.prank(account);
        uint256 ticket = registry.undelegate(id, part);
        Ticket memory t = registry.ticketOf(ticket);
        _moveStake(id, account, part, all, ticket, Timestamp.unwrap(t.releaseAt));
        tickets.push(ticket);
    }

    function _claim(uint256 place) internal {
        uint256 ticket = tickets[place];
        Ticket memory t = registry.ticketOf(ticket);
        uint256 creditBefore = registry.credit(t.owner);
        uint256 paidWei = registry.claim(ticket);
        equal("STAKE-4 credit", paidWei, registry.credit(t.owner) - creditBefore);

        uint256 lot = _lotOf(ticket);
        _compare("STAKE-4 worth", lots[lot], _grainWei(t.id), paidWei);
        lots[lot].isPaid = true;
        heldWei[t.id] -= paidWei;
        tickets[place] = tickets[tickets.length - 1];
        tickets.pop();
    }

    function _release(uint32 id, address owner) internal {
        _settled(id, owner);
        (,, uint256 rewardWei) = registry.stakeOf(id, owner);
        uint256 creditBefore = registry.credit(owner);
        registry.release(id);
        uint256 paidWei = registry.credit(owner) - creditBefore - rewardWei;
        uint256 lot = stakedLot[id][owner];
        _compare("BOND-6 release", lots[lot], _grainWei(id), paidWei);
        lots[lot].worthX = 0;
        heldWei[id] -= paidWei;
    }

    function _withdraw(ICredits books, address account) internal {
        uint256 owed = books.credit(account);
        if (owed == 0) return;
        atLeast("CREDIT-1 solvent", owed, address(books).balance);
        uint256 before = SINK.balance;
        VM.prank(account);
        books.withdraw(SINK);
        equal("CREDIT-1", owed, SINK.balance - before);
    }

    /// @dev What is about to become credit, for the next call settles it.
    function _settled(uint32 id, address account) internal {
        (,, uint256 rewardWei) = registry.stakeOf(id, account);
        uint256 expectedX = rewardX[id][account];
        atMost("STAKE-9 reward", expectedX / X + 1, rewardWei);
        atMost("STAKE-9 reward", rewardWei + 2, expectedX / X);
        rewardX[id][account] = 0;
        heldWei[id] -= rewardWei;
    }

    function _lotOf(uint256 ticket) internal view returns (uint256 place) {
        for (place = 1; place < lots.length; ++place) {
            if (lots[place].ticket == ticket) return place;
        }
        revert();
    }

    function _mint(uint256 amountWei) internal returns (uint256) {
        VM.deal(address(this), amountWei);
        paidInWei += amountWei;
        return amountWei;
    }
}
