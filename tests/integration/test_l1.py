"""Watcher, submitter and derivation against Anvil and the real contracts."""

from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.derivation.entries import Source
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit
from sequencer.l1.rpc import to_hex
from sequencer.types import BatchIndex, Epoch
from tests.integration.l1_world import (
    COLD,
    DEPLOYER,
    GENESIS,
    PARAMETERS,
    ROLLUP,
    ROLLUP_CHAIN_ID,
    SECRETS,
    TAKEOVER_MS,
    Anvil,
    World,
    deploy,
    deployment_of,
    free_port,
    plan,
)
from tests.unit.derivation.worlds import transaction

A, B, C, D = (transaction(nonce) for nonce in range(4))
ONE, TWO = BatchIndex(1), BatchIndex(2)


class TestWatcher:
    async def test_view__shows_what_the_contracts_say(self, world: World) -> None:
        view = world.nodes[0].view
        assert view.head is not None
        number = view.head.number
        committee = view.committee_at(Epoch(0), number)
        assert committee is not None
        assert [member.signer for member in committee.members] == [
            Signer(secret).address for secret in SECRETS
        ]
        assert view.committee_at(Epoch(1), number) is not None
        assert view.latest_epoch_recorded_at(number) == 1
        assert view.chain_id_of(ROLLUP, number) == ROLLUP_CHAIN_ID
        operators = view.operators_at(number)
        assert [operator.operator for operator in operators] == COLD[:4]
        assert operators[3].endpoint == "tcp://127.0.0.1:9003"
        assert operators[3].transport_key == keccak(b"transport", word(3))
        assert all(operator.is_active for operator in operators)

    async def test_operators__through_their_lives(self, world: World) -> None:
        """BOND-5 to BOND-9: announced, exiting, slashed, released."""
        registry = world.deployment.contracts.bond_registry
        announce = abi.function("BondRegistry", "announce").call(b"\x09" * 32, "tcp://moved:1")
        leave = abi.function("BondRegistry", "initiateExit").call()
        await world.anvil.send(COLD[0], registry, announce)
        await world.anvil.send(COLD[1], registry, leave)
        await world.anvil.mine()
        slash = await world.report_double_attestation(2)
        node = world.nodes[0]
        await node.watcher.step()
        number = node.view.head.number  # type: ignore[union-attr]
        assert await world.anvil.is_success(slash)
        operators = node.view.operators_at(number)
        assert [operator.status.value for operator in operators] == [
            *("active", "exiting", "ejected", "active")
        ]
        assert operators[0].endpoint == "tcp://moved:1"
        assert operators[0].transport_key == b"\x09" * 32

        unbonded = await world.anvil.timestamp() + PARAMETERS.times.unbonding_seconds
        await world.anvil.mine_at(unbonded)
        release = abi.function("BondRegistry", "release").call(2)
        await world.anvil.send(DEPLOYER, registry, release)
        await world.anvil.mine()
        await node.watcher.step()
        number = node.view.head.number  # type: ignore[union-attr]
        assert [operator.id for operator in node.view.operators_at(number)] == [1, 3, 4]

    async def test_committee_kept__is_the_last_one(self, world: World) -> None:
        """COMM-3."""
        leave = abi.function("BondRegistry", "initiateExit").call()
        for cold in COLD[:2]:
            await world.anvil.send(cold, world.deployment.contracts.bond_registry, leave)
        await world.anvil.mine_at(world.deployment.schedule.start_of(Epoch(2)) + 1)
        call = abi.function("Committee", "snapshot").call(3)
        sent = await world.anvil.send(DEPLOYER, world.deployment.contracts.committee, call)
        await world.anvil.mine()
        assert await world.anvil.is_success(sent)
        node = world.nodes[0]
        await node.watcher.step()
        number = node.view.head.number  # type: ignore[union-attr]
        kept, before = (node.view.committee_at(Epoch(epoch), number) for epoch in (3, 1))
        assert kept is not None
        assert before is not None
        assert (kept.epoch, kept.hash, kept.members) == (3, before.hash, before.members)

    async def test_message__as_the_inbox_has_it(self, world: World) -> None:
        await world.enqueue(A)
        await world.anvil.mine()
        node = world.nodes[0]
        await node.watcher.step()
        message = node.view.message(0)
        assert message is not None
        assert (message.content, message.sender, message.rollup_id) == (A, DEPLOYER, ROLLUP)
        assert message.deadline == await world.anvil.timestamp() + 30

    async def test_step__l1_down_at_start__then_there(self) -> None:
        """L1-3."""
        port = free_port()
        early = World(Anvil(None, port), deployment_of(plan(), 1))  # type: ignore[arg-type]
        node = early.nodes[0]
        await node.watcher.step()
        assert not node.watcher.is_connected
        assert "no answer" in str(node.watcher.last_error)
        anvil = await Anvil.start(port)
        try:
            await deploy(anvil)
            await node.watcher.step()
            assert node.watcher.is_connected
            assert node.view.latest_epoch_recorded_at(node.view.head.number) == 1  # type: ignore[union-attr]
        finally:
            await early.close()
            await anvil.stop()

    async def test_step__reorg__leads_to_what_a_new_view_sees(self, world: World) -> None:
        old = world.nodes[0]
        before = str(await world.anvil.ask("evm_snapshot"))
        await world.enqueue(A)
        await world.enqueue(B)
        await world.anvil.mine(2)
        await old.watcher.step()
        assert old.view.queue_length == 2
        await world.anvil.ask("evm_revert", before)
        await world.enqueue(C)
        await world.anvil.mine(3)
        await old.watcher.step()
        fresh = world.nodes[1]
        await fresh.watcher.step()
        for view in (old.view, fresh.view):
            assert view.head == fresh.view.head
            assert view.queue_length == 1
            assert view.message(0).content == C  # type: ignore[union-attr]

    async def test_step__anvils_own_reorg__is_followed(self, world: World) -> None:
        await world.enqueue(A)
        await world.anvil.mine(3)
        node = world.nodes[0]
        await node.watcher.step()
        head = node.view.head
        await world.anvil.ask("anvil_reorg", 3, [])
        await node.watcher.step()
        assert node.view.head is not None
        assert node.view.head != head
        assert node.view.queue_length == 0


class TestSubmitter:
    async def test_step__commits_and_the_follower_derives(self, world: World) -> None:
        world.batch(world.block([A]), world.block([B, b"\x02garbage"]))
        follower = await world.follower()
        assert not await world.nodes[0].step()  # batch 1 is member 1's
        assert await world.nodes[1].step()
        assert world.nodes[1].view.last_index == 1
        await follower.reader.advance()
        assert follower.included == [A, B]
        assert [entry.skipped is None for entry in follower.entries] == [True, True, False]
        assert follower.batches[0].void is None

    async def test_step__backlog__goes_in_one_block(self, world: World) -> None:
        for raw in (A, B, C, D):
            world.batch(world.block([raw]))
        assert await world.nodes[1].step()
        commits = [world.nodes[1].view.commit_of(BatchIndex(index)) for index in range(1, 5)]
        assert len({commit.l1_number for commit in commits if commit is not None}) == 1
        assert (await world.follower()).included == [A, B, C, D]

    async def test_step__message_due_and_left_out__is_forced_then_the_batch_committed(
        self, world: World
    ) -> None:
        """SUBMIT-2 on the contracts themselves: the window is 30 seconds, blocks take 12."""
        await world.enqueue(C)
        await world.anvil.mine(3)
        world.batch(world.block([A]))
        world.batch(world.block([B], forced=1))
        assert await world.nodes[1].step()
        follower = await world.follower()
        assert follower.included == [C, A, B]
        assert follower.entries[0].source is Source.FORCED
        assert follower.entries[0].batch_index is None
        assert world.nodes[1].view.consumed == 1

    async def test_s4_step__message_due_with_the_very_next_block__is_forced_in_it(
        self, world: World
    ) -> None:
        """Not due yet for anyone who asks now: waiting would never end if each block had one."""
        await world.enqueue(C)
        await world.anvil.mine()
        await world.anvil.mine(1, seconds=24)
        await world.anvil.mine(1, seconds=5)
        world.batch(world.block([A]))
        node = world.nodes[1]
        await node.watcher.step()
        message = node.view.message(0)
        assert message is not None
        assert node.view.head is not None
        assert message.deadline == node.view.head.timestamp + 1
        assert await node.step()
        assert (node.view.consumed, node.view.last_index) == (1, 1)

    async def test_step__wrong_parent__is_refused_in_words_and_costs_nothing(
        self, world: World
    ) -> None:
        world.batch_hash = keccak(b"another history")
        world.batch(world.block([A]))
        node = world.nodes[1]
        account = Signer(node.secret).address
        before = await world.anvil.ask("eth_getBalance", to_hex(account), "latest")
        assert not await node.step()
        assert str(node.submitter.last_error).startswith("WrongParent(expected=0x")
        assert await world.anvil.ask("eth_getBalance", to_hex(account), "latest") == before

    async def test_step__two_nodes_race__the_loser_pays_nothing_and_goes_on(
        self, world: World
    ) -> None:
        world.batch(world.block([A]))
        first, second = world.nodes[1], world.nodes[2]
        await second.watcher.step()
        assert await first.step()
        second.submitter._ready_index = ONE  # it has seen the quorum long ago
        world.now_ms += 1_000
        assert not await second.submitter.step()  # its view lags: WrongIndex, before any cost
        assert second.submitter.last_error is None
        assert await world.anvil.ask(
            "eth_getTransactionCount", to_hex(Signer(second.secret).address), "pending"
        ) == hex(0)
        world.batch(world.block([B]))
        assert await second.step()
        assert second.view.last_index == 2

    async def test_step__after_a_reorg__the_same_signed_batches_again(self, world: World) -> None:
        """SUBMIT-4, CERT-8."""
        before = str(await world.anvil.ask("evm_snapshot"))
        world.batch(world.block([A]))
        world.batch(world.block([B]))
        node = world.nodes[1]
        follower = await world.follower()
        assert await node.step()
        await follower.reader.advance()
        assert follower.included == [A, B]
        await world.anvil.ask("evm_revert", before)
        await world.anvil.mine(4)
        await follower.reader.advance()
        assert follower.included == []
        assert await node.step()
        assert node.view.last_index == 2
        await follower.reader.advance()
        fresh = await world.follower()
        assert follower.outputs == fresh.outputs
        assert follower.included == [A, B]

    async def test_step__messages_it_counts_are_gone__filled_up_then_committed(
        self, world: World
    ) -> None:
        """SUBMIT-7, DERIVE-6: a reorg deeper than the confirmations, which nobody makes good."""
        before = str(await world.anvil.ask("evm_snapshot"))
        await world.enqueue(A)
        await world.enqueue(B)
        await world.anvil.mine()
        world.batch(world.block([C], forced=2))
        await world.anvil.ask("evm_revert", before)
        await world.anvil.ask("anvil_dropAllTransactions")
        await world.anvil.mine(2)
        assert not any([await node.step() for node in world.nodes])
        world.now_ms += TAKEOVER_MS
        assert [await node.step() for node in world.nodes] == [False, False, True, False]
        view = world.nodes[2].view
        assert (view.queue_length, view.last_index) == (2, 0)
        assert await world.nodes[2].step()
        follower = await world.follower()
        assert follower.included == [C]
        assert [entry.skipped is None for entry in follower.entries] == [False, False, True]

    async def test_step__next_epochs_committee__is_recorded_once(self, world: World) -> None:
        await world.anvil.mine_at(GENESIS + 61)
        done = [await node.step() for node in world.nodes]
        assert done.count(True) == 1
        view = world.nodes[3].view
        await world.nodes[3].watcher.step()
        assert view.latest_epoch_recorded_at(view.head.number) == 2  # type: ignore[union-attr]


class TestDerivation:
    async def test_batch_that_does_not_decode__is_void_on_l1_too(self, world: World) -> None:
        """DERIVE-5: a quorum may attest rubbish; what L1 consumed stays consumed."""
        await world.enqueue(C)
        await world.anvil.mine()
        world.batch(world.block([A], forced=1), data=b"rubbish")
        world.batch(world.block([B]))
        assert await world.nodes[1].step()
        follower = await world.follower()
        assert follower.included == [C, B]
        assert [batch.void is None for batch in follower.batches] == [False, True]

    async def test_s1_calldata_written_in_another_way__is_the_same_batch(
        self, world: World
    ) -> None:
        """DERIVE-1: the contract takes it, so derivation must. Data before signatures, a hole, no
        padding, and bytes that belong to nobody."""
        index = world.batch(world.block([A]))
        batch, certificate = world.certified[index]
        plain = encode_commit(batch, certificate, world.data[index])
        data = word(len(world.data[index])) + world.data[index]
        signatures = word(len(certificate.signatures)) + certificate.signatures
        at = 13 * 32 + 7
        odd = plain[: 4 + 11 * 32] + word(at + len(data)) + word(at) + b"\xee" * 7
        odd += data + signatures + b"for nobody"
        sent = await world.anvil.send(COLD[0], world.deployment.contracts.commitment_chain, odd)
        await world.anvil.mine()
        assert await world.anvil.is_success(sent)
        follower = await world.follower()
        assert follower.included == [A]

    async def test_followers__one_live_through_reorgs_one_new__agree(self, world: World) -> None:
        live = await world.follower()
        for turn in range(3):
            before = str(await world.anvil.ask("evm_snapshot"))
            await world.enqueue(D)
            await world.anvil.mine(1 + turn)
            await live.reader.advance()
            await world.anvil.ask("evm_revert", before)
            await world.enqueue((A, B, C)[turn])
            await world.anvil.mine(2 + turn)
            await live.reader.advance()
        for node in world.nodes:
            await node.watcher.step()
        world.batch(world.block([D], forced=3))
        await world.nodes[1].step()
        await live.reader.advance()
        fresh = await world.follower()
        assert live.outputs == fresh.outputs
        assert live.included == [A, B, C, D]
        assert live.deriver.rollup(ROLLUP) == fresh.deriver.rollup(ROLLUP)
