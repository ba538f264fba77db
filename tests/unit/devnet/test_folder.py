"""The folder of a network and its ports: one network at a time, nothing of others touched."""

import socket
import stat
from pathlib import Path

import pytest

from sequencer.devnet.layout import Layout, Memory
from sequencer.devnet.ports import free_ports, is_free, require_free
from sequencer.errors import LocalFault


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "devnet")


def test_begin__empty_with_a_password_of_its_own(layout: Layout) -> None:
    layout.begin()
    first = layout.read_password()
    (layout.folder / "leftover").touch()
    layout.begin()
    assert {path.name for path in layout.folder.iterdir()} == {"password", ".switchyard-network"}
    assert layout.read_password() != first
    assert len(first) >= 24
    assert stat.S_IMODE(layout.password.stat().st_mode) == 0o600


@pytest.mark.parametrize("other", ["thesis.tex", "password", "network.json"])
def test_begin__a_folder_of_something_else_is_left_alone(layout: Layout, other: str) -> None:
    layout.folder.mkdir()
    (layout.folder / "thesis.tex").touch()
    (layout.folder / other).touch()
    with pytest.raises(LocalFault, match="not deleting it"):
        layout.begin()
    assert (layout.folder / "thesis.tex").exists()


def test_lock__one_network_at_a_time(layout: Layout) -> None:
    with layout.lock(), pytest.raises(LocalFault, match="a network is running"):
        layout.lock()
    layout.lock().close()


def test_lock__outlives_a_fresh_start(layout: Layout) -> None:
    with layout.lock():
        layout.begin()
        with pytest.raises(LocalFault, match="a network is running"):
            layout.lock()


def test_memory__as_it_was(layout: Layout) -> None:
    layout.begin()
    layout.remember(Memory((1, 2, 3, 4)))
    assert layout.recall().peer_ports == (1, 2, 3, 4)


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"peer_ports": "many"}'])
def test_memory__missing_or_damaged(layout: Layout, content: bytes | None) -> None:
    layout.begin()
    if content is not None:
        layout.memory.write_bytes(content)
    with pytest.raises(LocalFault, match="no network to go on with"):
        layout.recall()


def test_ports__free_and_different() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(map(is_free, ports))


def test_ports__one_in_use_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(LocalFault, match=f"--l1-port: port {port} is in use"):
            require_free(port, "--l1-port")
    require_free(port, "--l1-port")


@pytest.mark.parametrize("port", [-1, 0, 65_536])
def test_ports__no_such_port(port: int) -> None:
    with pytest.raises(LocalFault, match="is no port"):
        require_free(port, "--rpc-port")
