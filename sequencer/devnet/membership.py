"""Operators that join, leave and rotate their keys while a network runs."""

from dataclasses import replace

from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.keystore import ScryptCost, create_keystore, new_secret
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.deployment.endpoint import Sent
from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.devnet.accounts import Account
from sequencer.devnet.bootstrap import (
    SIGNER_FUNDS_WEI,
    Operator,
    bond,
    make_operator,
)
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
        await self._send(cold, "delegate", operator_id, wei=wei)

    async def leave(self, node: NodeProcess) -> None:
        """BOND-5. The node goes on: it is a member for up to three epochs more."""
        await self._send(self._operator(node).cold.address, "initiateExit")

    async def release(self, node: NodeProcess) -> int:
        """BOND-6: wait until L1 releases the bond, and take it; the wei that were paid."""
        anvil, cold = self._network.anvil, self._operator(node).cold.address
        operator_id = await self._l1.operator_id(cold)
        await anvil.until((await self._l1.operator(operator_id)).release_at)
        await self._send(cold, "release", operator_id)
        nobody = Address(b"\xfe" * 19 + bytes([node.number]))
        before = await anvil.balance(nobody)
        await self._send(cold, "withdraw", nobody)
        return await anvil.balance(nobody) - before

    async def rotate(self, node: NodeProcess) -> None:
        """STAKE-11: the node starts anew with one key more, and the cold key tells L1 of it. It has
        another transport key, under which peers find the node from then on (BOND-9)."""
        network, former = self._network, self._operator(node)
        secret, name = new_secret(), f"signer-{len(node.settings.keystores) + 1}.json"
        keystore = network.layout.process(node.name) / name
        create_keystore(keystore, secret, network.layout.read_password(), ScryptCost.DEVNET)
        hot = Signer(secret)
        operator = replace(former, hot=hot, transport_key=transport_public(secret))
        network.operators[node.number - 1] = operator
        await network.anvil.fund(hot.address, SIGNER_FUNDS_WEI)
        node.rotate(name, hot.address)
        await node.stop()
        await node.start()
        await node.ready()
        cold, domain = former.cold.address, network.deployment.domain
        proof = prove_possession(hot, domain, cold, former.transport_key)
        sent = [
            await self._begin(cold, "rotateSigner", hot.address, proof),
            await self._begin(cold, "announce", operator.transport_key, operator.endpoint),
        ]
        await network.anvil.wait(sent)

    def _operator(self, node: NodeProcess) -> Operator:
        return self._network.operators[node.number - 1]

    async def _send(self, sender: Address, name: str, *arguments: object, wei: int = 0) -> None:
        await self._network.anvil.wait([await self._begin(sender, name, *arguments, wei=wei)])

    async def _begin(self, sender: Address, name: str, *arguments: object, wei: int = 0) -> Sent:
        registry = self._network.deployment.contracts.bond_registry
        data = abi.function("BondRegistry", name).call(*arguments)
        return await self._network.anvil.send(name, sender, registry, data, gas=_GAS, value_wei=wei)
