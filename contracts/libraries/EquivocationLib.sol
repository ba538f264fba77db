// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Statement, StatementKind} from "../interfaces/IEquivocationSlasher.sol";
import {BatchIndex, View} from "../types/Types.sol";
import {Digests} from "./Digests.sol";

/// @title What is evidence (SLASH-1): a pure predicate over two statements
library EquivocationLib {
    /// @notice Whether no honest member signs both, in either order.
    ///
    /// Not a conflict, on purpose: Notarize and Nullify of one view, Notarize of one block and
    /// Finalize of another (SIMPLEX-5), and the same batch attested in two epochs (SLASH-2).
    function isConflict(Statement memory a, Statement memory b) internal pure returns (bool) {
        if (a.position != b.position) return false;

        if (a.kind == StatementKind.BatchAttestation || b.kind == StatementKind.BatchAttestation) {
            return a.kind == b.kind && a.content != b.content;
        }

        if (a.epoch != b.epoch || a.committee != b.committee) return false;
        if (a.kind == b.kind) return a.kind != StatementKind.Nullify && a.content != b.content;
        return _isPair(a, b, StatementKind.Finalize, StatementKind.Nullify);
    }

    /// @notice What the signer of `statement` signed.
    function digest(bytes32 domain, Statement memory statement) internal pure returns (bytes32) {
        View view_ = View.wrap(statement.position);
        if (statement.kind == StatementKind.Notarize) {
            return Digests.notarize(
                domain, statement.epoch, statement.committee, view_, statement.content
            );
        }
        if (statement.kind == StatementKind.Nullify) {
            return Digests.nullify(domain, statement.epoch, statement.committee, view_);
        }
        if (statement.kind == StatementKind.Finalize) {
            return Digests.finalize(
                domain, statement.epoch, statement.committee, view_, statement.content
            );
        }
        BatchIndex index = BatchIndex.wrap(statement.position);
        return Digests.batchAttestation(
            domain, statement.epoch, statement.committee, index, statement.content
        );
    }

    function _isPair(Statement memory a, Statement memory b, StatementKind x, StatementKind y)
        private
        pure
        returns (bool)
    {
        return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x);
    }
}
