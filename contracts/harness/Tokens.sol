// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that moves what it is asked to
contract HonestToken is ERC20 {
    constructor() ERC20("Test", "TEST") {
        _mint(msg.sender, 1 ether);
    }
}

/// @title A token that keeps a hundredth of each transfer
contract FeeToken is HonestToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @title A token that moves nothing and says that it did
contract LyingToken is HonestToken {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @title A token that refuses in the old way, by its answer
contract RefusingToken is HonestToken {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @title A token that takes from the receiver
contract TakingToken is HonestToken {
    function transferFrom(address, address to, uint256 amount) public override returns (bool) {
        _burn(to, amount);
        return true;
    }
}

/// @title A token that calls somebody in the middle of a transfer, once
contract ReentrantToken is HonestToken {
    address private _target;
    bytes private _data;

    /// @notice Whether the call succeeded.
    bool public reentered;

    /// @notice Call `target` in the next transfer; it may take `amount` of this contract's own.
    function reenter(address target, bytes calldata data, uint256 amount) external {
        _target = target;
        _data = data;
        _mint(address(this), amount);
        _approve(address(this), target, amount);
    }

    /// @notice For the fees of what is called.
    receive() external payable {}

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        address target = _target;
        if (target != address(0)) {
            _target = address(0);
            (reentered,) = target.call{value: address(this).balance}(_data);
        }
        return super.transferFrom(from, to, amount);
    }
}
