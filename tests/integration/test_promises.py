"""Promises and proofs of inclusion on Anvil, with the real contracts (PROMISE-5 to PROMISE-8,
PROOF-1)."""

import pytest
from eth_abi.abi import decode

from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.l1 import abi
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.reverts import revert_name
from sequencer.l1.rpc import L1Refused, to_hex
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height
from tests.integration.l1_world import BOND_WEI, COLD, DEPLOYER, ROLLUP, SECRETS, World
from tests.unit.derivation.worlds import transaction

CHALLENGER, VICTIM = COLD[5], Address(b"\x0b" * 20)
RAWS = [transaction(nonce) for nonce in range(5)]
PROMISER = 2
"""The member whose promises they are; operator 3."""
VALUE_WEI = 10**15


def call_of(contract: str, name: str, *arguments: object) -> bytes:
    return abi.function(contract, name).call(*arguments)


class Ground:
    """Two batches on L1: transactions in the second of four blocks, and an empty block."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contracts = world.deployment.contracts

    @classmethod
    async def make(cls, world: World) -> "Ground":
        made = cls(world)
        world.batch(world.block(), world.block(RAWS), world.block(), world.block())
        await made.until_committed(1)
        world.batch(world.block())
        await made.until_committed(2)
        return made

    async def until_committed(self, index: int) -> None:
        node = self.world.nodes[index % 4]
        await node.step()
        assert node.view.last_index == index
        await self.look()

    async def look(self) -> None:
        for node in self.world.nodes:
            await node.watcher.step()

    def sign(self, tx_hash: Hash32, last_height: int = 4) -> SignedPromise:
        view = self.world.nodes[0].view
        assert view.head is not None
        committee = view.committee_at(Epoch(0), view.head.number)
        assert committee is not None
        said = InclusionPromise(Epoch(0), ROLLUP, tx_hash, Height(last_height), VICTIM, VALUE_WEI)
        digest = said.digest(self.world.separator, committee.hash)
        return SignedPromise(said, committee.hash, Signer(SECRETS[PROMISER]).sign(digest))

    async def challenge(self, signed: SignedPromise, index: int = 1) -> int:
        """With the batch of that index; the price, which is paid twice and half credited."""
        slasher = self.contracts.promise_slasher
        price_call = call_of("PromiseSlasher", "priceWei")
        answer = await self.world.nodes[0].client.call_priced(
            *(CHALLENGER, slasher, price_call, 10**10)
        )
        price = int.from_bytes(answer, "big")
        batch = self.world.certified[BatchIndex(index)][0]
        data = call_of(
            *("PromiseSlasher", "challenge"),
            *(signed.promise.for_contract(), signed.signature, fields(batch), bytes(32)),
        )
        await self.send(CHALLENGER, slasher, data, 2 * price)
        await self.look()
        return 2 * price - await self.credit("PromiseSlasher", CHALLENGER)

    async def send(self, sender: Address, to: Address, data: bytes, value_wei: int = 0) -> None:
        sent = await self.world.anvil.send(sender, to, data, value_wei)
        await self.world.anvil.mine()
        assert await self.world.anvil.is_success(sent)

    async def credit(self, contract: str, account: Address) -> int:
        at = {
            "PromiseSlasher": self.contracts.promise_slasher,
            "SlashingLedger": self.contracts.slashing_ledger,
        }
        call = call_of(contract, "credit", "0x" + account.hex())
        return int.from_bytes(await self.world.nodes[0].client.call(at[contract], call), "big")

    async def balance(self, account: Address) -> int:
        found = await self.world.anvil.rpc.ask(
            str, str, "eth_getBalance", to_hex(account), "latest"
        )
        return int(found, 16)

    async def own_wei(self, operator_id: int) -> int:
        stake = abi.function("BondRegistry", "stake")
        call = stake.call(operator_id)
        answer = await self.world.nodes[0].client.call(self.contracts.bond_registry, call)
        return int(stake.returned(answer)["ownWei"])

    @property
    def open(self) -> list[PromiseChallenged]:
        return self.world.nodes[0].view.promises.open_at(0)

    async def drawn(self) -> list[Address]:
        """Who has drawn what the slasher owed."""
        event = abi.event("PromiseSlasher", "CreditWithdrawn")
        client, slasher = self.world.nodes[0].client, self.contracts.promise_slasher
        logs = await client.logs_between([slasher], 1, (await client.head()).number)
        found = [
            event.decode_event(log.topics, log.data) for log in logs if log.topics[0] == event.hash
        ]
        return [Address(bytes.fromhex(one["account"][2:])) for one in found]


def fields(struct: object) -> tuple[object, ...]:
    return tuple(getattr(struct, name) for name in struct.__struct_fields__)  # type: ignore[attr-defined]


@pytest.fixture
async def ground(world: World) -> Ground:
    return await Ground.make(world)


@pytest.mark.parametrize("top", [1, 2])
async def test_proof__the_contract_finds_the_height(ground: Ground, top: int) -> None:
    """PROOF-1: of each leaf, from its own batch and from a later one."""
    at, client = ground.contracts.inclusion_proofs, ground.world.nodes[0].client
    for raw in RAWS:
        proof = ground.world.proof(keccak(raw), BatchIndex(top))
        assert proof is not None
        call = call_of("InclusionProofs", "heightOf", ROLLUP, keccak(raw), proof.for_contract())
        (height,) = decode(["uint64"], await client.call(at, call))
        assert height == 2
        other = call_of("InclusionProofs", "heightOf", ROLLUP, bytes(32), proof.for_contract())
        with pytest.raises(L1Refused) as refused:
            await client.call(at, other)
        assert revert_name(refused.value.data) == "AnotherTransaction"


async def test_kept__is_answered_and_the_challenger_pays(ground: Ground) -> None:
    """PROMISE-6, PROMISE-8: by the one whose promise it is, whoever's turn it may be."""
    price = await ground.challenge(ground.sign(keccak(RAWS[3])))
    assert price > 0
    (asked,) = ground.open
    assert (asked.operator_id, asked.promise.tx_hash) == (PROMISER + 1, keccak(RAWS[3]))
    for node in ground.world.nodes:
        await node.step()
    await ground.look()
    assert ground.open == []
    assert await ground.drawn() == [ground.world.nodes[PROMISER].account.address]
    assert await ground.own_wei(PROMISER + 1) == BOND_WEI


async def test_kept__challenged_from_a_later_batch__is_answered(ground: Ground) -> None:
    await ground.challenge(ground.sign(keccak(RAWS[0]), last_height=5), index=2)
    await ground.world.nodes[PROMISER].step()
    await ground.look()
    assert ground.open == []


async def test_broken__the_victim_is_paid_from_the_bond(ground: Ground) -> None:
    """PROMISE-7."""
    signed = ground.sign(keccak(b"never ordered"))
    price = await ground.challenge(signed)
    for node in ground.world.nodes:
        await node.step()
    (asked,) = ground.open
    await ground.world.anvil.mine_at(asked.deadline)
    slasher, challenge = ground.contracts.promise_slasher, asked.challenge.for_contract()
    said = signed.promise.for_contract()
    settle = call_of("PromiseSlasher", "settle", PROMISER + 1, said, challenge)
    await ground.send(DEPLOYER, slasher, settle)
    await ground.look()
    assert ground.open == []
    assert asked.challenge.price_wei == price
    reclaim = call_of("PromiseSlasher", "reclaim", asked.id, challenge, DEPLOYER)
    before = await ground.balance(DEPLOYER)
    await ground.send(CHALLENGER, slasher, reclaim)
    assert await ground.balance(DEPLOYER) == before + price
    assert await ground.credit("SlashingLedger", VICTIM) == VALUE_WEI
    assert await ground.own_wei(PROMISER + 1) < BOND_WEI


async def test_challenge__of_a_batch_after_the_range__is_refused(ground: Ground) -> None:
    """PROMISE-5: the way down is never longer than the range."""
    with pytest.raises(AssertionError):
        await ground.challenge(ground.sign(keccak(RAWS[0]), last_height=4), index=2)
    assert ground.open == []
