"""Bytes from outside, read by msgspec, or refused in our own words."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from sequencer.errors import DecodeError

_Found = TypeVar("_Found")


def decoded(what: str, decode: Callable[[bytes], _Found], data: bytes) -> _Found:
    """What `decode` makes of `data`. Raises `DecodeError` that says what it was to be, also for
    lists within lists: msgspec raises `RecursionError` at some thousand of them, even in a field
    that it skips."""
    try:
        return decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"{what}: {error}") from error
