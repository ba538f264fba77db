"""Which instance runs, and what its journal keeps.

compact
├── short journal, or no instance: nothing
├── long: attestations, and what is not final
└── instance over: nothing, whatever it had under way
"""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sequencer.consensus.events import Received
from sequencer.node.epochs import COMPACT_BYTES, Epochs
from sequencer.types import MemberIndex
from tests.unit.consensus.builders import COMMITTEE, NOTARIZE, block, certificate
from tests.unit.node.instances import Idle, Runtime

ATTESTED = "attestations"


class Journal:
    def __init__(self, size: int) -> None:
        self.size = size
        self.written: list[object] | None = None

    def restored(self) -> Iterator[Any]:
        return iter(())

    def rewrite(self, records: Iterable[object]) -> None:
        self.written = list(records)


def epochs_with(size: int) -> tuple[Epochs, Journal, Runtime]:
    journal = Journal(size)
    services = SimpleNamespace(journal=journal, store=SimpleNamespace(sync=lambda: None))
    attester = SimpleNamespace(records=lambda: [ATTESTED])
    epochs = Epochs(cast(Any, services), cast(Any, None), cast(Any, attester), cast(Any, None))
    runtime = Runtime(COMMITTEE, MemberIndex(0), Idle())
    epochs.instance = runtime.instance
    return epochs, journal, runtime


@pytest.mark.parametrize("size", [0, COMPACT_BYTES - 1])
async def test_compact__short__nothing(size: int) -> None:
    epochs, journal, _ = epochs_with(size)
    epochs.compact()
    assert journal.written is None


async def test_compact__long__attestations_and_what_is_not_final() -> None:
    epochs, journal, runtime = epochs_with(COMPACT_BYTES)
    runtime.instance.start(())
    made = certificate(NOTARIZE, 1, block(1), members=(1, 2, 3))
    runtime.instance._feed(Received(made))
    epochs.compact()
    runtime.instance.stop()
    assert journal.written is not None
    assert journal.written[:2] == [ATTESTED, made]
    assert len(journal.written) == 3  # and the Finalize vote that answered


async def test_compact__instance_over__nothing() -> None:
    epochs, journal, runtime = epochs_with(COMPACT_BYTES)
    runtime.instance.start(())
    runtime.instance.core.handle(Received(certificate(NOTARIZE, 1, block(1))), 0)
    runtime.instance.stop()
    epochs.compact()
    assert journal.written is None
