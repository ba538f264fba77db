"""The `switchyard` command. Each handler imports what it needs, so that `--help` is quick.

A `LocalFault` is one line on standard error and exit status 1; Ctrl-C is exit status 130.
"""

# ruff: noqa: PLC0415 - see above

import argparse
import asyncio
import getpass
import logging
import os
import sys
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from sequencer.errors import LocalFault, SwitchyardError

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
LOG_LEVELS = ("debug", "info", "warning", "error")
MIN_PASSWORD_LENGTH = 8
EXIT_FAULT = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = build_parser().parse_args(arguments)
    logging.basicConfig(level=args.log_level.upper(), format=LOG_FORMAT, stream=sys.stderr)
    try:
        return int(args.handler(args) or 0)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except SwitchyardError as fault:
        return _report([fault])
    except BaseExceptionGroup as group:
        faults = [error for error in _leaves(group) if isinstance(error, SwitchyardError)]
        if not faults:
            raise
        return _report(faults)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="switchyard",
        description="A shared sequencer: a bonded committee orders transactions for many rollups"
        " and posts them to Ethereum.",
    )
    parser.add_argument(
        "--log-level", choices=LOG_LEVELS, default="info", help="least level that is logged"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_long_running(commands)
    _add_watching(commands)
    _add_evidence(commands)
    _add_networks(commands)
    _add_keys(commands)

    status = commands.add_parser("status", help="show how a node is doing")
    status.add_argument("--rpc", required=True, metavar="URL", help="the node's JSON-RPC address")
    status.add_argument("--json", action="store_true", help="print the answer as it is")
    status.set_defaults(handler=_status)

    stake = commands.add_parser("stake", help="show operators, what is staked, and coverage")
    stake.add_argument("--l1", required=True, metavar="URL", help="an L1 endpoint (JSON-RPC)")
    stake.add_argument(
        "--deployment", required=True, type=Path, metavar="FILE", help="the deployment file"
    )
    stake.add_argument("--json", action="store_true", help="print it as JSON, amounts in wei")
    stake.set_defaults(handler=_stake)
    return parser


def _add_long_running(commands: Any) -> None:
    node = commands.add_parser("node", help="run a sequencer node until it is stopped")
    node.add_argument(
        "--config", required=True, type=Path, metavar="FILE", help="configuration (TOML)"
    )
    node.set_defaults(handler=_node)

    rollup = commands.add_parser(
        "rollup", help="derive the canonical lists of rollups from L1 alone; print and serve them"
    )
    rollup.add_argument(
        "--deployment", required=True, type=Path, metavar="FILE", help="the deployment file"
    )
    rollup.add_argument("--l1", required=True, metavar="URL", help="an L1 endpoint (JSON-RPC)")
    rollup.add_argument(
        "--beacon", metavar="URL", help="a consensus client's beacon API, for batches in blobs"
    )
    rollup.add_argument(
        "--archive",
        action="append",
        default=[],
        metavar="URL",
        help="a node's RPC address, for blobs that L1 has dropped (may be repeated)",
    )
    rollup.add_argument("--rollup", type=int, metavar="ID", help="only this rollup (default: all)")
    rollup.add_argument("--listen", metavar="HOST:PORT", help="serve the lists; port 0: any free")
    rollup.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep the lists there (default: temporary)"
    )
    rollup.add_argument("--json", action="store_true", help="print entries as JSON lines")
    rollup.add_argument("--quiet", action="store_true", help="print no entries")
    rollup.set_defaults(handler=_rollup)

    listing = commands.add_parser(
        "transactions", help="print what a rollup executes, in order, held data included"
    )
    listing.add_argument("--follower", required=True, metavar="URL", help="a `switchyard rollup`")
    listing.add_argument("--rollup", required=True, type=int, metavar="ID")
    listing.add_argument(
        "--node",
        action="append",
        default=[],
        metavar="URL",
        help="a node's RPC address, for held data (may be repeated)",
    )
    listing.add_argument("--json", action="store_true", help="print entries as JSON lines")
    listing.set_defaults(handler=_transactions)


def _add_watching(commands: Any) -> None:
    watch = commands.add_parser(
        "watch", help="look for faults of members, and bring evidence of them to L1"
    )
    watch.add_argument(
        "--deployment", required=True, type=Path, metavar="FILE", help="the deployment file"
    )
    watch.add_argument("--l1", required=True, metavar="URL", help="an L1 endpoint (JSON-RPC)")
    watch.add_argument(
        "--node",
        action="append",
        default=[],
        metavar="URL",
        help="a node's RPC address to listen to (may be repeated)",
    )
    watch.add_argument(
        "--key",
        type=Path,
        metavar="KEYSTORE",
        help="report with this key if it pays; else only tell",
    )
    watch.add_argument("--webhook", metavar="URL", help="POST alerts there, besides the log")
    watch.add_argument(
        "--state",
        type=Path,
        default=Path("build/watch"),
        metavar="DIR",
        help="where it keeps what it found; evidence files put into DIR/evidence are reported too",
    )
    watch.add_argument(
        "--listen",
        default="127.0.0.1:9464",
        metavar="HOST:PORT",
        help="serve /metrics there; port 0: any free one",
    )
    watch.add_argument(
        "--confirmations",
        type=int,
        choices=range(129),
        default=4,
        metavar="N",
        help="L1 blocks on top of a report after which it is not looked at again, 0 to 128",
    )
    watch.set_defaults(handler=_watch)


def _add_evidence(commands: Any) -> None:
    evidence = commands.add_parser("evidence", help="look at evidence files, without L1")
    actions = evidence.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify", help="check a file; say who did what, and what L1 will still check"
    )
    verify.add_argument("file", type=Path, metavar="FILE", help="an evidence file")
    verify.set_defaults(handler=_evidence_verify)
    promise = actions.add_parser(
        "promise", help="make an evidence file of what a node answered to seq_getPromise"
    )
    promise.add_argument("file", type=Path, metavar="FILE", help="the node's answer (JSON)")
    promise.add_argument(
        "--deployment", required=True, type=Path, metavar="FILE", help="the deployment file"
    )
    promise.set_defaults(handler=_evidence_promise)


def _add_networks(commands: Any) -> None:
    devnet = commands.add_parser(
        "devnet", help="run an L1, four nodes and two followers on this machine until Ctrl-C"
    )
    devnet.add_argument("--folder", type=Path, default=Path("build/devnet"), metavar="DIR")
    devnet.add_argument(
        "--keep", action="store_true", help="go on with the network that is in the folder"
    )
    for flag, what in (
        ("--l1-port", "port of the L1"),
        ("--rpc-port", "RPC port of the first node; the others take the next three"),
        ("--follower-port", "port of the first follower; the other takes the next one"),
    ):
        devnet.add_argument(
            flag, type=int, default=0, metavar="N", help=f"{what} (default: any free one)"
        )
    devnet.set_defaults(handler=_devnet)

    demo = commands.add_parser(
        "demo", help="tell the whole story on such a network, each step checked"
    )
    demo.add_argument("--folder", type=Path, default=Path("build/demo"), metavar="DIR")
    demo.add_argument(
        "--report",
        type=Path,
        default=Path("build/demo.json"),
        metavar="FILE",
        help="where the measurements go",
    )
    demo.set_defaults(handler=_demo)
    _add_drill(commands)


def _add_drill(commands: Any) -> None:
    drill = commands.add_parser(
        "drill", help="outages of every kind on such a network, each with what must hold after it"
    )
    drill.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this one (may be repeated)"
    )
    drill.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn")
    drill.add_argument("--folder", type=Path, default=Path("build/drill"), metavar="DIR")
    drill.add_argument(
        "--report",
        type=Path,
        default=Path("build/drill.json"),
        metavar="FILE",
        help="where the timelines go",
    )
    drill.set_defaults(handler=_drill)


def _add_keys(commands: Any) -> None:
    keys = commands.add_parser("keys", help="make and inspect keystores of signing keys")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a hot signing key in a new keystore")
    new.add_argument("file", type=Path, metavar="FILE", help="the keystore to write")
    new.set_defaults(handler=_keys_new)
    show = actions.add_parser(
        "show", help="show a keystore's address, and its transport key if the password is set"
    )
    show.add_argument("file", type=Path, metavar="FILE", help="the keystore to read")
    show.set_defaults(handler=_keys_show)


def _node(args: argparse.Namespace) -> int:
    from sequencer.config import load_config
    from sequencer.node.runtime import load_secrets, run_node

    config = load_config(args.config)
    _run(run_node(config, load_secrets(config)))
    return 0


def _rollup(args: argparse.Namespace) -> int:
    from sequencer.derivation.follower import FollowerConfig, run_follower
    from sequencer.types import RollupId

    config = FollowerConfig(
        deployment=args.deployment,
        l1_url=args.l1,
        rollup=None if args.rollup is None else RollupId(args.rollup),
        listen=args.listen,
        data_dir=args.data_dir,
        as_json=args.json,
        is_quiet=args.quiet,
        beacon=args.beacon,
        archives=tuple(args.archive),
    )
    _run(run_follower(config))
    return 0


def _transactions(args: argparse.Namespace) -> int:
    from sequencer.derivation.listing import ListingOptions, print_transactions
    from sequencer.types import RollupId

    nodes = tuple(args.node)
    options = ListingOptions(args.follower, RollupId(args.rollup), nodes, args.json)
    return _run(print_transactions(options))


def _watch(args: argparse.Namespace) -> int:
    from sequencer.watch.run import WatchConfig, run_watchtower

    config = WatchConfig(
        deployment=args.deployment,
        l1_url=args.l1,
        nodes=tuple(args.node),
        state=args.state,
        keystore=args.key,
        webhook=args.webhook,
        listen=args.listen,
        confirmations=args.confirmations,
    )
    return _run(run_watchtower(config))


def _evidence_verify(args: argparse.Namespace) -> int:
    from sequencer.evidence.reading import read_evidence
    from sequencer.evidence.words import what_l1_checks, who_did_what

    evidence = read_evidence(args.file)
    print("\n".join(who_did_what(evidence)))
    print("\nWhat needs no L1 was checked. L1 will check")
    print("\n".join(f"- {check}" for check in what_l1_checks(evidence)))
    return 0


def _evidence_promise(args: argparse.Namespace) -> int:
    from sequencer.evidence.files import dump_evidence
    from sequencer.evidence.reading import read_promise
    from sequencer.l1.deployment import load_deployment

    evidence = read_promise(load_deployment(args.deployment).domain, args.file)
    print(dump_evidence(evidence).decode(), end="")
    return 0


def _devnet(args: argparse.Namespace) -> int:
    from sequencer.devnet.run import DevnetOptions, run_devnet

    return _run(run_devnet(DevnetOptions.of(args)))


def _demo(args: argparse.Namespace) -> int:
    from sequencer.devnet.demo.run import run_demo

    return _run(run_demo(args.folder, args.report))


def _drill(args: argparse.Namespace) -> int:
    from sequencer.devnet.drill.run import DrillOptions, run_drills

    # Not on uvloop: its sockets take no filter, with which a drill makes holes (outages/links.py).
    options = DrillOptions(args.only, args.seed, args.folder, args.report)
    return asyncio.run(run_drills(options))


def _keys_new(args: argparse.Namespace) -> int:
    from sequencer.crypto.keystore import create_keystore, new_secret

    secret = new_secret()
    create_keystore(args.file, secret, _new_password())
    print(f"wrote {args.file}")
    _show_keys(secret)
    return 0


def _keys_show(args: argparse.Namespace) -> int:
    from sequencer.config import keystore_password
    from sequencer.crypto.keystore import keystore_address, load_secret

    if _has_password():
        _show_keys(load_secret(args.file, keystore_password()))
    else:
        print(f"address        0x{keystore_address(args.file).hex()}")
        print("transport key  set SWITCHYARD_PASSWORD_FILE to see it")
    return 0


def _show_keys(secret: bytes) -> None:
    """The two public keys that `ape run bond` registers."""
    from sequencer.crypto.signatures import Signer
    from sequencer.crypto.transport_key import transport_public

    print(f"address        0x{Signer(secret).address.hex()}")
    print(f"transport key  0x{transport_public(secret).hex()}")


def _has_password() -> bool:
    return any(name in os.environ for name in ("SWITCHYARD_PASSWORD_FILE", "SWITCHYARD_PASSWORD"))


def _new_password() -> str:
    """From the environment, else asked for twice."""
    from sequencer.config import keystore_password

    if _has_password() or not sys.stdin.isatty():
        return keystore_password()
    password = getpass.getpass("password for the new keystore: ")
    if len(password) < MIN_PASSWORD_LENGTH:
        raise LocalFault(f"a password needs at least {MIN_PASSWORD_LENGTH} characters")
    if getpass.getpass("once more: ") != password:
        raise LocalFault("the two passwords differ; nothing was written")
    return password


def _status(args: argparse.Namespace) -> int:
    import json

    from sequencer.devnet.node_status import decode_status, fetch_status, report

    answer = asyncio.run(fetch_status(args.rpc))
    print(json.dumps(answer, indent=1) if args.json else report(decode_status(answer)))
    return 0


def _stake(args: argparse.Namespace) -> int:
    import msgspec

    from sequencer.deployment.standing import fetch_economy, standing

    economy = asyncio.run(fetch_economy(args.l1, args.deployment))
    print(msgspec.json.encode(economy).decode() if args.json else standing(economy))
    return 0


def _run(work: Coroutine[Any, Any, Any]) -> int:
    """Run to the end, on uvloop where there is one."""
    if sys.platform == "win32":
        return int(asyncio.run(work) or 0)
    import uvloop

    return int(uvloop.run(work) or 0)


def _report(faults: Sequence[BaseException]) -> int:
    for fault in faults:
        print(f"switchyard: error: {fault}", file=sys.stderr)
    return EXIT_FAULT


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


if __name__ == "__main__":
    sys.exit(main())
