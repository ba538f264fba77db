"""What a configuration and a deployment mean to each stage."""

from sequencer.config import Config
from sequencer.consensus.pacemaker import Timing
from sequencer.errors import LocalFault
from sequencer.l1.deployment import Deployment
from sequencer.mempool.pool import MempoolConfig
from sequencer.ordering.application import OrderingParameters
from sequencer.ordering.listings import ListParameters
from sequencer.promises.book import PromiseParameters
from sequencer.types import Address


def mempool_config(config: Config) -> MempoolConfig:
    return MempoolConfig(
        max_transactions=config.mempool.max_transactions,
        max_bytes=config.mempool.max_bytes,
        fee_floor_wei=config.mempool.fee_floor_wei,
        deny_senders=denied_senders(config),
    )


def ordering_parameters(config: Config, deployment: Deployment) -> OrderingParameters:
    return OrderingParameters(
        block_bytes=deployment.block_bytes,
        forced_margin_seconds=deployment.force_window_seconds // 2,
        deny_senders=denied_senders(config),
    )


def timing(config: Config) -> Timing:
    return Timing(
        timeout_ms=config.consensus.timeout_ms,
        max_timeout_ms=config.consensus.max_timeout_ms,
        heartbeat_ms=config.consensus.heartbeat_ms,
    )


def list_parameters(config: Config) -> ListParameters:
    return ListParameters(config.consensus.list_after_ms, config.consensus.list_grace_ms)


def promise_parameters(config: Config) -> PromiseParameters:
    return PromiseParameters(config.promises.heights, config.promises.margin_seconds)


def denied_senders(config: Config) -> frozenset[Address]:
    """POOL-6; raises `LocalFault` naming what is no address."""
    denied = set()
    for text in config.mempool.deny_senders:
        try:
            address = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            address = b""
        if len(address) != 20:
            raise LocalFault(f"deny_senders: {text!r} is no address")
        denied.add(Address(address))
    return frozenset(denied)
