"""What it costs to hold the forced queue full, and what an honest user pays beside it (INBOX-2).

``python bench/queue_cost.py`` prints the tables of docs/queue-cost.md, for the parameters
that a deployment has by default; the options ask what others would give. Nothing is measured: the
fee is the contract's formula, and tests/contracts/test_queue_cost.py holds it to the contract.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

GWEI = 10**9
ETHER = 10**18
DAY_SECONDS = 86_400
DEPTHS = (0, 1, 2, 4, 8, 16, 32, 64)
"""Messages that wait, in congestion targets."""


@dataclass(frozen=True)
class Queue:
    """The parameters of ForcedInbox that make a price, as a deployment has them by default."""

    base_fee_wei: int = 20_000 * GWEI
    wei_per_byte: int = 16 * GWEI
    wei_per_gas: int = GWEI // 100
    congestion_target: int = 64


@dataclass(frozen=True)
class Message:
    """What one kind of message costs."""

    name: str
    length: int
    gas_limit: int
    queue: Queue

    @property
    def plain_wei(self) -> int:
        """The fee on an empty queue."""
        queue = self.queue
        return (
            queue.base_fee_wei
            + self.length * queue.wei_per_byte
            + self.gas_limit * queue.wei_per_gas
        )

    def fee_wei(self, pending: int) -> int:
        """INBOX-2: the fee when `pending` messages wait."""
        target = self.queue.congestion_target
        return -(-self.plain_wei * (target + pending) ** 2 // target**2)

    def fill_wei(self, count: int) -> int:
        """What `count` of them cost together, one after another on an empty queue."""
        return sum(map(self.fee_wei, range(count)))

    def bought_for(self, budget_wei: int) -> int:
        """How many a budget puts into an empty queue."""
        count = 0
        while (fee := self.fee_wei(count)) <= budget_wei:
            budget_wei -= fee
            count += 1
        return count

    def depth_at_price(self, times: int) -> int:
        """From how many waiting messages on the fee is `times` the plain one."""
        depth = 0
        while self.fee_wei(depth) < times * self.plain_wei:
            depth += 1
        return depth


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def filling(message: Message) -> list[str]:
    """What the attacker pays, and what one honest message of the same kind costs then."""
    lines = [
        row("waiting", "attacker pays, ETH", "in plain fees", "then the fee is, times", "ETH"),
        row(*["---"] * 5),
    ]
    plain = message.plain_wei
    for factor in DEPTHS:
        depth = factor * message.queue.congestion_target
        paid, fee = message.fill_wei(depth), message.fee_wei(depth)
        lines.append(
            row(
                f"{depth:,}",
                f"{paid / ETHER:,.3f}",
                f"{paid / plain:,.0f}",
                f"{fee / plain:,.0f}",
                f"{fee / ETHER:,.6f}",
            )
        )
    return lines


def pricing_out(message: Message, window_seconds: int) -> list[str]:
    """What it costs to keep everybody out who pays less than so many times the plain fee."""
    windows = -(-DAY_SECONDS // window_seconds)
    lines = [row("times", "waiting", "one window, ETH", "a day, ETH"), row(*["---"] * 4)]
    for times in (4, 25, 100, 1_000):
        depth = message.depth_at_price(times)
        once = message.fill_wei(depth) / ETHER
        lines.append(row(f"{times:,}", f"{depth:,}", f"{once:,.3f}", f"{once * windows:,.1f}"))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="what it costs to fill the forced queue")
    parser.add_argument("--target", type=int, default=Queue.congestion_target)
    parser.add_argument("--max-bytes", type=int, default=32 << 10)
    parser.add_argument("--max-gas", type=int, default=2_000_000)
    parser.add_argument("--force-window", type=int, default=3_600, help="seconds")
    options = parser.parse_args()
    queue = Queue(congestion_target=options.target)
    for message in (
        Message("small", 112, 100_000, queue),
        Message("at the caps", options.max_bytes, options.max_gas, queue),
    ):
        print(
            f"## A message {message.name}: {message.length:,} bytes, {message.gas_limit:,} gas,"
            f" {message.plain_wei / ETHER:.6f} ETH on an empty queue\n"
        )
        print("\n".join(filling(message)), end="\n\n")
        print("\n".join(pricing_out(message, options.force_window)), end="\n\n")
        for budget in (1, 10, 100, 1_000):
            print(f"{budget:,} ETH buys {message.bought_for(budget * ETHER):,} waiting messages.")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
