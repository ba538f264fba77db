"""Alerts: once each, and a webhook that may be slow, wrong or away."""

import asyncio
from pathlib import Path

import msgspec
from aiohttp import web

from sequencer.devnet.waiting import eventually
from sequencer.serving import listen
from sequencer.watch.alerts import ATTEMPTS, MAX_WAITING, Alert, Alerts
from sequencer.watch.store import WatchStore


class Hook:
    """A webhook that refuses the first few."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls = 0
        self.taken: list[Alert] = []
        app = web.Application()
        app.router.add_post("/", self._take)
        self.runner = web.AppRunner(app)

    async def _take(self, request: web.Request) -> web.Response:
        self.calls += 1
        if self.calls <= self.refusals:
            raise web.HTTPInternalServerError
        self.taken.append(msgspec.json.decode(await request.read(), type=Alert))
        return web.Response()


async def bring(hook: Hook, alerts: Alerts) -> None:
    """Run until the webhook took one, or was given up."""
    running = asyncio.create_task(alerts.run())
    await eventually("the end", lambda: is_over(hook, alerts), seconds=10.0, poll_seconds=0.005)
    running.cancel()


async def is_over(hook: Hook, alerts: Alerts) -> bool | None:
    return bool(hook.taken) or bool(alerts.failed) or None


async def test_tell__twice_and_after_a_restart__once(tmp_path: Path) -> None:
    for _ in range(2):
        store = WatchStore(tmp_path / "watch.sqlite")
        alerts = Alerts(store, None)
        alerts.tell("slashed", "one", "text")
        alerts.tell("slashed", "one", "text")
        told = alerts.told
        store.close()
    assert told == {}


async def test_webhook__refuses_at_first__is_tried_again(tmp_path: Path) -> None:
    hook = Hook(refusals=ATTEMPTS - 1)
    url = await listen(hook.runner, "127.0.0.1", 0, "hook")
    alerts = Alerts(WatchStore(tmp_path / "watch.sqlite"), url, first_pause_seconds=0.001)
    alerts.tell("slashed", "one", "text")
    await bring(hook, alerts)
    assert hook.taken == [Alert("slashed", "one", "text")]
    await hook.runner.cleanup()


async def test_webhook__refuses_for_ever__is_given_up_and_counted(tmp_path: Path) -> None:
    hook = Hook(refusals=ATTEMPTS + 9)
    url = await listen(hook.runner, "127.0.0.1", 0, "hook")
    alerts = Alerts(WatchStore(tmp_path / "watch.sqlite"), url, first_pause_seconds=0.001)
    alerts.tell("slashed", "one", "text")
    await bring(hook, alerts)
    assert (alerts.failed, hook.calls) == (1, ATTEMPTS)
    await hook.runner.cleanup()


async def test_tell__webhook_away__waits_for_nothing_and_keeps_so_many(tmp_path: Path) -> None:
    alerts = Alerts(WatchStore(tmp_path / "watch.sqlite"), "http://127.0.0.1:9")
    for number in range(MAX_WAITING + 10):
        alerts.tell("slashed", str(number), "text")
    assert alerts.told == {"slashed": MAX_WAITING + 10}
    assert alerts.waiting == MAX_WAITING
