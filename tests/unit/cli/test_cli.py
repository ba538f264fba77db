"""The command: what is wrong is one line on standard error and exit status 1, never a trace."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer import cli
from sequencer.crypto.keystore import ScryptCost, create_keystore
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.errors import LocalFault
from sequencer.evidence.files import dump_evidence, load_evidence
from sequencer.evidence.promise import PromiseEvidence
from sequencer.l1.deployment import save_deployment
from tests.unit.evidence import cases
from tests.unit.l1.fake_l1 import DEPLOYMENT

SECRET = bytes(range(1, 33))
PASSWORD = "correct horse"

CONFIG = """
[node]
data_dir = "data"
[l1]
url = "http://127.0.0.1:1"
deployment = "deployment.json"
[keys]
signer = "signer.json"
"""


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWITCHYARD_PASSWORD", raising=False)
    monkeypatch.delenv("SWITCHYARD_PASSWORD_FILE", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(CONFIG)
    create_keystore(tmp_path / "signer.json", SECRET, PASSWORD, ScryptCost.DEVNET)
    return path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command; the one line it fails with."""
    assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("switchyard: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_help_is_quick_and_imports_no_library() -> None:
    loaded = "import sys; from sequencer import cli; cli.build_parser(); print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"web3", "eth_account", "zmq", "aiohttp", "sequencer.node.node"}
    assert not heavy & set(modules)


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["node"], ["keys"], ["devnet", "--l1-port", "x"]]
)
def test_usage_errors_are_argparse_own(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2


def test_node__missing_config(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "none.toml: no such file" in fails(
        capsys, "node", "--config", str(tmp_path / "none.toml")
    )


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (("[node]", "[node"), "node.toml: Expected"),
        (("data_dir", "datadir"), "datadir"),
        (("[keys]", "[keys]\nsecret = 1"), "secret"),
        (("deployment =", "confirmations = 1000\ndeployment ="), "l1.confirmations"),
        (("deployment =", "batches_together = 17\ndeployment ="), "l1.batches_together"),
    ],
)
def test_node__malformed_config(
    capsys: pytest.CaptureFixture[str], config: Path, edit: tuple[str, str], complaint: str
) -> None:
    config.write_text(CONFIG.replace(*edit))
    assert complaint in fails(capsys, "node", "--config", str(config))


def test_node__missing_password(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    assert "SWITCHYARD_PASSWORD_FILE" in fails(capsys, "node", "--config", str(config))


def test_node__missing_password_file(
    capsys: pytest.CaptureFixture[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_PASSWORD_FILE", str(config.parent / "nowhere"))
    assert "nowhere" in fails(capsys, "node", "--config", str(config))


def test_node__wrong_password(
    capsys: pytest.CaptureFixture[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_PASSWORD", "battery staple")
    line = fails(capsys, "node", "--config", str(config))
    assert "wrong password" in line
    assert "battery staple" not in line


def test_node__missing_keystore(
    capsys: pytest.CaptureFixture[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_PASSWORD", PASSWORD)
    (config.parent / "signer.json").unlink()
    assert "signer.json: no such file" in fails(capsys, "node", "--config", str(config))


def test_node__missing_deployment(
    capsys: pytest.CaptureFixture[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_PASSWORD", PASSWORD)
    assert "deployment.json: no such file" in fails(capsys, "node", "--config", str(config))


@pytest.mark.parametrize("option", ["--l1-port", "--rpc-port", "--follower-port"])
def test_devnet__port_in_use(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, taken_port: int, option: str
) -> None:
    folder = tmp_path / "devnet"
    line = fails(capsys, "devnet", "--folder", str(folder), option, str(taken_port))
    assert f"{option}: port {taken_port} is in use" in line
    assert not folder.exists()


def test_devnet__keep_without_a_network(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = fails(capsys, "devnet", "--folder", str(tmp_path / "devnet"), "--keep")
    assert "holds no network to go on with" in line


def test_devnet__never_deletes_a_folder_of_something_else(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("irreplaceable")
    assert "not deleting it" in fails(capsys, "devnet", "--folder", str(tmp_path))
    assert precious.read_text() == "irreplaceable"


def test_keys__new_then_show(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_PASSWORD", PASSWORD)
    path = str(tmp_path / "hot.json")
    assert cli.main(["keys", "new", path]) == 0
    made = capsys.readouterr().out
    assert PASSWORD not in made
    assert cli.main(["keys", "show", path]) == 0
    shown = capsys.readouterr().out
    assert made == f"wrote {path}\n{shown}"
    assert "already" in fails(capsys, "keys", "new", path)


def test_keys__show_both_public_keys(
    capsys: pytest.CaptureFixture[str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(config.parent / "signer.json")
    address = f"address        0x{Signer(SECRET).address.hex()}\n"
    assert cli.main(["keys", "show", path]) == 0
    assert capsys.readouterr().out.startswith(address)
    monkeypatch.setenv("SWITCHYARD_PASSWORD", PASSWORD)
    assert cli.main(["keys", "show", path]) == 0
    out = capsys.readouterr().out
    assert out == address + f"transport key  0x{transport_public(SECRET).hex()}\n"
    assert SECRET.hex() not in out


def test_status__nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "http://127.0.0.1:1 does not answer" in fails(
        capsys, "status", "--rpc", "http://127.0.0.1:1"
    )


def test_faults_in_a_group_are_told_one_by_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node runs its tasks in a TaskGroup, which raises groups."""
    inner = ExceptionGroup("inner", [LocalFault("the journal is damaged")])
    group = ExceptionGroup("outer", [LocalFault("the clock stands still"), inner])

    def run(_: object) -> int:
        raise group

    monkeypatch.setattr(cli, "_status", run)
    assert cli.main(["status", "--rpc", "x"]) == 1
    assert capsys.readouterr().err == (
        "switchyard: error: the clock stands still\nswitchyard: error: the journal is damaged\n"
    )


def test_other_errors_are_bugs_and_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: object) -> int:
        raise ExceptionGroup("outer", [ZeroDivisionError()])

    monkeypatch.setattr(cli, "_status", run)
    with pytest.raises(ExceptionGroup):
        cli.main(["status", "--rpc", "x"])


def test_interrupt_is_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_status", run)
    assert cli.main(["status", "--rpc", "x"]) == 130
    assert capsys.readouterr().err == ""


def test_evidence_verify__says_who_did_what_and_what_l1_checks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "evidence.json"
    evidence = cases.disorder()
    path.write_bytes(dump_evidence(evidence))
    assert cli.main(["evidence", "verify", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"0x{evidence.signer.hex()}" in said
    assert "NONCES" in said
    assert "L1 will check" in said


def test_evidence_verify__convicts_nobody(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(dump_evidence(cases.disorder()).replace(b'"nonces"', b'"rising"'))
    assert fails(capsys, "evidence", "verify", str(path)) == (
        "switchyard: error: evidence: the entries are in order: no RISING fault (ORDER-6)\n"
    )


def test_evidence_promise__of_a_nodes_answer__is_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    evidence, answer = cases.promise(), tmp_path / "answer.json"
    answer.write_text(json.dumps(evidence.signed.to_json()), encoding="utf-8")
    deployment = tmp_path / "deployment.json"
    save_deployment(DEPLOYMENT, deployment)
    arguments = ["evidence", "promise", str(answer), "--deployment", str(deployment)]
    assert cli.main(arguments) == 0
    found = load_evidence(capsys.readouterr().out.encode())
    assert isinstance(found, PromiseEvidence)
    assert (found.signed, found.domain) == (evidence.signed, DEPLOYMENT.domain)


def test_watch__no_deployment(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "deployment.json"
    arguments = ["watch", "--deployment", str(missing), "--l1", "http://127.0.0.1:9"]
    assert str(missing) in fails(capsys, *arguments, "--state", str(tmp_path / "state"))
