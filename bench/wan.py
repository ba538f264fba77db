"""Finality of committees across the world, simulated: `make wan`.

The shipped consensus core in every node, on measured delays between regions, links with queues and
processors that do one thing at a time (sequencer/simulation/wan/). Prints the tables of
docs/scale.md. The same seed gives the same figures on every machine; `trace` is the hash of what
was final when.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import Pool

from sequencer.simulation.wan.costs import FREE
from sequencer.simulation.wan.regions import measured_world
from sequencer.simulation.wan.report import Report, Share, report
from sequencer.simulation.wan.run import Run, Setup

SIZES = (4, 16, 64, 100, 128)
KIB = 1 << 10
LARGE_KIB = 256
UNBOUNDED = 10**15
"""Bits per second: a link that takes no time."""

Row = tuple[str, Setup]


def rows(sizes: list[int], payloads: list[int], base: Setup) -> Iterator[Row]:
    for payload in payloads:
        for nodes in sizes:
            setup = replace(base, nodes=nodes, payload=payload * KIB)
            yield f"{nodes}", setup if payload < LARGE_KIB else halved(setup)


def halved(setup: Setup) -> Setup:
    """Half as many blocks: enough for each region to lead."""
    return replace(setup, blocks=-(-setup.blocks // 2))


def hardships(nodes: int, base: Setup) -> Iterator[Row]:
    """What a committee has to bear."""
    third = frozenset(range(2, nodes, 3))  # (nodes - 1) // 3 of them or fewer
    region = measured_world().inhabitants(0, nodes)
    base = halved(replace(base, nodes=nodes))
    yield f"{nodes}, {len(third)} silent", replace(base, silent=third)
    yield f"{nodes}, a region of {len(region)} lost", replace(base, lost=region)


def reasons(nodes: int, base: Setup) -> Iterator[Row]:
    """What takes how long: light alone, then with links, then with processors and disks."""
    for payload in (16, 512):
        setup = halved(replace(base, nodes=nodes, payload=payload * KIB))
        yield (
            f"{nodes}, {payload} KiB: light",
            replace(setup, bits_per_second=UNBOUNDED, costs=FREE),
        )
        yield f"{nodes}, {payload} KiB: and links", replace(setup, costs=FREE)
        yield f"{nodes}, {payload} KiB: and work", setup


def run(row: Row) -> tuple[str, Report]:
    return row[0], report(Run(row[1]).go())


HEAD = (
    "| nodes | block | finality | of a transaction | a block each | views lost | messages sent"
    " | KiB sent | proposals | votes | certificates | blocks | KiB received | CPU | busiest"
    " | trace |"
)


def line(name: str, found: Report) -> str:
    def kib(share: Share) -> str:
        return f"{share.messages:.1f} / {share.octets / KIB:.1f}"

    cells = [
        name,
        f"{found.setup.payload // KIB} KiB",
        f"{found.finality.median:.0f} / {found.finality.p95:.0f} ms",
        f"{found.transaction.median:.0f} / {found.transaction.p95:.0f} ms",
        f"{found.block_ms:.0f} ms",
        f"{100 * found.lost_views:.0f} %",
        f"{sum(share.messages for share in found.sent):.0f}",
        f"{sum(share.octets for share in found.sent) / KIB:.0f}",
        *(kib(share) for share in found.sent),
        f"{found.received_octets / KIB:.0f}",
        f"{found.cpu_ms:.1f} ms",
        f"{100 * found.cpu_share:.0f} %",
        found.trace[:8],
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="simulate committees across the world")
    parser.add_argument("--nodes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--payloads", type=int, nargs="+", default=[16, 512], help="KiB")
    parser.add_argument("--blocks", type=int, default=30, help="measured in each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", choices=("sizes", "hardships", "reasons"))
    options = parser.parse_args()

    base = Setup(nodes=4, blocks=options.blocks, seed=options.seed)
    largest = min(100, max(options.nodes))
    tables = {
        "sizes": rows(options.nodes, options.payloads, base),
        "hardships": hardships(largest, base),
        "reasons": reasons(largest, base),
    }
    with Pool(options.jobs) as pool:
        for title, table in tables.items():
            if options.only in (None, title):
                print(f"\n{title}\n\n{HEAD}\n|{' --- |' * HEAD.count(' |')}")
                for name, found in pool.imap(run, table):
                    print(line(name, found), flush=True)


if __name__ == "__main__":
    main()
