"""Operators that join and leave a network while it runs."""

from sequencer.crypto.keystore import new_secret
from sequencer.crypto.signatures import Signer
from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.devnet.accounts import Account
from sequencer.devnet.bootstrap import Operator, bond, make_operator
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.network import Network
from sequencer.devnet.node_process import NODE_MODULE, NodeProcess, NodeSettings
from sequencer.devnet.ports import free_ports
from sequencer.l1 import abi
from sequencer.types import Address

_GAS = 1_000_000
_POCKET_WEI = WEI_PER_ETHER
"""What a cold key has beside its bond, for gas."""


class Membership:
    """Who owns which node: operator `n` has node `n`, whatever its id on L1."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._l1 = L1Facts(network.anvil, network.deployment)

    async def join(self, bond_wei: int, module: str = NODE_MODULE) -> NodeProcess:
        """Bond one operator more and start its node, from an empty folder."""
        network, anvil = self._network, self._network.anvil
        secret, (port,) = new_secret(), free_ports(1)
        number = len(network.operators) + 1
        cold = Account(number, secret, Signer(secret).address)
        operator = make_operator(network.layout, number, cold, port)
        network.operators.append(operator)
        await anvil.adopt(cold.address)
        await anvil.fund(cold.address, bond_wei + _POCKET_WEI)
        deployment = network.deployment
        registry = deployment.contracts.bond_registry
        sent = await bond(anvil, registry, deployment.domain, operator, bond_wei)
        settings = NodeSettings(anvil.url, port, network.profile.confirmations)
        node = NodeProcess(network.layout, number, operator.hot.address, settings)
        network.nodes.append(node)
        await node.start(module)
        await anvil.wait([sent])
        await node.ready()
        return node

    async def increase(self, node: NodeProcess, wei: int) -> None:
        """The operator stakes more with itself (STAKE-2)."""
        cold = self._operator(node).cold.address
        await self._network.anvil.fund(cold, wei + _POCKET_WEI)
        operator_id = await self._l1.operator_id(cold)
        await self._send("increasing a bond", cold, "delegate", operator_id, wei=wei)

    async def leave(self, node: NodeProcess) -> None:
        """BOND-5. The node goes on: it is a member for up to three epochs more."""
        await self._send("leaving", self._operator(node).cold.address, "initiateExit")

    async def release(self, node: NodeProcess) -> int:
        """BOND-6: wait until L1 releases the bond, and take it; the wei that were paid."""
        anvil, cold = self._network.anvil, self._operator(node).cold.address
        operator_id = await self._l1.operator_id(cold)
        await anvil.until((await self._l1.operator(operator_id)).release_at)
        await self._send("releasing", cold, "release", operator_id)
        nobody = Address(b"\xfe" * 19 + bytes([node.number]))
        before = await anvil.balance(nobody)
        await self._send("withdrawing", cold, "withdraw", nobody)
        return await anvil.balance(nobody) - before

    def _operator(self, node: NodeProcess) -> Operator:
        return self._network.operators[node.number - 1]

    async def _send(
        self, label: str, sender: Address, name: str, *arguments: object, wei: int = 0
    ) -> None:
        anvil = self._network.anvil
        registry = self._network.deployment.contracts.bond_registry
        data = abi.function("BondRegistry", name).call(*arguments)
        await anvil.wait([await anvil.send(label, sender, registry, data, gas=_GAS, value_wei=wei)])
