"""Parameter sets: the named ones hold TIME-4; one's own is checked entry by entry."""

from pathlib import Path

import pytest

from sequencer.deployment.economy import PARAMETER_NAMES
from sequencer.deployment.parameters import PARAMETER_SETS, Parameters, load_parameters
from sequencer.errors import LocalFault

OWN = """
genesis_delay_seconds = 3600

[times]
epoch_seconds = 3600
commit_grace_seconds = 7200
evidence_seconds = 86400
unbonding_seconds = 604800

[stake]
min_bond_gwei = 32000000000

[slashing]
jail_seconds = 604800
reward_bps = 500

[fees]
notice_seconds = 604800

[timelock]
delay_seconds = 612000

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
    times = load_parameters(name).times
    windows = 3 * times.epoch_seconds + times.commit_grace_seconds + times.evidence_seconds
    assert times.unbonding_seconds >= windows


def test_own_set(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    parameters = load_parameters(str(path))
    assert isinstance(parameters, Parameters)
    values = dict(zip(PARAMETER_NAMES, parameters.initial_values, strict=True))
    assert values["MIN_BOND_WEI"] == 32 * 10**18
    assert (values["REWARD_BPS"], values["JAIL_SECONDS"]) == (500, 604_800)
    assert parameters.inbox.max_bytes == 32 << 10


def test_neither_name_nor_file() -> None:
    with pytest.raises(LocalFault, match=r"'mainnet': neither a named set \(devnet, demo\) nor"):
        load_parameters("mainnet")


@pytest.mark.parametrize(
    ("line", "replacement", "complaint"),
    [
        ("unbonding_seconds = 604800", "unbonding_seconds = 104399", "is below 104400.*TIME-4"),
        ("window_seconds = 43200", "window_seconds = 82800", "86400.*evidence.*86400.*DATA-7"),
        ("answer_seconds = 3600", "answer_seconds = 0", r"\$\.data\.answer_seconds"),
        ("min_size = 4", "min_size = 65", "min_size 65 is above max_size 64"),
        ("max_size = 64", "max_size = 129", r"\$\.committee\.max_size"),
        ("delay_seconds = 612000", "delay_seconds = 611999", "611999 of the timelock.*PARAM-1"),
        ("reward_bps = 500", "reward_bps = 1501", r"\$\.slashing\.reward_bps"),
        ("min_bond_gwei = 32000000000", "min_bond_gwei = 0", r"\$\.stake\.min_bond_gwei"),
        ("min_bond_gwei = 32000000000", "", "min_bond_gwei"),
        ("[timelock]", "[timelock]\nproposers = ['0x1']", r"\$\.timelock\.proposers"),
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
