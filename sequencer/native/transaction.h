/* TX-1 and TX-2 for legacy, type 1 and type 2 transactions: the twin of
 * sequencer/ingress/transaction.py. It says only yes; what it does not take, for whatever reason,
 * Python reads, which alone refuses. */

#include <stdbool.h>

#include "keccak.h"

enum { LEGACY = 0, ACCESS_LIST = 1, DYNAMIC_FEE = 2, HINT_BYTES = 96, FACTOR_BYTES = 16 };

/* What a field holds, as it stands in the raw bytes. */
typedef struct {
    const uint8_t *at;
    size_t size;
    bool is_list;
} Item;

/* The items of one list, in order. Once one is wrong, all that follow are empty. */
typedef struct {
    const uint8_t *at, *end;
    bool failed;
} Reader;

typedef struct {
    Item raw;
    uint64_t chain_id; /* it must be for this one */
    bool taken;
    uint8_t kind;
    uint64_t nonce, gas_limit, intrinsic_gas;
    Item to, value, max_fee, max_priority_fee, data;
    uint8_t signature[64], parity; /* r and s */
    uint8_t digest[32], hash[32], sender[20];
} Transaction;

/* libsecp256k1 of coincurve, by address: its public interface (secp256k1_recovery.h). */
typedef struct {
    const void *context;
    int (*parse)(const void *, void *signature, const uint8_t *compact, int recovery_id);
    int (*recover)(const void *, void *key, const void *signature, const uint8_t *digest);
    int (*serialize)(const void *, uint8_t *out, size_t *size, const void *key, unsigned flags);
} Secp256k1;

static const uint8_t HALF_ORDER[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
};

static Item failed(Reader *reader) {
    reader->failed = true;
    reader->at = reader->end;
    return (Item){reader->end, 0, false};
}

static Item next_item(Reader *reader) {
    if (reader->at >= reader->end) return failed(reader);
    const uint8_t *prefix = reader->at, *start = prefix + 1;
    if (*prefix < 0x80) {
        reader->at = start;
        return (Item){prefix, 1, false};
    }
    bool is_list = *prefix >= 0xc0;
    size_t length = *prefix - (is_list ? 0xc0 : 0x80);
    if (length > 55) {
        size_t digits = length - 55;
        /* Four digits are more than any transaction has bytes. */
        if (digits > 4 || digits > (size_t)(reader->end - start) || *start == 0)
            return failed(reader);
        for (length = 0; digits > 0; digits--) length = length << 8 | *start++;
        if (length <= 55) return failed(reader);
    }
    if (length > (size_t)(reader->end - start)) return failed(reader);
    if (length == 1 && !is_list && *start < 0x80) return failed(reader);
    reader->at = start + length;
    return (Item){start, length, is_list};
}

static Item next_list(Reader *reader) {
    Item item = next_item(reader);
    return item.is_list ? item : failed(reader);
}

static Item next_string(Reader *reader) {
    Item item = next_item(reader);
    return item.is_list ? failed(reader) : item;
}

/* A minimal big-endian integer. */
static Item next_integer(Reader *reader, size_t most_bytes) {
    Item item = next_string(reader);
    if (item.size > most_bytes || (item.size > 0 && item.at[0] == 0)) return failed(reader);
    return item;
}

static uint64_t next_u64(Reader *reader) {
    Item item = next_integer(reader, 8);
    uint64_t value = 0;
    for (size_t i = 0; i < item.size; i++) value = value << 8 | item.at[i];
    return value;
}

static Reader inside(Item list) { return (Reader){list.at, list.at + list.size, false}; }

/* EIP-2930: the gas of a list of `[address, [key, ...]]`. */
static uint64_t access_list_gas(Reader *reader) {
    Reader entries = inside(next_list(reader));
    uint64_t gas = 0;
    while (entries.at < entries.end) {
        Reader entry = inside(next_list(&entries));
        if (next_string(&entry).size != 20) failed(&entry);
        Reader keys = inside(next_list(&entry));
        gas += 2400;
        while (keys.at < keys.end) {
            if (next_string(&keys).size != 32) failed(&keys);
            gas += 1900;
        }
        if (entry.at != entry.end || entry.failed || keys.failed) failed(&entries);
    }
    reader->failed |= entries.failed;
    return gas;
}

/* The larger of the intrinsic gas and the calldata floor of EIP-7623. */
static uint64_t intrinsic_gas(Item data, bool is_creation, uint64_t list_gas) {
    uint64_t zeros = 0;
    for (size_t i = 0; i < data.size; i++) zeros += data.at[i] == 0;
    uint64_t tokens = zeros + 4 * (data.size - zeros);
    uint64_t gas = 21000 + 4 * tokens + list_gas;
    if (is_creation) gas += 32000 + 2 * ((data.size + 31) / 32);
    uint64_t floor = 21000 + 10 * tokens;
    return gas > floor ? gas : floor;
}

/* Writes the item of an integer that was read (at most 9 bytes); returns its size. */
static size_t encode_u64(uint64_t value, uint8_t *out) {
    size_t size = 0;
    for (uint64_t rest = value; rest > 0; rest >>= 8) size++;
    if (size == 1 && value < 0x80) {
        out[0] = (uint8_t)value;
        return 1;
    }
    out[0] = (uint8_t)(0x80 + size);
    for (size_t i = 0; i < size; i++) out[1 + i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    return 1 + size;
}

/* The hash of the list without its signature: `items` as they stand, then `tail`. */
static void hash_for_signing(uint8_t kind, Item items, const uint8_t *tail, size_t tail_size,
                             uint8_t digest[32]) {
    size_t length = items.size + tail_size, digits = 0;
    uint8_t prefix[10], *end = prefix;
    if (kind != LEGACY) *end++ = kind;
    if (length <= 55) {
        *end++ = (uint8_t)(0xc0 + length);
    } else {
        for (size_t rest = length; rest > 0; rest >>= 8) digits++;
        *end++ = (uint8_t)(0xf7 + digits);
        for (; digits > 0; digits--) *end++ = (uint8_t)(length >> (8 * (digits - 1)));
    }
    Keccak state;
    keccak_start(&state);
    keccak_update(&state, prefix, (size_t)(end - prefix));
    keccak_update(&state, items.at, items.size);
    keccak_update(&state, tail, tail_size);
    keccak_finish(&state, digest);
}

/* ENC-3 without its curve: r and s as words, s low. */
static bool read_signature(Item r, Item s, uint8_t signature[64]) {
    if (r.size == 0 || s.size == 0) return false;
    memset(signature, 0, 64);
    memcpy(signature + 32 - r.size, r.at, r.size);
    memcpy(signature + 64 - s.size, s.at, s.size);
    return memcmp(signature + 32, HALF_ORDER, 32) <= 0;
}

/* ENC-3: the sender of a transaction that was read and the point of its key, or false. */
static bool recover_sender(const Secp256k1 *secp, Transaction *tx, uint8_t key[64]) {
    uint8_t signature[65], opaque[64], point[65], hash[32];
    size_t size = sizeof point;
    const unsigned uncompressed = 2; /* SECP256K1_EC_UNCOMPRESSED */
    if (!secp->parse(secp->context, signature, tx->signature, tx->parity)) return false;
    if (!secp->recover(secp->context, opaque, signature, tx->digest)) return false;
    if (!secp->serialize(secp->context, point, &size, opaque, uncompressed)) return false;
    memcpy(key, point + 1, 64);
    keccak256(key, 64, hash);
    memcpy(tx->sender, hash + 12, 20);
    return true;
}

/* Fills `tx` from `tx->raw` but for its sender, or false. */
static bool read_transaction(Transaction *tx) {
    uint64_t chain_id = tx->chain_id;
    if (tx->raw.size == 0) return false;
    Reader whole = inside(tx->raw);
    tx->kind = tx->raw.at[0] >= 0xc0 ? LEGACY : tx->raw.at[0]; /* a byte 0 is no list */
    if (tx->kind != LEGACY) whole.at++;
    if (tx->kind > DYNAMIC_FEE) return false;
    Item body = next_list(&whole);
    if (whole.failed || whole.at != whole.end) return false;

    Reader fields = inside(body);
    if (tx->kind != LEGACY && next_u64(&fields) != chain_id) return false;
    tx->nonce = next_u64(&fields);
    tx->max_priority_fee = next_integer(&fields, 32);
    tx->max_fee = tx->kind == DYNAMIC_FEE ? next_integer(&fields, 32) : tx->max_priority_fee;
    tx->gas_limit = next_u64(&fields);
    tx->to = next_string(&fields);
    tx->value = next_integer(&fields, 32);
    tx->data = next_string(&fields);
    uint64_t list_gas = tx->kind == LEGACY ? 0 : access_list_gas(&fields);
    Item signed_items = {body.at, (size_t)(fields.at - body.at), true};
    uint64_t parity = next_u64(&fields);
    Item r = next_integer(&fields, 32), s = next_integer(&fields, 32);

    uint8_t tail[11];
    size_t tail_size = 0;
    if (tx->kind == LEGACY) { /* EIP-155 */
        if (chain_id > UINT64_MAX / 4) return false;
        parity -= 35 + 2 * chain_id;
        tail_size = encode_u64(chain_id, tail);
        tail[tail_size++] = 0x80, tail[tail_size++] = 0x80;
    }
    if (fields.failed || fields.at != fields.end || parity > 1) return false;
    if (tx->nonce == UINT64_MAX || (tx->to.size != 0 && tx->to.size != 20)) return false;
    if (!read_signature(r, s, tx->signature)) return false;

    tx->parity = (uint8_t)parity;
    hash_for_signing(tx->kind, signed_items, tail, tail_size, tx->digest);
    keccak256(tx->raw.at, tx->raw.size, tx->hash);
    tx->intrinsic_gas = intrinsic_gas(tx->data, tx->to.size == 0, list_gas);
    return true;
}
