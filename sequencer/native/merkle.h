/* ENC-11: leaves and root of a block's Merkle tree, the twin of sequencer/blocks/merkle.py. */

#include "keccak.h"

enum { ROLLUP_BYTES = 4, ENTRY_BYTES = ROLLUP_BYTES + 32 + 16 };

/* The leaf of a transaction from its entry: rollup, transaction hash, order key. */
static void leaf_hash(const uint8_t *entry, size_t position, uint8_t leaf[32]) {
    const uint8_t place[4] = {(uint8_t)(position >> 24), (uint8_t)(position >> 16),
                              (uint8_t)(position >> 8), (uint8_t)position};
    Keccak state;
    keccak_start(&state);
    keccak_update(&state, (const uint8_t *)"\x00", 1);
    keccak_update(&state, entry, ROLLUP_BYTES);
    keccak_update(&state, place, sizeof place);
    keccak_update(&state, entry + ROLLUP_BYTES, ENTRY_BYTES - ROLLUP_BYTES);
    keccak_finish(&state, leaf);
}

/* The root over `count` leaves, at least one; `level` is overwritten. */
static void merkle_root(uint8_t *level, size_t count, uint8_t root[32]) {
    uint8_t node[65] = {0x01};
    for (; count > 1; count = (count + 1) / 2) {
        for (size_t i = 0; i < count / 2; i++) {
            memcpy(node + 1, level + 64 * i, 64);
            keccak256(node, sizeof node, level + 32 * i);
        }
        if (count % 2) memmove(level + 32 * (count / 2), level + 32 * (count - 1), 32);
    }
    memcpy(root, level, 32);
}
