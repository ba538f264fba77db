"""The end of a node: a cancellation that is swallowed once is repeated."""

import asyncio

import pytest

from sequencer.node import runtime


async def test_stop__cancellation_lost_in_a_failure__again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "CANCEL_AGAIN_SECONDS", 0.01)
    lost = 0

    async def run() -> None:
        nonlocal lost
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost += 1
        await asyncio.Event().wait()

    running = asyncio.create_task(run())
    await asyncio.sleep(0)
    runtime.stop(running)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)
    assert lost == 1
