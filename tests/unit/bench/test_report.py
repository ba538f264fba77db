from typing import Any

from bench.throughput.context import is_past_best, smallest_good, summary
from bench.throughput.l1_cost import cost_of
from bench.throughput.report import headline, table

KEYS = [
    "throughput_tx_s",
    "ratio_vs_anvil",
    "ratio_vs_cometbft",
    "finality_ms_light_p50",
    "finality_ms_light_p99",
    "finality_ms_half_p50",
    "overload_peak_ratio",
    "one_dead_ratio",
    "rollups20_ratio",
]


def run(rate: float, p50: float = 5.0, p99: float = 9.0) -> dict[str, Any]:
    latency = {"p50": p50, "p99": p99}
    return {"final_tx_s": rate, "finality_ms": latency, "cpu_us_per_tx_all": 70.0}


RESULTS = {
    "saturation": run(20_000),
    "latency": {"1%": run(200), "50%": run(10_000, p50=80.0), "noise": {"steal_percent": 0}},
    "overload": run(19_000),
    "one-dead": run(16_000),
    "rollups-20": run(19_500),
    "derived": {"derivation": {"accepted": 1_200, "missing": 3}},
    "anvil": {"tx_s": 5_000},
    "cometbft": {"skipped": "there is no `go` here to build it with"},
}


def test_headline__all_measured__has_every_key_and_ratio() -> None:
    expected = [20_000, 4.0, None, 5.0, 9.0, 80.0, 0.95, 0.8, 0.975]
    assert list(headline(RESULTS).items()) == list(zip(KEYS, expected, strict=True))


def test_headline__nothing_measured__has_every_key_without_a_figure() -> None:
    assert headline({}) == dict.fromkeys(KEYS)


def test_table__results__has_a_line_for_each_load_and_each_reason() -> None:
    lines = table(RESULTS)[2:]
    assert [line.split()[0] for line in lines] == [
        *("saturation", "latency", "latency"),
        *("overload", "one-dead", "rollups-20", "derived", "anvil", "cometbft"),
    ]
    assert "there is no `go` here" in lines[-1]
    assert lines[-3].endswith("3 missing of 1,200 accepted")
    assert lines[2].split() == ["latency", "50%", "10,000", "0.50", "80.0", "9.0", "70"]


def test_summary__three_runs__takes_medians_and_keeps_all_rates() -> None:
    found = summary([run(3, p50=30), run(1, p50=10), run(2, p50=20)])
    assert (found["final_tx_s"], found["finality_ms"]["p50"]) == (2, 20)
    assert found["rates_of_runs"] == [3, 1, 2]


def test_summary__one_run_without_latency__takes_those_that_have_one() -> None:
    found = summary([{**run(1), "finality_ms": {}}, run(2, p50=20)])
    assert found["finality_ms"] == {"p50": 20, "p99": 9.0}


def test_cost_of__calldata_and_blobs__are_both_counted() -> None:
    commits = [
        {"gasUsed": "0x64", "input": "0x" + "ab" * 30},
        {"gasUsed": "0xc8", "blobGasUsed": "0x20000", "input": "0x" + "ab" * 10},
    ]
    found = cost_of(commits, 10)
    assert (found["gas_per_tx"], found["calldata_bytes_per_tx"]) == (30.0, 4.0)
    assert found["blob_bytes_per_tx"] == 13_107.2
    assert found["gwei_per_tx"]["10"] == 30 * 10 + 13_107.2


def test_is_past_best__one_bad_window__is_noise() -> None:
    assert not is_past_best([100.0, 10.0])
    assert not is_past_best([100.0, 10.0, 90.0])
    assert is_past_best([100.0, 10.0, 79.0])


def test_smallest_good__is_the_first_that_is_nearly_the_best() -> None:
    assert smallest_good({500: 80.0, 1_000: 95.0, 2_000: 100.0, 4_000: 99.0}) == 1_000
    assert smallest_good({500: 10.0}) == 500
