"""Amounts, moments and addresses as people write and read them. Pure but for the clock."""

import time
from datetime import datetime

from sequencer.errors import LocalFault
from sequencer.l1.schedule import Schedule
from sequencer.types import Epoch

_ETHER_DECIMALS = 18
WEI_PER_ETHER = 10**18


def ether(wei: int) -> str:
    """An amount in ETH, without losing a wei."""
    whole, rest = divmod(wei, WEI_PER_ETHER)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".") + " ETH"


def percent(bps: int) -> str:
    return f"{bps / 100:g} %"


def parse_ether(text: str) -> int:
    """An amount in ETH to wei, exactly; raises `LocalFault`."""
    whole, point, rest = text.partition(".")
    is_whole = whole.isascii() and whole.isdigit()
    is_rest = rest.isascii() and rest.isdigit() if point else True
    if not is_whole or not is_rest or len(rest) > _ETHER_DECIMALS:
        raise LocalFault(f"{text!r} is not an amount in ETH, such as 32 or 1.5")
    return int(whole) * WEI_PER_ETHER + int(rest.ljust(_ETHER_DECIMALS, "0"))


def parse_endpoint(text: str) -> str:
    """A peer endpoint as it stands, if a node could connect to it; raises `LocalFault`."""
    host, colon, port = text.removeprefix("tcp://").rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    if not (text.startswith("tcp://") and host and colon and is_port):
        raise LocalFault(f"{text!r} is not an endpoint, such as tcp://sequencer.example:9400")
    return text


def at_time(timestamp: int, now: float | None = None) -> str:
    """A moment on the local clock, and how far away it is."""
    away = timestamp - round(time.time() if now is None else now)
    moment = datetime.fromtimestamp(timestamp).astimezone()
    when = f"in {span(away)}" if away >= 0 else f"{span(-away)} ago"
    return f"{moment:%Y-%m-%d %H:%M:%S} ({when})"


def span(seconds: int) -> str:
    """A length of time, in the largest unit that does not hide half of it."""
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    return f"{seconds // 3_600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


def first_epoch_of_bond(schedule: Schedule, bonded_at: int) -> Epoch:
    """COMM-1: the first epoch whose committee a bond of this second can sit in: its selection
    time, the start of the epoch two before it, is not earlier. Up to genesis that is epoch 0."""
    if bonded_at <= schedule.genesis:
        return Epoch(0)
    started = -(-(bonded_at - schedule.genesis) // schedule.epoch_seconds)
    return Epoch(started + 2)
