import os
import subprocess
import sys
import tomllib
from pathlib import Path

from bench.throughput.machine import Noise, Watch, cpu_seconds, environment, resident_mb
from bench.throughput.peers import configure, median_run

BUSY = (
    "import sys, time\nwhile time.process_time() < 0.2: pass\nprint(flush=True); sys.stdin.read()"
)


def test_cpu_seconds__process_that_worked__is_what_it_used() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 0.15 < cpu_seconds(process.pid) < 2
        assert 1 < resident_mb(process.pid) < 200
        process.kill()
    assert cpu_seconds(process.pid) == 0


def test_noise__spread__is_the_slowest_over_the_fastest() -> None:
    assert round(Noise((10.0, 12.0, 11.0), 0.0, 0.0).spread_percent) == 20
    assert Watch().stop().spread_percent >= 0


def test_environment__says_nothing_of_names_and_places() -> None:
    told = str(environment())
    assert os.uname().nodename not in told
    assert str(Path.home()) not in told


def test_configure__toml__replaces_what_is_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('level = "info"\n[a]\nsize = 1 # here\nkeep = 2\n[b]\nsize = 1\n')
    configure(file, {"level": "error", "a.size": 7, "b.absent": True})
    assert tomllib.loads(file.read_text()) == {
        "level": "error",
        "a": {"size": 7, "keep": 2},
        "b": {"size": 1},
    }


def test_median_run__three__is_the_middle_one_with_all_rates() -> None:
    found = median_run([{"tx_s": 5, "n": "x"}, {"tx_s": 1, "n": "y"}, {"tx_s": 3, "n": "z"}])
    assert found == {"tx_s": 3, "n": "z", "rates_of_runs": [5, 1, 3]}
