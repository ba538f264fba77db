"""A store in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.store.blocks import BlockStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blocks.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[BlockStore]:
    opened = BlockStore(path)
    yield opened
    opened.close()
