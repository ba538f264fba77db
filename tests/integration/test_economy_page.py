"""docs/economy.md says in numbers what the contracts do: each row is computed here, on a real L1,
and must stand on the page.

four operators of 10 ETH, two delegators of the fourth
├── a reward of 1 ETH: commission, then by shares (STAKE-9)
├── a delegator takes half out: the ticket is as liable (STAKE-5)
├── the fourth signs twice: one part of everything staked (LEDGER-2), and its split (LEDGER-6)
├── everything can be taken out in the end, to the wei
└── the rows of formulas alone: the part by how much weight offended, the cap, coverage
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sequencer.batches.attestations import attest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.deployment.economy import BPS, PARAMETER_NAMES
from sequencer.deployment.words import WEI_PER_ETHER, ether
from sequencer.evidence.equivocation import EquivocationEvidence, attestations_evidence
from sequencer.evidence.fields import report_commitment
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, BatchIndex, Epoch, decode_committee
from tests.integration.l1_world import (
    COLD,
    DEPLOYER,
    PARAMETERS,
    Anvil,
    deploy,
    hot_secret,
)

PAGE = Path("docs/economy.md")
FOURTH, ALICE, BOB = COLD[3], COLD[4], COLD[5]
OPERATOR_ID = 4
VALUES = dict(zip(PARAMETER_NAMES, PARAMETERS.initial_values, strict=True))


class Contracts:
    """The contracts by the names in the sources."""

    def __init__(self, anvil: Anvil, deployment: Deployment) -> None:
        at = deployment.contracts
        self.anvil = anvil
        self._at = {
            "BondRegistry": at.bond_registry,
            "Committee": at.committee,
            "EquivocationSlasher": at.equivocation_slasher,
            "InsurancePool": at.insurance_pool,
            "SlashingLedger": at.slashing_ledger,
        }

    async def read(self, contract: str, name: str, *arguments: Any) -> Any:
        entry = abi.function(contract, name)
        call = {"to": to_hex(self._at[contract]), "data": to_hex(entry.call(*arguments))}
        answer = str(await self.anvil.ask("eth_call", call, "latest"))
        return entry.returned(bytes.fromhex(answer[2:]))

    async def act(
        self, sender: Address, contract: str, name: str, *arguments: Any, wei: int = 0
    ) -> None:
        data = abi.function(contract, name).call(*arguments)
        sent = await self.anvil.send(sender, self._at[contract], data, wei)
        await self.anvil.mine()
        assert await self.anvil.is_success(sent), name

    async def stake_of(self, account: Address) -> tuple[int, int, int]:
        """Shares, worth and reward, of the fourth operator's."""
        shares, worth, reward = await self.read("BondRegistry", "stakeOf", OPERATOR_ID, account)
        return shares, worth, reward

    async def split(self) -> dict[str, int]:
        """LEDGER-6, of the one slash there is."""
        entry = abi.event("SlashingLedger", "OperatorSlashed")
        address = to_hex(self._at["SlashingLedger"])
        asked = {"address": address, "topics": [to_hex(entry.hash)], "fromBlock": "0x0"}
        (log,) = await self.anvil.rpc.ask(list, list, "eth_getLogs", asked)
        topics = tuple(bytes.fromhex(topic[2:]) for topic in log["topics"])
        found = entry.decode_event(topics, bytes.fromhex(log["data"][2:]))["split"]
        return dict(zip(("reporter", "victim", "insurance", "burned"), found, strict=True))


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def require(*rows: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not [one for one in rows if one not in page]


async def evidence_of(contracts: Contracts, deployment: Deployment) -> EquivocationEvidence:
    code = await contracts.read("Committee", "committeeBytes", 0)
    committee = decode_committee(Epoch(0), code, keccak(code))
    signer, separator = Signer(hot_secret(3)), deployment.domain.separator()
    pair = [
        attest(BatchIndex(1), keccak(content), committee, signer, separator)
        for content in (b"one", b"two")
    ]
    return attestations_evidence(deployment.domain, signer.address, *pair)


async def test_the_numbers_of_the_page(anvil: Anvil) -> None:
    deployment = await deploy(anvil, [10 * WEI_PER_ETHER] * 4)
    contracts = Contracts(anvil, deployment)
    for delegator, amount in ((ALICE, 2), (BOB, 1)):
        call = ("BondRegistry", "delegate", OPERATOR_ID)
        await contracts.act(delegator, *call, wei=amount * WEI_PER_ETHER)
    people = {"operator": FOURTH, "Alice": ALICE, "Bob": BOB}

    await contracts.act(DEPLOYER, "BondRegistry", "reward", OPERATOR_ID, wei=WEI_PER_ETHER)
    commission = await contracts.read("BondRegistry", "credit", FOURTH)
    rewards = {name: (await contracts.stake_of(who))[2] for name, who in people.items()}
    require(row("commission of the operator", ether(commission)))
    require(*(row(f"{name}, by shares", ether(wei)) for name, wei in rewards.items()))
    assert 0 <= WEI_PER_ETHER - commission - sum(rewards.values()) <= len(people)

    half = (await contracts.stake_of(BOB))[0] // 2
    await contracts.act(BOB, "BondRegistry", "undelegate", OPERATOR_ID, half)
    before = await _standing(contracts, people)
    await _slash(contracts, deployment)
    after = await _standing(contracts, people)
    lost = {name: before[name] - after[name] for name in before}
    require(
        *(row(name, ether(before[name]), ether(after[name]), ether(lost[name])) for name in lost)
    )

    reporter = await contracts.read("SlashingLedger", "credit", DEPLOYER)
    insurance = (await contracts.read("InsurancePool", "account"))["balanceWei"]
    part = await contracts.read("SlashingLedger", "partOf", 0, OPERATOR_ID, 1)
    split = await contracts.split()
    burned = split["burned"]
    assert 0 <= sum(lost.values()) - sum(split.values()) <= len(lost)
    assert (split["reporter"], split["insurance"]) == (reporter, insurance)
    require(
        row("reporter", "10 % of what the operator's own stake lost", ether(reporter)),
        row("insurance", "20 % of the slash", ether(insurance)),
        row("burned", "the rest", ether(burned)),
        row("1 of 4", f"{part / 100:g} %"),
    )
    await _everyone_leaves(contracts, people, after)


async def _standing(contracts: Contracts, people: dict[str, Address]) -> dict[str, int]:
    """Worth of what everybody has staked, and of Bob's ticket."""
    found = {name: (await contracts.stake_of(who))[1] for name, who in people.items()}
    return found | {"Bob's ticket": await contracts.read("BondRegistry", "ticketWei", 1)}


async def _slash(contracts: Contracts, deployment: Deployment) -> None:
    """SLASH-1, SLASH-3: committed to, a block old, shown."""
    evidence, salt = await evidence_of(contracts, deployment), b"\x05" * 32
    commitment = report_commitment(evidence.hash(), DEPLOYER, salt)
    await contracts.act(DEPLOYER, "EquivocationSlasher", "commitReport", commitment)
    pair = evidence.first.for_contract(), evidence.second.for_contract()
    await contracts.act(DEPLOYER, "EquivocationSlasher", "report", *pair, salt)


async def _everyone_leaves(
    contracts: Contracts, people: dict[str, Address], worth: dict[str, int]
) -> None:
    """STAKE-4, BOND-6, CREDIT-1: what is shown as a worth is what is paid."""
    shares, _, _ = await contracts.stake_of(ALICE)
    rest, _, _ = await contracts.stake_of(BOB)
    await contracts.act(ALICE, "BondRegistry", "undelegate", OPERATOR_ID, shares)
    await contracts.act(BOB, "BondRegistry", "undelegate", OPERATOR_ID, rest)
    unbonding = PARAMETERS.times.unbonding_seconds
    await contracts.anvil.mine_at(await contracts.anvil.timestamp() + unbonding)
    credit = {who: await contracts.read("BondRegistry", "credit", who) for who in people.values()}
    for ticket in (1, 2, 3):
        await contracts.act(DEPLOYER, "BondRegistry", "claim", ticket)
    reward = (await contracts.stake_of(FOURTH))[2]
    await contracts.act(DEPLOYER, "BondRegistry", "release", OPERATOR_ID)
    gained = {
        name: await contracts.read("BondRegistry", "credit", who) - credit[who]
        for name, who in people.items()
    }
    assert gained == {
        "operator": worth["operator"] + reward,
        "Alice": worth["Alice"],
        "Bob": worth["Bob"] + worth["Bob's ticket"],
    }


@pytest.mark.parametrize(("offending", "of"), [(1, 33), (1, 10), (1, 4), (1, 3), (1, 2)])
def test_the_part_by_how_much_weight_offends(offending: int, of: int) -> None:
    """LEDGER-2."""
    correlated = VALUES["CORRELATION_BPS"] * offending // of
    part = min(BPS, VALUES["EQUIVOCATION_BASE_BPS"] + correlated)
    require(row(f"{offending} of {of}", f"{part / 100:g} %"))


@pytest.mark.parametrize(
    ("bonds", "words"),
    [((40, 20, 20, 20), "40, 20, 20, 20"), ((90, 30, 20, 10), "90, 30, 20, 10")],
)
def test_the_cap(bonds: Sequence[int], words: str) -> None:
    """COMM-5, with a third."""
    weights = capped([bond * WEI_PER_ETHER for bond in bonds], 3_333)
    share = weights[0] * BPS // sum(weights)
    assert share <= 3_333
    shown = ", ".join(f"{weight / WEI_PER_ETHER:.3g}" for weight in weights)
    require(row(words, shown))


def capped(weights: Sequence[int], cap_bps: int) -> list[int]:
    """COMM-5, as the rule says it."""
    for k in range(len(weights)):
        if cap_bps * k >= BPS:
            break
        most = cap_bps * sum(weights[k:]) // (BPS - cap_bps * k)
        if weights[k] <= most:
            return [min(weight, most) for weight in weights]
    return [weights[-1]] * len(weights)
