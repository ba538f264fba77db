"""From an empty L1 to one with contracts, bonded operators and registered rollups."""

from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.crypto.digests import Domain
from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.keystore import ScryptCost, create_keystore, load_secret, new_secret
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.deployment.artifacts import load_artifact
from sequencer.deployment.endpoint import Mined, Sent
from sequencer.deployment.execute import check_creations, check_wiring, send_creations
from sequencer.deployment.parameters import Parameters
from sequencer.deployment.plan import CONTRACTS, Plan, deployment_of, plan_deployment
from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.devnet.accounts import DEPLOYER, OPERATORS, Account, account
from sequencer.devnet.anvil import Anvil
from sequencer.devnet.layout import Layout
from sequencer.devnet.node_process import KEYSTORE
from sequencer.devnet.wallets import Rollup
from sequencer.errors import LocalFault
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment, save_deployment
from sequencer.types import Address, Epoch, RollupId

BOND_WEI = 10 * WEI_PER_ETHER
COMMISSION_BPS = 500
"""What operators keep of what their delegators are rewarded (STAKE-10)."""
PREPAID_WEI = 10 * WEI_PER_ETHER
"""For each rollup: ten gigabytes at a gwei a byte (FEE-2)."""
SIGNER_FUNDS_WEI = 100 * WEI_PER_ETHER
"""Hot keys pay for the L1 transactions of their nodes."""
GENESIS_DELAY_SECONDS = 5
"""From the last block to genesis: the bonds must be in by then (COMM-1)."""
_CALL_GAS = 1_000_000
_SNAPSHOT_GAS = 4_000_000


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who runs a node: `cold` owns the bond, `hot` signs and is in the keystore."""

    number: int
    cold: Account
    hot: Signer
    transport_key: bytes
    peer_port: int
    """Announced on L1."""

    @property
    def endpoint(self) -> str:
        return f"tcp://127.0.0.1:{self.peer_port}"


def make_operators(layout: Layout, peer_ports: Sequence[int]) -> list[Operator]:
    """One operator for each port, seven at most."""
    return [
        make_operator(layout, number, account(index), port)
        for number, (index, port) in enumerate(zip(OPERATORS, peer_ports, strict=False), 1)
    ]


def make_operator(layout: Layout, number: int, cold: Account, peer_port: int) -> Operator:
    """An operator whose hot key is made, if it is not there yet."""
    password = layout.read_password()
    keystore = layout.process(f"node-{number}") / KEYSTORE
    if not keystore.exists():
        create_keystore(keystore, new_secret(), password, ScryptCost.DEVNET)
    secret = load_secret(keystore, password)
    return Operator(number, cold, Signer(secret), transport_public(secret), peer_port)


async def prepare_l1(
    anvil: Anvil,
    layout: Layout,
    parameters: Parameters,
    operators: Sequence[Operator],
    rollups: Sequence[Rollup],
) -> Deployment:
    """Create the contracts, bond the operators, register the rollups, whose ids count
    from 1, and write the deployment file.

    All of it is sent at once: addresses are known beforehand, and Anvil takes transactions in
    the order they come.
    """
    artifacts = {name: load_artifact(name) for name in CONTRACTS}
    plan = await _plan(anvil, parameters)
    creations = await send_creations(anvil, plan, artifacts)
    registry, domain = plan.address("BondRegistry"), plan.domain
    bonds = [await bond(anvil, registry, domain, operator, BOND_WEI) for operator in operators]
    registrations = [await _register(anvil, plan, rollup) for rollup in rollups]
    registrations += [
        await _prepay(anvil, plan, RollupId(number)) for number in range(1, len(rollups) + 1)
    ]
    deployment = deployment_of(plan, check_creations(plan, await anvil.wait(creations)))
    for mined in await anvil.wait(bonds):
        await _require_before_genesis(anvil, deployment, mined)
    await anvil.wait(registrations)
    await check_wiring(anvil, plan, artifacts)
    save_deployment(deployment, layout.deployment)
    return deployment


async def _plan(anvil: Anvil, parameters: Parameters) -> Plan:
    deployer = account(DEPLOYER).address
    head = await anvil.client.head()
    return plan_deployment(
        chain_id=await anvil.client.chain_id(),
        deployer=deployer,
        first_nonce=await anvil.client.nonce(deployer),
        genesis=head.timestamp + GENESIS_DELAY_SECONDS,
        parameters=parameters,
    )


async def bond(
    anvil: Anvil, registry: Address, domain: Domain, operator: Operator, wei: int
) -> Sent:
    """Bond from the cold key, and give the hot key money for gas."""
    application = (
        operator.hot.address,
        operator.transport_key,
        COMMISSION_BPS,
        operator.endpoint,
        prove_possession(operator.hot, domain, operator.cold.address, operator.transport_key),
    )
    data = abi.function("BondRegistry", "bond").call(application)
    await anvil.fund(operator.hot.address, SIGNER_FUNDS_WEI)
    label, cold = f"bonding operator {operator.number}", operator.cold.address
    return await anvil.send(label, cold, registry, data, gas=_CALL_GAS, value_wei=wei)


async def _register(anvil: Anvil, plan: Plan, rollup: Rollup) -> Sent:
    register = abi.function("RollupRegistry", "register")
    ordering = rollup.ordering.policy, rollup.ordering.base_fee_wei
    data = register.call(rollup.chain_id, bytes(20), rollup.holds_data, ordering)
    registry = plan.address("RollupRegistry")
    label = f"registering chain id {rollup.chain_id}"
    return await anvil.send(label, plan.deployer, registry, data, gas=_CALL_GAS)


async def _prepay(anvil: Anvil, plan: Plan, rollup_id: RollupId) -> Sent:
    """FEE-2."""
    data = abi.function("SequencingFees", "prepay").call(rollup_id)
    label, fees = f"prepaying for rollup {rollup_id}", plan.address("SequencingFees")
    return await anvil.send(label, plan.deployer, fees, data, gas=_CALL_GAS, value_wei=PREPAID_WEI)


async def _require_before_genesis(anvil: Anvil, deployment: Deployment, mined: Mined) -> None:
    """COMM-1: who bonds later has no weight in the first committees."""
    header = await anvil.client.header(mined.block_number)
    if header is None or header.timestamp > deployment.schedule.genesis:
        raise LocalFault(
            f"this machine is too busy: the bonds took more than {GENESIS_DELAY_SECONDS} s"
            " to be mined and missed the first committee; try again"
        )


async def snapshot(anvil: Anvil, deployment: Deployment, epoch: Epoch) -> None:
    """Record the committee of an epoch once its selection time has passed (COMM-1), unless
    somebody has."""
    committee = deployment.contracts.committee
    pointer_of = abi.function("Committee", "pointerOf").call(epoch)
    if any(await anvil.call(committee, pointer_of)):
        return
    # The next block is later than this one by a second at least.
    await anvil.until(deployment.schedule.start_of(Epoch(max(0, epoch - 2))))
    data = abi.function("Committee", "snapshot").call(epoch)
    label = f"recording the committee of epoch {epoch}"
    sender = account(DEPLOYER).address
    await anvil.wait([await anvil.send(label, sender, committee, data, gas=_SNAPSHOT_GAS)])
