/* Keccak-256 (the padding of Ethereum, not of SHA-3), for machines of any byte order. */

#ifndef SWITCHYARD_KECCAK_H
#define SWITCHYARD_KECCAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KECCAK_RATE = 136, KECCAK_LANES = 25, KECCAK_ROUNDS = 24 };

typedef struct {
    uint64_t lanes[KECCAK_LANES];
    uint8_t block[KECCAK_RATE];
    size_t used; /* bytes of `block` that wait */
} Keccak;

static const uint64_t KECCAK_CONSTANTS[KECCAK_ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

#define ROTATED(x, by) ((x) << (by) | (x) >> (64 - (by)))
#define COLUMN(x) (a[x] ^ a[(x) + 5] ^ a[(x) + 10] ^ a[(x) + 15] ^ a[(x) + 20])
/* Rho and pi for one lane: turned by `by`, it goes to place `to`. */
#define MOVE(to, from, by) b[to] = ROTATED(a[from] ^ d[(from) % 5], by)
/* Chi for one row. */
#define ROW(y)                                       \
    a[(y)] = b[(y)] ^ (~b[(y) + 1] & b[(y) + 2]);     \
    a[(y) + 1] = b[(y) + 1] ^ (~b[(y) + 2] & b[(y) + 3]); \
    a[(y) + 2] = b[(y) + 2] ^ (~b[(y) + 3] & b[(y) + 4]); \
    a[(y) + 3] = b[(y) + 3] ^ (~b[(y) + 4] & b[(y)]);     \
    a[(y) + 4] = b[(y) + 4] ^ (~b[(y)] & b[(y) + 1])

/* Keccak-f[1600] as FIPS 202 has it, with every index a constant. */
static void keccak_permute(uint64_t lanes[KECCAK_LANES]) {
    uint64_t a[KECCAK_LANES], b[KECCAK_LANES], c[5], d[5];
    memcpy(a, lanes, sizeof a);
    for (int round = 0; round < KECCAK_ROUNDS; round++) {
        c[0] = COLUMN(0), c[1] = COLUMN(1), c[2] = COLUMN(2), c[3] = COLUMN(3), c[4] = COLUMN(4);
        d[0] = c[4] ^ ROTATED(c[1], 1), d[1] = c[0] ^ ROTATED(c[2], 1);
        d[2] = c[1] ^ ROTATED(c[3], 1), d[3] = c[2] ^ ROTATED(c[4], 1);
        d[4] = c[3] ^ ROTATED(c[0], 1);
        b[0] = a[0] ^ d[0];
        MOVE(1, 6, 44), MOVE(2, 12, 43), MOVE(3, 18, 21), MOVE(4, 24, 14);
        MOVE(5, 3, 28), MOVE(6, 9, 20), MOVE(7, 10, 3), MOVE(8, 16, 45), MOVE(9, 22, 61);
        MOVE(10, 1, 1), MOVE(11, 7, 6), MOVE(12, 13, 25), MOVE(13, 19, 8), MOVE(14, 20, 18);
        MOVE(15, 4, 27), MOVE(16, 5, 36), MOVE(17, 11, 10), MOVE(18, 17, 15), MOVE(19, 23, 56);
        MOVE(20, 2, 62), MOVE(21, 8, 55), MOVE(22, 14, 39), MOVE(23, 15, 41), MOVE(24, 21, 2);
        ROW(0);
        ROW(5);
        ROW(10);
        ROW(15);
        ROW(20);
        a[0] ^= KECCAK_CONSTANTS[round];
    }
    memcpy(lanes, a, sizeof a);
}

static void keccak_take_block(Keccak *state, const uint8_t *block) {
    for (int lane = 0; lane < KECCAK_RATE / 8; lane++) {
        const uint8_t *at = block + 8 * lane;
        state->lanes[lane] ^= (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
                              (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 |
                              (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
                              (uint64_t)at[7] << 56;
    }
    keccak_permute(state->lanes);
}

static void keccak_start(Keccak *state) {
    memset(state->lanes, 0, sizeof state->lanes);
    state->used = 0;
}

static void keccak_update(Keccak *state, const uint8_t *data, size_t size) {
    while (size > 0) {
        if (state->used == 0 && size >= KECCAK_RATE) {
            keccak_take_block(state, data);
            data += KECCAK_RATE, size -= KECCAK_RATE;
            continue;
        }
        size_t room = KECCAK_RATE - state->used;
        size_t part = size < room ? size : room;
        memcpy(state->block + state->used, data, part);
        state->used += part, data += part, size -= part;
        if (state->used == KECCAK_RATE) {
            keccak_take_block(state, state->block);
            state->used = 0;
        }
    }
}

static void keccak_finish(Keccak *state, uint8_t digest[32]) {
    memset(state->block + state->used, 0, KECCAK_RATE - state->used);
    state->block[state->used] = 0x01;
    state->block[KECCAK_RATE - 1] |= 0x80;
    keccak_take_block(state, state->block);
    for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(state->lanes[i / 8] >> (8 * (i % 8)));
}

static void keccak256(const uint8_t *data, size_t size, uint8_t digest[32]) {
    Keccak state;
    keccak_start(&state);
    keccak_update(&state, data, size);
    keccak_finish(&state, digest);
}

#endif
