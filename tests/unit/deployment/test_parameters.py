"""Parameter sets: the named ones hold TIME-4; one's own is checked entry by entry."""

from pathlib import Path

import pytest

from sequencer.deployment.parameters import PARAMETER_SETS, Parameters, load_parameters
from sequencer.errors import LocalFault

OWN = """
genesis_delay_seconds = 3600

[bond]
min_bond_gwei = 32000000000
epoch_seconds = 3600
commit_grace_seconds = 7200
evidence_seconds = 86400
unbonding_seconds = 604800
slash_bps = 5000
reward_bps = 1000

[committee]
min_size = 4
max_size = 64

[inbox]
force_window_seconds = 86400

[rollups]
exit_delay_seconds = 604800

[fallback]
liveness_seconds = 86400
overdue_seconds = 43200
tail_seconds = 3600

[data]
window_seconds = 43200
answer_seconds = 3600
"""


@pytest.mark.parametrize("name", PARAMETER_SETS)
def test_named_sets_hold_time_4(name: str) -> None:
    bond = load_parameters(name).bond
    windows = 2 * bond.epoch_seconds + bond.commit_grace_seconds + bond.evidence_seconds
    assert bond.unbonding_seconds >= windows


def test_own_set(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    parameters = load_parameters(str(path))
    assert isinstance(parameters, Parameters)
    assert parameters.bond.min_bond_wei == 32 * 10**18
    assert parameters.inbox.max_bytes == 32 << 10


def test_neither_name_nor_file() -> None:
    with pytest.raises(LocalFault, match=r"'mainnet': neither a named set \(devnet, demo\) nor"):
        load_parameters("mainnet")


@pytest.mark.parametrize(
    ("line", "replacement", "complaint"),
    [
        ("unbonding_seconds = 604800", "unbonding_seconds = 100799", "is below 100800.*TIME-4"),
        ("window_seconds = 43200", "window_seconds = 82800", "86400.*evidence.*86400.*DATA-7"),
        ("answer_seconds = 3600", "answer_seconds = 0", r"\$\.data\.answer_seconds"),
        ("min_size = 4", "min_size = 65", "min_size 65 is above max_size 64"),
        ("max_size = 64", "max_size = 129", r"\$\.committee\.max_size"),
        ("slash_bps = 5000", "slash_bps = 0", r"\$\.bond\.slash_bps"),
        ("reward_bps = 1000", "reward_bps = 10000", r"\$\.bond\.reward_bps"),
        ("reward_bps = 1000", "", "reward_bps"),
        ("[inbox]", "[inbox]\npause = true", "pause"),
        ("[inbox]", "[network]\nblock_bytes = 53249\n[inbox]", "block_bytes 53249.*at most 53248"),
        ("[inbox]", "[inbox", "Expected"),
    ],
)
def test_wrong_entries_are_named(
    tmp_path: Path, line: str, replacement: str, complaint: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(line, replacement))
    with pytest.raises(LocalFault, match=f"own.toml: .*{complaint}"):
        load_parameters(str(path))
