"""How a watchtower is doing, as Prometheus reads it: `GET /metrics`."""

from collections.abc import Callable, Iterable, Iterator

from aiohttp import web

Sample = tuple[str, dict[str, str], float]
"""Name, labels and value."""

_PREFIX = "switchyard_watch_"


def create_app(samples: Callable[[], Iterable[Sample]]) -> web.Application:
    """`samples` are read anew for each request."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=exposition(samples()), content_type="text/plain")

    app = web.Application(client_max_size=1_024)
    app.router.add_get("/metrics", metrics)
    return app


def exposition(samples: Iterable[Sample]) -> str:
    """The text format, samples of a name together."""
    return "".join(f"{line}\n" for line in _lines(samples))


def _lines(samples: Iterable[Sample]) -> Iterator[str]:
    by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
    for name, labels, value in samples:
        by_name.setdefault(name, []).append((labels, value))
    for name, found in by_name.items():
        yield f"# TYPE {_PREFIX}{name} {'counter' if name.endswith('_total') else 'gauge'}"
        for labels, value in found:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{_PREFIX}{name}{'{' + pairs + '}' if pairs else ''} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
