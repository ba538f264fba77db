"""Changing a parameter the way it is done: scheduled, and executed when the delay is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contracts.network import Network
from tests.contracts.settings import Parameter

NOTHING = bytes(32)


@dataclass(frozen=True)
class Change:
    """An operation of the timelock: one call of another contract."""

    target: Any
    data: bytes

    @classmethod
    def of(cls, network: Network, parameter: Parameter, value: int) -> Change:
        data = bytes(network.parameters.set.encode_input(parameter, value))
        return cls(network.parameters, data)

    def schedule(self, network: Network, *, sender: Any, delay: int | None = None) -> int:
        """The time from which on it can be executed."""
        if delay is None:
            delay = int(network.timelock.getMinDelay())
        receipt = network.timelock.schedule(
            self.target, 0, self.data, NOTHING, NOTHING, delay, sender=sender
        )
        return int(receipt.timestamp) + delay

    def execute(self, network: Network, *, sender: Any) -> Any:
        return network.timelock.execute(self.target, 0, self.data, NOTHING, NOTHING, sender=sender)

    def cancel(self, network: Network, *, sender: Any) -> Any:
        return network.timelock.cancel(self.id(network), sender=sender)

    def id(self, network: Network) -> bytes:
        return bytes(network.timelock.hashOperation(self.target, 0, self.data, NOTHING, NOTHING))
