/* Many signatures checked at once, by what libsecp256k1 has inside: one sum over all of them, each
 * with a random factor that no sender knows, is zero (docs/adr/0009).
 *
 * A signature (r, s) of z by key Q holds if R = (z/s) G + (r/s) Q, where R is the point of x = r and
 * the stated parity. A hint states Q and the y of R, which recovering would compute. */

#define SECP256K1_BUILD 1
#define USE_ENDOMORPHISM 1
#define USE_NUM_NONE 1
#define USE_FIELD_INV_BUILTIN 1
#define USE_SCALAR_INV_BUILTIN 1
#define ECMULT_WINDOW_SIZE 2 /* of a table for the generator, which is not built */
#ifdef __SIZEOF_INT128__
#define HAVE___INT128 1
#define USE_FIELD_5X52 1
#define USE_SCALAR_4X64 1
#else
#define USE_FIELD_10X26 1
#define USE_SCALAR_8X32 1
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#include "include/secp256k1.h"
#include "util.h"
#include "num_impl.h"
#include "field_impl.h"
#include "scalar_impl.h"
#include "group_impl.h"
#include "scratch_impl.h"
#include "ecmult_impl.h"
#pragma GCC diagnostic pop

enum { SLOTS = 4096, NO_TERM = 0 };

typedef struct {
    secp256k1_scalar factor;
    secp256k1_ge point;
} Term;

typedef struct {
    Transaction *tx;
    const uint8_t *random;
    secp256k1_ge key;
    secp256k1_scalar r, s, before; /* `before`: the product of all s before this one */
} Signature;

typedef struct {
    size_t signatures, terms;
    Signature *signature;
    Term *term;     /* of the generator, of each R, of each key */
    uint16_t *slot; /* SLOTS: where among the terms a key is */
} Batch;

static void on_libsecp256k1_error(const char *text, void *data) { (void)text, (void)data; }

static const secp256k1_callback ON_ERROR = {on_libsecp256k1_error, NULL};

static bool load_point(secp256k1_ge *point, const uint8_t x[32], const uint8_t y[32]) {
    secp256k1_fe fx, fy;
    if (!secp256k1_fe_set_b32(&fx, x) || !secp256k1_fe_set_b32(&fy, y)) return false;
    secp256k1_ge_set_xy(point, &fx, &fy);
    return secp256k1_ge_is_valid_var(point);
}

static bool load_scalar(secp256k1_scalar *scalar, const uint8_t bytes[32]) {
    int overflow;
    secp256k1_scalar_set_b32(scalar, bytes, &overflow);
    return !overflow && !secp256k1_scalar_is_zero(scalar);
}

/* The hint for a transaction whose key was recovered. */
static void make_hint(const Transaction *tx, const uint8_t key[64], uint8_t hint[HINT_BYTES]) {
    secp256k1_fe x;
    secp256k1_ge point;
    secp256k1_fe_set_b32(&x, tx->signature);
    secp256k1_ge_set_xo_var(&point, &x, tx->parity);
    secp256k1_fe_normalize_var(&point.y);
    memcpy(hint, key, 64);
    secp256k1_fe_get_b32(hint + 64, &point.y);
}

static bool allocate_batch(Batch *batch, size_t most) {
    batch->signature = malloc(most * sizeof *batch->signature);
    batch->term = malloc((1 + 2 * most) * sizeof *batch->term);
    batch->slot = calloc(SLOTS, sizeof *batch->slot);
    return batch->signature != NULL && batch->term != NULL && batch->slot != NULL;
}

static void free_batch(Batch *batch) {
    free(batch->signature);
    free(batch->term);
    free(batch->slot);
}

/* Takes the signature of a transaction into the batch if its hint is of the right form. */
static bool add_signature(Batch *batch, Transaction *tx, const uint8_t *hint,
                          const uint8_t *random) {
    Signature *entry = &batch->signature[batch->signatures];
    secp256k1_ge *r_point = &batch->term[1 + batch->signatures].point;
    if (!load_scalar(&entry->r, tx->signature) || !load_scalar(&entry->s, tx->signature + 32) ||
        !load_point(r_point, tx->signature, hint + 64) || (hint[95] & 1) != tx->parity ||
        !load_point(&entry->key, hint, hint + 32))
        return false;
    uint8_t hash[32];
    keccak256(hint, 64, hash);
    memcpy(tx->sender, hash + 12, 20);
    entry->tx = tx;
    entry->random = random;
    batch->signatures++;
    return true;
}

static bool is_same(const secp256k1_ge *one, const secp256k1_ge *other) {
    return memcmp(&one->x, &other->x, sizeof one->x) == 0 &&
           memcmp(&one->y, &other->y, sizeof one->y) == 0;
}

/* The term of a key, one for all its signatures. */
static Term *term_of(Batch *batch, const secp256k1_ge *key) {
    for (size_t at = (size_t)key->x.n[0];; at++) {
        uint16_t *slot = &batch->slot[at % SLOTS];
        Term *term = &batch->term[*slot];
        if (*slot != NO_TERM && !is_same(&term->point, key)) continue;
        if (*slot == NO_TERM) {
            *slot = (uint16_t)batch->terms;
            term = &batch->term[batch->terms++];
            term->point = *key;
            secp256k1_scalar_set_int(&term->factor, 0);
        }
        return term;
    }
}

/* The terms a R - (a z/s) G - (a r/s) Q of all signatures, with a random a of 128 bits for each. */
static void write_terms(Batch *batch) {
    Term *generator = &batch->term[0];
    secp256k1_scalar inverse, product, part;
    generator->point = secp256k1_ge_const_g;
    secp256k1_scalar_set_int(&generator->factor, 0);
    secp256k1_scalar_set_int(&product, 1);
    for (size_t i = 0; i < batch->signatures; i++) {
        batch->signature[i].before = product;
        secp256k1_scalar_mul(&product, &product, &batch->signature[i].s);
    }
    secp256k1_scalar_inverse_var(&inverse, &product);
    batch->terms = 1 + batch->signatures;
    for (size_t i = batch->signatures; i-- > 0;) {
        const Signature *entry = &batch->signature[i];
        secp256k1_scalar *factor = &batch->term[1 + i].factor;
        uint8_t bytes[32] = {0};
        memcpy(bytes + 32 - FACTOR_BYTES, entry->random, FACTOR_BYTES);
        secp256k1_scalar_set_b32(factor, bytes, NULL);
        secp256k1_scalar a_by_s, z;
        secp256k1_scalar_mul(&a_by_s, &inverse, &entry->before);
        secp256k1_scalar_mul(&a_by_s, &a_by_s, factor);
        secp256k1_scalar_negate(&a_by_s, &a_by_s);
        secp256k1_scalar_mul(&inverse, &inverse, &entry->s);
        secp256k1_scalar_set_b32(&z, entry->tx->digest, NULL);
        secp256k1_scalar_mul(&part, &a_by_s, &z);
        secp256k1_scalar_add(&generator->factor, &generator->factor, &part);
        secp256k1_scalar *key_factor = &term_of(batch, &entry->key)->factor;
        secp256k1_scalar_mul(&part, &a_by_s, &entry->r);
        secp256k1_scalar_add(key_factor, key_factor, &part);
    }
}

static int give_term(secp256k1_scalar *factor, secp256k1_ge *point, size_t index, void *terms) {
    *factor = ((const Term *)terms)[index].factor;
    *point = ((const Term *)terms)[index].point;
    return 1;
}

/* Whether all signatures of the batch hold: wrongly true with a chance of 2^-128. */
static bool all_hold(Batch *batch) {
    if (batch->signatures == 0) return true;
    write_terms(batch);
    /* Room for all at once by either of libsecp256k1's algorithms; not touched where not needed. */
    secp256k1_scratch *scratch = secp256k1_scratch_create(&ON_ERROR, (1 << 20) + batch->terms * 640);
    secp256k1_gej sum;
    bool is_zero = scratch != NULL &&
                   secp256k1_ecmult_multi_var(&ON_ERROR, NULL, scratch, &sum, NULL, give_term,
                                              batch->term, batch->terms) &&
                   secp256k1_gej_is_infinity(&sum);
    secp256k1_scratch_destroy(&ON_ERROR, scratch);
    return is_zero;
}
