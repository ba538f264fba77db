// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one form of a signature (ENC-3): 64 bytes, EIP-2098, low `s`
library SignatureLib {
    uint256 internal constant LENGTH = 64;

    /// @dev Half the order of secp256k1, rounded down: the greatest canonical `s`.
    uint256 internal constant MAX_S =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    uint256 internal constant S_MASK = type(uint256).max >> 1;

    /// @notice Only 64 bytes are a signature; 65-byte forms are refused, not converted.
    error InvalidSignatureLength(uint256 expected, uint256 actual);

    /// @notice `s` is zero or in the upper half of the order: a second spelling of a signature.
    error NonCanonicalSignature(uint256 maximum, uint256 actual);

    /// @notice No public key answers to this signature.
    error InvalidSignature();

    /// @notice The account that signed `digest`, never zero.
    function recover(bytes32 digest, bytes calldata signature)
        internal
        pure
        returns (address signer)
    {
        if (signature.length != LENGTH) {
            revert InvalidSignatureLength(LENGTH, signature.length);
        }

        bytes32 r = bytes32(signature[:32]);
        uint256 vs = uint256(bytes32(signature[32:]));
        uint256 s = vs & S_MASK;
        if (s == 0 || s > MAX_S) revert NonCanonicalSignature(MAX_S, s);

        signer = ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32(s));
        if (signer == address(0)) revert InvalidSignature();
    }
}
