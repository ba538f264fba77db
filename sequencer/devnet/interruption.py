"""Ctrl-C and its relatives, for programs that have processes to stop."""

import asyncio
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def cancel_on_signals(work: "asyncio.Task[None]") -> None:
    """Cancel `work` at the first of `SIGNALS`. The next ones change nothing: stopping what was
    started must not be cut short, and takes a few seconds at most."""

    def stop() -> None:
        if not work.cancelling():
            print("\nstopping ...", flush=True)
            work.cancel()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
