"""Keccak-256 in bulk, held to safe-pysha3 (which other tests hold to L1's)."""

import random

import pytest

from sequencer import native
from sequencer.crypto import hashing
from sequencer.crypto.hashing import keccak, keccak_each


@pytest.mark.parametrize("is_native", [True, False])
def test_each__of_any_length__is_its_keccak(
    is_native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_native:
        monkeypatch.setattr(hashing, "bulk", None)
    draw = random.Random(1)
    parts = [draw.randbytes(length) for length in (*range(420), 10_000, 131_072)]
    assert keccak_each(parts) == [keccak(part) for part in parts]
    assert keccak_each(()) == []


@pytest.mark.skipif(native.bulk is None, reason="the C helper is not built")
def test_helper__no_bytes__is_an_error() -> None:
    assert native.bulk is not None
    with pytest.raises(TypeError):
        native.bulk.hash_each([b"", "text"])
