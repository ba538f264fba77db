"""Networks for the restart cases, and the table of what they showed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.conftest import built
from tests.restarts.table import render
from tests.restarts.trial import Outcome, Trial

__all__ = ["built"]

_outcomes = pytest.StashKey[list[Outcome]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_outcomes] = []


@pytest.fixture(scope="session")
def outcomes(pytestconfig: pytest.Config) -> list[Outcome]:
    """What is in here at the end is printed."""
    return pytestconfig.stash[_outcomes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Trial]:
    """One network for all cases of a module with as many nodes; the parameter."""
    folder: Path = tmp_path_factory.mktemp("restarts")
    async with Trial.prepared(folder / "network", request.param) as trial:
        yield trial


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = terminalreporter.config.stash[_outcomes]
    if found:
        terminalreporter.section("restarts")
        terminalreporter.write_line(render(found))
