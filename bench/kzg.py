"""What blobs cost a node, in seconds of one core: medians, with the share of a commitment.

A batch is one blob (ADR 0005). Every member computes its commitment to attest it, then the proof
for the archive; who submits it adds the cell proofs.

    make bench-kzg ARGS="--rounds 5"
"""

import argparse
import statistics
import time
from collections.abc import Callable

from sequencer.batches.blobs import decode_blobs, encode_blobs
from sequencer.crypto import kzg
from sequencer.crypto.hashing import keccak, word

BATCH_BYTES = 96 << 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    rounds = parser.parse_args().rounds

    data = b"".join(keccak(word(number)) for number in range(BATCH_BYTES // 32))
    (blob,) = blobs = encode_blobs(data)
    setup = seconds(lambda: kzg.commit(blob), 1)
    commitment = kzg.commit(blob)
    proof = kzg.prove(blob, commitment)
    work: dict[str, Callable[[], object]] = {
        "fill a blob (ENC-14)": lambda: encode_blobs(data),
        "read a blob (ENC-14)": lambda: decode_blobs(blobs),
        "commitment, to attest": lambda: kzg.commit(blob),
        "proof, for the archive": lambda: kzg.prove(blob, commitment),
        "cell proofs, to submit": lambda: kzg.cell_proofs(blob),
        "verify, by a late follower": lambda: kzg.verify(blob, commitment, proof),
    }
    found = {name: seconds(task, rounds) for name, task in work.items()}
    unit = found["commitment, to attest"]
    print(f"{'load the setup, once':28} {setup - unit:9.4f} s {(setup - unit) / unit:7.2f}")
    for name, median in found.items():
        print(f"{name:28} {median:9.4f} s {median / unit:7.2f}")


def seconds(task: Callable[[], object], rounds: int) -> float:
    """Of the processor: other programs do not count."""
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        task()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
