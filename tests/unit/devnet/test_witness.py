"""What the witness of a network notes while traffic goes on.

_look
└── a first transaction of another rollup is accepted meanwhile → the look goes on without it
"""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from sequencer.devnet import witness as module
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.wallets import Rollup, Signed
from sequencer.devnet.witness import Witness
from sequencer.types import Address, Hash32, RollupId


def signed(rollup: int) -> Signed:
    of = Rollup(RollupId(rollup), 1_000 + rollup)
    return Signed(of, Address(bytes(20)), 0, b"", Hash32(bytes([rollup]) * 32))


async def test_look__while_another_rollup_begins__goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    witness = Witness(cast(Any, None), 1.0)
    witness._on_accepted(signed(1))
    asked = []

    async def placements(_: object, of: Sequence[Signed]) -> list[None]:
        asked.append([one.rollup.id for one in of])
        witness._on_accepted(signed(2))
        return [None] * len(of)

    class Node:
        rpc = None

    monkeypatch.setattr(module, "placements", placements)
    await witness._look(cast(NodeProcess, Node()))
    await witness._look(cast(NodeProcess, Node()))
    assert asked == [[1], [1], [2]]
