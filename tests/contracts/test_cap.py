"""What members weigh in a committee under the cap (COMM-5)

encode
├── when the cap is below an equal part: all weigh what the lightest has
├── when members have more than the cap: the least number of them is held to it
└── when nobody has: nothing changes

snapshot: with the cap as of the selection time
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.network import Clock, Network
from tests.contracts.settings import ETHER, Parameter
from tests.vectors import reference as ref

SIGNER = "0x" + "5a" * 20


def weights_of(committee: bytes) -> list[int]:
    """Of each member; their sum is the first word."""
    words = [int.from_bytes(committee[i : i + 32], "big") for i in range(0, len(committee), 32)]
    weights = [word % 2**96 for word in words[1:]]
    assert words[0] == sum(weights)
    return weights


@pytest.mark.parametrize(
    ("cap_bps", "expected"),
    [
        (10_000, [100, 30, 20, 10]),
        (5_000, [60, 30, 20, 10]),
        (4_000, [40, 30, 20, 10]),
        (3_000, [22, 22, 20, 10]),
        (2_500, [10, 10, 10, 10]),
        (2_499, [10, 10, 10, 10]),
        (333, [10, 10, 10, 10]),
    ],
)
def test_encode__above_the_cap__weighs_what_the_cap_leaves(
    library: Any, cap_bps: int, expected: list[int]
) -> None:
    """Worked by hand: at a half, 100 against 60 becomes 60 against 60."""
    candidates = [(number, SIGNER, weight) for number, weight in enumerate((20, 100, 10, 30), 1)]
    assert weights_of(bytes(library.encodeCommittee(candidates, 64, cap_bps))) == expected


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    weights=st.lists(
        st.one_of(st.integers(1, 50), st.integers(1, 2**96 - 1)), min_size=1, max_size=12
    ),
    cap_bps=st.one_of(st.integers(333, 10_000), st.sampled_from([2_000, 2_500, 3_333, 5_000])),
    max_size=st.integers(1, 12),
)
def test_encode__any_weights__hold_the_cap_and_their_order(
    library: Any, weights: list[int], cap_bps: int, max_size: int
) -> None:
    """COMM-2 and COMM-5 for any weights, ties among them, and the same bytes as the reference."""
    members = [ref.Member(number, SIGNER, weight) for number, weight in enumerate(weights, 1)]
    chosen = ref.select(members, max_size)
    candidates = [(member.id, member.signer, member.weight) for member in members]
    encoded = bytes(library.encodeCommittee(candidates, max_size, cap_bps))

    assert encoded == ref.committee_bytes(ref.capped(chosen, cap_bps))
    actual = weights_of(encoded)
    assert actual == sorted(actual, reverse=True)
    if cap_bps * len(actual) >= 10_000:
        assert max(actual) * 10_000 <= cap_bps * sum(actual)
    else:
        assert set(actual) == {chosen[-1].weight}
    assert all(given <= member.weight for given, member in zip(actual, chosen, strict=True))


def test_snapshot__parameter_changed__caps_by_that_of_the_selection_time(
    deploy_network: Callable[..., Network], network: Network, clock: Clock, user: Any, deployer: Any
) -> None:
    """PARAM-3: a change after the selection is not for this committee."""
    capped = deploy_network(genesis=clock.now + 500, values={Parameter.OPERATOR_CAP_BPS: 4_000})
    for actor, ether in zip(network.members, (100, 30, 20, 10), strict=True):
        capped.bond(actor, ether * ETHER)
    clock.jump_to(capped.times.genesis + 1)
    capped.committee.snapshot(0, sender=user)
    weights = weights_of(bytes(capped.committee.committeeBytes(0)))
    assert weights == [40 * ETHER, 30 * ETHER, 20 * ETHER, 10 * ETHER]

    change = capped.parameters.set.encode_input(Parameter.OPERATOR_CAP_BPS, 10_000)
    call = (capped.parameters, 0, change, bytes(32), bytes(32))
    delay = capped.timelock.getMinDelay()
    capped.timelock.schedule(*call, delay, sender=deployer)
    clock.set_next(clock.now + delay)
    receipt = capped.timelock.execute(*call, sender=user)
    epoch = (receipt.timestamp - capped.times.genesis) // capped.times.epochSeconds
    capped.committee.snapshot(epoch + 1, sender=user)
    assert weights_of(bytes(capped.committee.committeeBytes(epoch + 1))) == weights
    clock.jump_to(capped.times.start_of(epoch + 2))
    capped.committee.snapshot(epoch + 3, sender=user)
    assert weights_of(bytes(capped.committee.committeeBytes(epoch + 3)))[0] == 100 * ETHER
