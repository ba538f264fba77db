"""The ape scripts against an L1 without any node: all a person needs is L1."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.crypto.keystore import ScryptCost, create_keystore
from sequencer.crypto.signatures import Signer
from sequencer.devnet.accounts import account
from sequencer.devnet.anvil import start_anvil
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.wallets import Rollup, Wallet
from sequencer.evidence.equivocation import (
    EquivocationEvidence,
    SignedStatement,
    Statement,
    StatementKind,
    dump_equivocation,
)
from sequencer.l1.deployment import load_deployment
from sequencer.types import Address, Epoch, RollupId
from tests.e2e.ground import PASSWORD, Ground

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("scripts")]

HOT = Signer(bytes([9]) * 32)
PARAMETERS = """
genesis_delay_seconds = 3600
[times]
epoch_seconds = 1
commit_grace_seconds = 1
evidence_seconds = 3
unbonding_seconds = 7
[stake]
min_bond_gwei = 1000000000
[slashing]
jail_seconds = 60
[fees]
notice_seconds = 60
[timelock]
delay_seconds = 3602
[committee]
min_size = 3
max_size = 100
[inbox]
force_window_seconds = 3
[rollups]
exit_delay_seconds = 3600
[fallback]
liveness_seconds = 60
overdue_seconds = 1
tail_seconds = 5
[data]
window_seconds = 1
answer_seconds = 1
"""
SIGNER_PROGRAM = """
import json, sys
from eth_account import Account
asked = json.load(sys.stdin)
print("press the button", file=sys.stderr)
account = Account.from_key("{key}")
assert asked.pop("from") == account.address
print(account.sign_transaction(asked).raw_transaction.to_0x_hex())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "own.toml").write_text(PARAMETERS)
    create_keystore(folder / "hot.json", bytes([9]) * 32, PASSWORD, ScryptCost.DEVNET)
    anvil = await start_anvil(folder / "anvil.log", folder / "state.json")
    ground = Ground(anvil, folder)
    try:
        output = await ground.says(
            "deploy",
            *(0, "--parameters", str(folder / "own.toml"), "--out", str(ground.deployment)),
            *("--rollup", "7001", "--held-rollup", "7002"),
        )
        assert "values: all contracts are wired as planned." in output
        assert "Registered rollup 1 with chain id 7001." in output
        assert "Registered rollup 2 with chain id 7002; the committee keeps its data." in output
        yield ground
    finally:
        await anvil.stop()


async def test_deploy__never_overwrites(ground: Ground) -> None:
    error = await ground.refuses(
        "deploy", 0, "--parameters", "devnet", "--out", str(ground.deployment)
    )
    assert "deployment.json exists" in error


async def test_bond_then_exit_to_the_last_wei(ground: Ground) -> None:
    hot = ("--signer", str(ground.folder / "hot.json"), "--endpoint", "tcp://127.0.0.1:9400")
    hot += ("--commission", "300")
    dry = await ground.says("bond", 1, *hot, "--amount", "1.5", "--dry-run")
    assert _changed(dry, "bonded by all") == "0 ETH → 1.5 ETH"
    said = await ground.says("bond", 1, *hot, "--amount", "1.5")
    assert "Operator 1, 0x70997970C51812dc3A010C7d01b50e0d17dc79C8, has bonded 1.5 ETH." in said
    assert f"0x{HOT.address.hex()}" in said
    assert "from epoch 0 on" in said
    assert "the contract refuses: AlreadyBonded" in await ground.refuses("bond", 1, *hot)
    assert "the contract refuses: SignerUsed" in await ground.refuses("bond", 2, *hot)

    await _delegate_and_take_out(ground)
    leaving = await ground.says("exit", 1)
    assert "Operator 1 is leaving" in leaving
    head = await ground.anvil.client.head()
    await ground.anvil.until(head.timestamp + 7)
    released = await ground.says("exit", 1)
    assert "Operator 1 is released with 1.5 ETH." in released
    assert "Paid 1.5 ETH to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8." in released
    assert "is no operator and has no credit" in await ground.refuses("exit", 1)


async def _delegate_and_take_out(ground: Ground) -> None:
    """With each step first as a dry run, which changes nothing."""
    delegate = ("stake delegate", 4, "1", "--amount", "2")
    dry = await ground.says(*delegate, "--dry-run")
    assert "Dry run of BondRegistry.delegate: nothing was sent." in dry
    staked = _changed(dry, "operator 1 staked")
    assert staked == "1.5 ETH → 3.5 ETH"
    assert _changed(await ground.says(*delegate), "operator 1 staked") == staked
    assert "DelegationTooSmall(minimumWei=10000000000000000, actualWei=1)" in await ground.refuses(
        "stake delegate", 4, "1", "--amount", "0.000000000000000001"
    )
    lowered = await ground.says("stake commission", 1, "100")
    assert _changed(lowered, "operator 1 commission") == "3 % → 1 %"

    out = await ground.says("stake undelegate", 4, "1", "--all")
    assert _changed(out, "your shares") == "2000000000000000000 → 0"
    assert "Ticket 1 can be claimed from" in out
    assert "there is no ticket 9" in await ground.refuses("stake claim", 4, "9")
    head = await ground.anvil.client.head()
    await ground.anvil.until(head.timestamp + 7)
    claimed = await ground.says("stake claim", 4, "1")
    assert _changed(claimed, "its owner's credit") == "0 ETH → 2 ETH"
    paid = await ground.says("stake withdraw", 4)
    assert _changed(paid, "your credit in BondRegistry") == "2 ETH → 0 ETH"


def _changed(output: str, label: str) -> str:
    """What stands beside a figure's label, with single spaces."""
    (line,) = [line for line in output.splitlines() if line.strip().startswith(label)]
    return " ".join(line.strip().removeprefix(label).split())


async def test_revenue_deposit__before_the_first_epoch(ground: Ground) -> None:
    """Every other action of the economy is in test_economy_scripts.py."""
    assert "epoch 0 has not begun" in await ground.refuses("revenue deposit", 6, "--amount", "1")


async def test_bond__refused_before_anything_is_sent(ground: Ground) -> None:
    hot = ("--signer", str(ground.folder / "hot.json"))
    error = await ground.refuses("bond", 3, *hot, "--endpoint", "127.0.0.1:9400")
    assert "is not an endpoint" in error
    missing = ("--signer", str(ground.folder / "none.json"), "--endpoint", "tcp://a:1")
    assert "none.json: no such file" in await ground.refuses("bond", 3, *missing)


async def test_challenge_data__refused_before_anything_is_paid(ground: Ground) -> None:
    error = await ground.refuses("challenge_data", 5, "--entry", "0x1234")
    assert "an id is 0x and 32 bytes in hex" in error
    error = await ground.refuses("challenge_data", 5, "--entry", "0x" + "12" * 32)
    assert f"L1 has no held segment 0x{'12' * 32} in any batch" in error


async def test_force_include__by_l1_alone(ground: Ground) -> None:
    """INBOX-5: no committee exists, so nobody consumes it."""
    to = ("--to", "0x" + "11" * 20)
    said = await ground.says("force_include", 5, "--rollup", "1", "--nonce", "0", *to)
    assert "Rollup 1 has chain id 7001." in said
    assert "Queued as message #0" in said
    assert "The deadline is here and the committee has not taken it." in said
    assert "Included by force" in said
    assert "by this account" in said


async def test_force_include__refused_before_anything_is_paid(ground: Ground) -> None:
    to = ("--nonce", "0", "--to", "0x" + "11" * 20)
    assert "there is no rollup 9; 2 are registered" in await ground.refuses(
        "force_include", 5, "--rollup", "9", *to
    )
    assert "gas limit 1000 is below the intrinsic 21000" in await ground.refuses(
        "force_include", 5, "--rollup", "1", "--gas-limit", "1000", *to
    )


async def test_when_the_committee_is_gone(ground: Ground) -> None:
    """A message by a program that signs, killed half-way; the fallback and a post meanwhile; the
    same command goes on, and its message is forced."""
    owner = account(6)
    program = ground.folder / "signer.py"
    program.write_text(SIGNER_PROGRAM.format(key="0x" + owner.secret.hex()))
    transfer = ("--rollup", "1", "--nonce", "3", "--to", "0x" + "22" * 20, "--confirmations", "0")
    signing = ("--signer", f"{sys.executable} {program}", "--from", f"0x{owner.address.hex()}")
    await ground.killed("Queued as", "force_include", None, *signing, *transfer)

    head = await ground.anvil.client.head()
    await ground.anvil.until(head.timestamp + 7)
    entered = await ground.says("fallback", 7, "--enter")
    assert "The committee orders." in entered
    assert "Anyone may enter the fallback (--enter): a message is past its deadline" in entered
    assert "L1 orders now." in entered

    raws = ground.folder / "transactions.txt"
    to = Address(bytes([0x22]) * 20)
    wallet, rollup = Wallet(owner.secret), Rollup(RollupId(1), 7001)
    raws.write_text("".join(wallet.transfer(rollup, to, 1).hex + "\n" for _ in range(2)))
    posted = await ground.says("post", 7, "--rollup", "1", "--transactions", str(raws))
    assert "2 transactions to post" in posted
    assert "Posted as batch #0 of the rollup" in posted

    said = await ground.says("force_include", None, *signing, *transfer)
    assert "this was begun before; going on" in said
    assert "Included by force" in said
    queued = await L1Facts(ground.anvil, load_deployment(ground.deployment)).events(
        "ForcedInbox", "MessageEnqueued"
    )
    owners = [event.arguments["sender"] for event in queued]
    assert owners.count(f"0x{owner.address.hex()}") == 1


async def test_leave__announced_and_cancelled(ground: Ground) -> None:
    """ROLL-3."""
    who = "0x" + "ab" * 20
    said = await ground.says("leave", 0, "--rollup", "1", "--to", "solo", "--sequencer", who)
    assert "It is shared: the committee orders it." in said
    assert f"announced: solo: {who} orders it" in said.lower()
    assert "No change is announced." in await ground.says("leave", 0, "--rollup", "1", "--cancel")


async def test_report__foreign_evidence(ground: Ground) -> None:
    """Evidence convicts on its own deployment only (ENC-1)."""
    here = load_deployment(ground.deployment).domain
    elsewhere = Domain(here.chain_id, Address(bytes([0xEE]) * 20))
    path = ground.folder / "evidence.json"
    path.write_bytes(dump_equivocation(evidence(elsewhere)))
    assert "not about this deployment" in await ground.refuses("report", 6, "--evidence", str(path))


async def test_report__malformed_evidence(ground: Ground) -> None:
    path = ground.folder / "malformed.json"
    path.write_text('{"type": "equivocation"}')
    error = await ground.refuses("report", 6, "--evidence", str(path))
    assert error.startswith("Error: evidence: ")


def evidence(domain: Domain) -> EquivocationEvidence:
    def signed(content: bytes) -> SignedStatement:
        statement = Statement(
            StatementKind.NOTARIZE, Epoch(0), keccak(b"committee"), 7, keccak(content)
        )
        return SignedStatement(statement, HOT.sign(statement.digest(domain.separator())))

    return EquivocationEvidence(domain, HOT.address, signed(b"one"), signed(b"another"))
