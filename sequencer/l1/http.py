"""HTTP GET with bounds, for what is not JSON-RPC: as `rpc.py`, a timeout, a longest answer, no
retries, and errors that show no part of a URL that may hold a key."""

import aiohttp

from sequencer.l1.rpc import TIMEOUT_SECONDS, L1Error, L1Unavailable, redact


class HttpSource:
    """One server; paths stand behind its URL."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self.endpoint = redact(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, path: str, max_bytes: int, accept: str, query: dict[str, str] | None = None
    ) -> bytes | None:
        """The body; None if the server has nothing there. Raises `L1Error`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.get(
                self._url + path,
                params=query,
                headers={"Accept": accept, "Accept-Encoding": "identity"},
                allow_redirects=False,
            ) as response:
                if response.status == 404:
                    return None
                if response.status != 200:
                    raise L1Unavailable(f"{path} at {self.endpoint}: HTTP {response.status}")
                return await self._read(path, max_bytes, response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # The message of such an error may repeat the whole URL: its name says enough.
            raise L1Unavailable(
                f"{path} at {self.endpoint}: no answer ({type(error).__name__})"
            ) from None

    async def _read(self, path: str, room: int, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        async for part in response.content.iter_any():
            room -= len(part)
            if room < 0:
                raise L1Error(f"{path} at {self.endpoint} answered more than was asked")
            parts.append(part)
        return b"".join(parts)
