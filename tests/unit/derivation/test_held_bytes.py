"""What held data costs L1: the table in docs/held-data.md."""

import pytest

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.payload import EMPTY_PAYLOAD, encode_payload
from sequencer.types import RollupId
from tests.unit.derivation.worlds import held, transaction


def bytes_on_l1(raws: list[bytes], *segments: HeldEntry) -> int:
    """More than an empty block has."""
    rows = [(RollupId(1), raws)] if raws else []
    return len(encode_payload(rows, held=segments)) - len(EMPTY_PAYLOAD)


@pytest.mark.parametrize(("count", "not_held"), [(1, 114), (10, 788), (100, 7_122)])
def test_held_segment__costs_l1_the_same_whatever_it_holds(count: int, not_held: int) -> None:
    """ENC-10. How well the others compress is up to the library: near the figure is enough."""
    raws = [transaction(nonce) for nonce in range(count)]
    assert bytes_on_l1(raws) == pytest.approx(not_held, rel=0.02)
    assert bytes_on_l1([], held(1, *raws)[0]) == 42
    assert bytes_on_l1([], held(1, *raws)[0], held(2, *raws)[0]) == 82
