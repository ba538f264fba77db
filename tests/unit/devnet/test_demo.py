"""What the demo says and writes down, and how it compares lists."""

import io
import json
from pathlib import Path

import pytest

from sequencer.devnet.demo.ledger import FinalBlock, Placed, is_from_block, order_of
from sequencer.devnet.demo.run import write_report
from sequencer.devnet.demo.story import CheckFailed, Story
from sequencer.devnet.follower_process import DerivedEntry
from sequencer.devnet.wallets import Rollup, Wallet
from sequencer.errors import LocalFault
from sequencer.ingress.transaction import check_intrinsic, decode_transaction
from sequencer.types import RollupId


def told(story: Story, out: io.StringIO) -> list[str]:
    return out.getvalue().splitlines()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def story(out: io.StringIO) -> Story:
    return Story(out)


def test_a_step_that_holds(story: Story, out: io.StringIO) -> None:
    with story.step("a_ordering", "a. Order.") as record:
        story.note("meanwhile")
        story.quote("another program")
        story.check(condition := True, "it holds")
        record.facts["transactions"] = 7
    assert condition
    assert told(story, out) == [
        "",
        "a. Order.",
        "    meanwhile",
        "    │ another program",
        "  ✓ it holds",
    ]
    assert story.is_complete
    assert record.ok


def test_a_check_that_fails_ends_its_step(story: Story, out: io.StringIO) -> None:
    with pytest.raises(CheckFailed), story.step("a_ordering", "a. Order.") as record:
        story.check(False, "it holds")
    assert told(story, out)[-1] == "  ✗ it holds"
    assert not story.is_complete
    assert record.facts == {"error": "it holds"}


def test_a_fault_is_told_where_it_happens(story: Story, out: io.StringIO) -> None:
    with pytest.raises(LocalFault), story.step("a_ordering", "a. Order."):
        raise LocalFault("node-1 stopped")
    assert told(story, out)[-1] == "  ✗ node-1 stopped"


def test_the_report_repeats_the_headline(story: Story, tmp_path: Path) -> None:
    with story.step("finality", "") as record:
        record.facts.update(finality_ms_p50=12.5, finality_ms_p99=30.0)
    with story.step("b_leader_crash", "") as record:
        record.facts["leader_kill_gap_ms"] = 430
    with story.step("ending", "") as record:
        record.facts.update(follower_matches=True, node_rss_mb_max=77.0)
    path = tmp_path / "build" / "demo.json"
    write_report(path, story, is_ok=True, seconds=160.0)
    report = json.loads(path.read_text())
    steps = report.pop("steps")
    assert report == {
        "ok": True,
        "seconds": 160.0,
        "finality_ms_p50": 12.5,
        "finality_ms_p99": 30.0,
        "leader_kill_gap_ms": 430,
        "follower_matches": True,
        "node_rss_mb_max": 77.0,
    }
    assert [set(step) for step in steps] == [{"name", "ok", "seconds", "facts"}] * 3


def test_the_report_of_a_demo_that_failed(story: Story, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed), story.step("finality", ""):
        story.check(False, "it is quick")
    write_report(tmp_path / "demo.json", story, is_ok=False, seconds=3.0)
    report = json.loads((tmp_path / "demo.json").read_text())
    assert report["ok"] is False
    assert report["follower_matches"] is False
    assert report["finality_ms_p50"] is None
    assert report["steps"][0]["ok"] is False


def test_order_of_one_rollup() -> None:
    chain = [
        FinalBlock(1, "0xb1", "0xp", (Placed(1, "0x01"), Placed(2, "0x02"))),
        FinalBlock(2, "0xb2", "0xp", ()),
        FinalBlock(3, "0xb3", "0xp", (Placed(1, "0x03"),)),
    ]
    assert order_of(chain, RollupId(1)) == ["0x01", "0x03"]
    assert order_of(chain, RollupId(2)) == ["0x02"]


@pytest.mark.parametrize(
    ("source", "skipped", "expected"),
    [("block", None, True), ("forced", None, False), ("block", "no such rollup", False)],
)
def test_what_blocks_bring(source: str, skipped: str | None, expected: bool) -> None:
    entry = DerivedEntry(0, source, 1, 1, 9, "0x01", skipped)
    assert is_from_block(entry) is expected


def test_wallets_sign_what_a_node_accepts() -> None:
    wallet, rollup = Wallet(bytes([5]) * 32), Rollup(RollupId(1), 7001)
    first = wallet.transfer(rollup, wallet.address, 3)
    second = wallet.transfer(rollup, wallet.address, 3)
    assert wallet.transfer(Rollup(RollupId(2), 7002), wallet.address, 3).nonce == 0
    for nonce, signed in enumerate((first, second)):
        transaction = decode_transaction(signed.raw, rollup.chain_id)
        check_intrinsic(transaction)
        assert transaction.hash == signed.hash
        assert transaction.sender == signed.sender == wallet.address
        assert transaction.nonce == signed.nonce == nonce
    wallet.resume(rollup, first.nonce)
    assert wallet.transfer(rollup, wallet.address, 3) == first
