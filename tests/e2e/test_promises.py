"""Promises of real nodes, from a wallet's request to balances on L1 (PROMISE-1 to PROMISE-9,
PROOF-1)."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from eth_abi.abi import decode
from msgspec.structs import astuple

from sequencer.batches.batch import Batch
from sequencer.crypto.signatures import recover
from sequencer.devnet.accounts import TRAFFIC, WALLETS, Account, account
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, Network, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.load import NOBODY
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Wallet
from sequencer.l1 import abi
from sequencer.l1.calldata import decode_commit
from sequencer.l1.rpc import hex_data, to_hex
from sequencer.promises.challenge import PromiseChallenge, challenge_of
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, Epoch, Hash32, Height, RollupId

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("promises")]

WAIT_SECONDS = 180.0
ANSWER_SECONDS = 15
HEIGHTS = 12
VALUE_WEI = 10**15
CHALLENGER = account(WALLETS[0])
PRICE_WEI = 10**10
"""Per gas, for views that ask for the base fee."""
CALL_GAS = 3_000_000
_demo = DEMO.parameters
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        _demo, data=msgspec.structs.replace(_demo.data, answer_seconds=ANSWER_SECONDS)
    ),
    chain_ids=(7001,),
    confirmations=2,
    followers=0,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """The first node keeps its promises, the second breaks them."""
    layout = Layout(tmp_path_factory.mktemp("promises") / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        for node, breaks in zip(network.nodes[:2], (False, True), strict=True):
            node.promise(HEIGHTS, breaks=breaks)
            await node.stop()
            await node.start()
            await node.ready()
        yield network


def promise_of(said: dict[str, Any]) -> SignedPromise:
    """From a node's JSON."""
    promise = InclusionPromise(
        Epoch(said["epoch"]),
        RollupId(said["rollupId"]),
        Hash32(hex_data(said["transactionHash"])),
        Height(said["lastHeight"]),
        Address(hex_data(said["beneficiary"])),
        int(said["valueWei"]),
    )
    return SignedPromise(promise, Hash32(hex_data(said["committee"])), hex_data(said["signature"]))


async def promised(network: Network, node: NodeProcess, wallet: Wallet) -> SignedPromise:
    """A transfer that the node promises: some come too early, or between two epochs."""
    rollup = network.rollups[0]
    options = {"promise": True, "valueWei": str(VALUE_WEI)}

    async def made() -> SignedPromise | None:
        signed = wallet.transfer(rollup, NOBODY, 1)
        answer = await node.rpc.call("seq_sendTransaction", signed.hex, options, rollup=rollup.id)
        assert hex_data(answer["hash"]) == signed.hash
        return None if answer["promise"] is None else promise_of(answer["promise"])

    found = await eventually("a promise", made, seconds=WAIT_SECONDS)
    promise = found.promise
    digest = promise.digest(network.deployment.domain.separator(), found.committee)
    assert recover(digest, found.signature) == node.signer
    assert (promise.beneficiary, promise.value_wei) == (wallet.address, VALUE_WEI)
    return found


async def receipt(node: NodeProcess, promise: InclusionPromise) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await node.rpc.call(
        "eth_getTransactionReceipt", to_hex(promise.tx_hash), rollup=promise.rollup
    )
    return found


class Court:
    """The promise slasher, and who goes to it."""

    def __init__(self, network: Network) -> None:
        self.anvil = network.anvil
        self.facts = L1Facts(network.anvil, network.deployment)

    async def send(self, sender: Account, contract: str, call: bytes, wei: int = 0) -> None:
        to = self.facts.address(contract)
        sent = await self.anvil.send(
            contract, sender.address, to, call, gas=CALL_GAS, value_wei=wei
        )
        await self.anvil.wait([sent])

    async def challenge(self, signed: SignedPromise) -> int:
        """Once the range has passed; the price."""
        height = signed.promise.last_height

        async def passed() -> Batch | None:
            found = await self.facts.batches()
            for event in found.values():
                sent = await self.anvil.client.transaction(Hash32(event.transaction))
                assert sent is not None
                batch = decode_commit(sent.data).batch
                if batch.first_height <= height <= batch.last_height:
                    return batch
            return None

        batch = await eventually("the last height on L1", passed, seconds=WAIT_SECONDS)
        to, price_call = (
            self.facts.address("PromiseSlasher"),
            abi.function("PromiseSlasher", "priceWei").call(),
        )
        answer = await self.anvil.client.call_priced(CHALLENGER.address, to, price_call, PRICE_WEI)
        call = abi.function("PromiseSlasher", "challenge").call(
            signed.promise.for_contract(), signed.signature, astuple(batch), bytes(32)
        )
        paid = 2 * int.from_bytes(answer, "big")
        before = await self.credit("PromiseSlasher", CHALLENGER.address)
        await self.send(CHALLENGER, "PromiseSlasher", call, paid)
        return paid - (await self.credit("PromiseSlasher", CHALLENGER.address) - before)

    async def challenged(self, signed: SignedPromise) -> tuple[bytes, int, PromiseChallenge]:
        """The promise's id, the operator's, and the challenge."""
        for event in await self.facts.events("PromiseSlasher", "PromiseChallenged"):
            told = event.arguments
            if told["said"][2] == signed.promise.tx_hash:
                return told["id"], told["operatorId"], challenge_of(told["asked"])
        raise AssertionError("it is not challenged")

    async def credit(self, contract: str, holder: Address) -> int:
        call = abi.function(contract, "credit").call(to_hex(holder))
        answer = await self.anvil.client.call(self.facts.address(contract), call)
        return int.from_bytes(answer, "big")

    async def withdraw(self, contract: str, holder: Account) -> None:
        call = abi.function(contract, "withdraw").call(to_hex(holder.address))
        await self.send(holder, contract, call)


async def test_kept__is_proved_and_the_challenger_loses_the_price(network: Network) -> None:
    court, node = Court(network), network.nodes[0]
    signed = await promised(network, node, Wallet(account(TRAFFIC[0]).secret))
    promise = signed.promise
    found = await eventually(
        "the promised transaction", lambda: receipt(network.nodes[3], promise), seconds=WAIT_SECONDS
    )
    height = found["ordering"]["height"]
    assert height <= promise.last_height

    async def proof() -> dict[str, Any] | None:
        shown: dict[str, Any] | None = await network.nodes[3].rpc.call(
            "seq_getInclusionProof", to_hex(promise.tx_hash), rollup=promise.rollup
        )
        return shown

    shown = await eventually("a proof of inclusion", proof, seconds=WAIT_SECONDS)
    call = abi.function("InclusionProofs", "heightOf").call(
        promise.rollup, promise.tx_hash, for_contract(shown)
    )
    answer = await court.anvil.client.call(court.facts.address("InclusionProofs"), call)
    assert decode(["uint64"], answer) == (height,)

    before = await court.anvil.balance(CHALLENGER.address)
    price = await court.challenge(signed)
    _, operator_id, _ = await court.challenged(signed)
    stake = (await court.facts.operator(operator_id)).own_wei

    async def kept() -> list[Any] | None:
        return await court.facts.events("PromiseSlasher", "CreditWithdrawn") or None

    (drawn,) = await eventually("the answer of the node", kept, seconds=ANSWER_SECONDS + 5.0)
    assert drawn.arguments["account"] == to_hex(node.signer)
    assert drawn.arguments["amountWei"] == price
    (event,) = await court.facts.events("PromiseSlasher", "PromiseKept")
    assert event.arguments["height"] == height
    await court.withdraw("PromiseSlasher", CHALLENGER)
    assert await court.anvil.balance(CHALLENGER.address) <= before - price
    assert (await court.facts.operator(operator_id)).own_wei == stake


async def test_broken__the_victim_is_paid_from_the_bond(network: Network) -> None:
    court, node, victim = Court(network), network.nodes[1], account(TRAFFIC[1])
    signed = await promised(network, node, Wallet(victim.secret))
    price = await court.challenge(signed)
    assert await receipt(network.nodes[0], signed.promise) is None
    promise_id, operator_id, asked = await court.challenged(signed)
    stake = (await court.facts.operator(operator_id)).own_wei
    await court.anvil.until(asked.deadline)
    settle = abi.function("PromiseSlasher", "settle").call(
        operator_id, signed.promise.for_contract(), asked.for_contract()
    )
    await court.send(CHALLENGER, "PromiseSlasher", settle)
    reclaim = abi.function("PromiseSlasher", "reclaim").call(
        promise_id, asked.for_contract(), to_hex(CHALLENGER.address)
    )
    before = await court.anvil.balance(CHALLENGER.address)
    await court.send(CHALLENGER, "PromiseSlasher", reclaim)
    gained = await court.anvil.balance(CHALLENGER.address) - before
    assert price - CALL_GAS * 10**10 < gained < price
    assert (await court.facts.operator(operator_id)).own_wei < stake

    before = await court.anvil.balance(victim.address)
    await court.withdraw("SlashingLedger", victim)
    gained = await court.anvil.balance(victim.address) - before
    assert VALUE_WEI - CALL_GAS * 10**10 < gained <= VALUE_WEI
    (status, _) = await asyncio.gather(node.status(), network.nodes[0].status())
    assert status["promises"]["open"] >= 1


def for_contract(shown: dict[str, Any]) -> tuple[Any, ...]:
    """The JSON of a proof as ABI encoders take it: field by field."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return tuple(map(plain, value.values()))
        if isinstance(value, list):
            return list(map(plain, value))
        if isinstance(value, str):
            return hex_data(value) if len(value) in (42, 66) else int(value, 16)
        return value

    return tuple(map(plain, shown.values()))
