/* Work on many transactions in one call, without Python's lock (docs/adr/0009). */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "merkle.h"
#include "transaction.h"

/* Transactions between two looks at Python: bounds memory (336 KiB) and how long a wait for the
 * lock can be in vain. */
enum { CHUNK = 1024 };

#if __has_include("ecmult_impl.h")
#define HAS_BATCH 1
#include "batch.h"
enum { HAS_HINTS = true };
#else /* libsecp256k1's sources come with the packages of npm */
enum { HAS_HINTS = false };
#endif

static Secp256k1 secp;

static PyObject *connect(PyObject *module, PyObject *args) {
    unsigned long long context, parse, recover, serialize;
    if (!PyArg_ParseTuple(args, "KKKK", &context, &parse, &recover, &serialize)) return NULL;
    secp.context = (const void *)(uintptr_t)context;
    secp.parse = (int (*)(const void *, void *, const uint8_t *, int))(uintptr_t)parse;
    secp.recover = (int (*)(const void *, void *, const void *, const uint8_t *))(uintptr_t)recover;
    secp.serialize =
        (int (*)(const void *, uint8_t *, size_t *, const void *, unsigned))(uintptr_t)serialize;
    Py_RETURN_NONE;
}

static PyObject *bytes_from(Item item) {
    return PyBytes_FromStringAndSize((const char *)item.at, (Py_ssize_t)item.size);
}

static PyObject *integer_from(Item item) {
    char digits[65];
    if (item.size <= 8) {
        uint64_t value = 0;
        for (size_t i = 0; i < item.size; i++) value = value << 8 | item.at[i];
        return PyLong_FromUnsignedLongLong(value);
    }
    for (size_t i = 0; i < item.size; i++) {
        digits[2 * i] = "0123456789abcdef"[item.at[i] >> 4];
        digits[2 * i + 1] = "0123456789abcdef"[item.at[i] & 15];
    }
    digits[2 * item.size] = 0;
    return PyLong_FromString(digits, NULL, 16);
}

/* A Transaction of sequencer/ingress/transaction.py; its fields are positional, in this order. */
static PyObject *transaction_from(PyObject *type, PyObject *raw, const Transaction *tx,
                                  PyObject *chain_id) {
    enum { FIELDS = 13 };
    PyObject *fields[FIELDS] = {
        Py_NewRef(raw),
        PyBytes_FromStringAndSize((const char *)tx->hash, sizeof tx->hash),
        PyLong_FromLong(tx->kind),
        Py_NewRef(chain_id),
        PyLong_FromUnsignedLongLong(tx->nonce),
        PyBytes_FromStringAndSize((const char *)tx->sender, sizeof tx->sender),
        tx->to.size == 0 ? Py_NewRef(Py_None) : bytes_from(tx->to),
        integer_from(tx->value),
        PyLong_FromUnsignedLongLong(tx->gas_limit),
        integer_from(tx->max_fee),
        integer_from(tx->max_priority_fee),
        bytes_from(tx->data),
        PyLong_FromUnsignedLongLong(tx->intrinsic_gas),
    };
    bool whole = true;
    for (int i = 0; i < FIELDS; i++) whole &= fields[i] != NULL;
    PyObject *made = whole ? PyObject_Vectorcall(type, fields, FIELDS, NULL) : NULL;
    for (int i = 0; i < FIELDS; i++) Py_XDECREF(fields[i]);
    return made;
}

/* What one call works on, in parts of CHUNK. */
typedef struct {
    PyObject *raws, *chain_ids; /* tuples of our own: nobody takes an item away */
    PyObject *type;
    PyObject *hints;       /* to fill, or a tuple of those to use */
    const uint8_t *random; /* for hints to use, FACTOR_BYTES for each */
    Py_ssize_t random_bytes;
    size_t most_bytes;
    Transaction *chunk;
} Job;

static Item item_from(PyObject *raw, size_t most_bytes) {
    size_t size = PyBytes_CheckExact(raw) ? (size_t)PyBytes_GET_SIZE(raw) : 0;
    if (size == 0 || size > most_bytes) return (Item){NULL, 0, false};
    return (Item){(const uint8_t *)PyBytes_AS_STRING(raw), size, false};
}

/* Gives each of the part its bytes and its chain; false with an exception set. */
static bool set_out(const Job *job, Py_ssize_t start, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++) {
        Transaction *tx = &job->chunk[i];
        tx->raw = item_from(PyTuple_GET_ITEM(job->raws, start + i), job->most_bytes);
        tx->chain_id = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(job->chain_ids, start + i));
    }
    return !PyErr_Occurred();
}

/* One result for each of the part of `count` from `start`; false with an exception set. */
static bool give_results(const Job *job, Py_ssize_t start, Py_ssize_t count, PyObject *out) {
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *raw = PyTuple_GET_ITEM(job->raws, start + i);
        PyObject *made = job->chunk[i].taken
                             ? transaction_from(job->type, raw, &job->chunk[i],
                                                PyTuple_GET_ITEM(job->chain_ids, start + i))
                             : Py_NewRef(Py_None);
        if (made == NULL) return false;
        PyList_SET_ITEM(out, start + i, made);
    }
    return true;
}

static bool decode_part(const Job *job, Py_ssize_t start, Py_ssize_t count, PyObject *out) {
    Transaction *chunk = job->chunk;
    if (!set_out(job, start, count)) return false;
    uint8_t(*hints)[HINT_BYTES] = NULL;
    if (job->hints != NULL) {
        hints = PyMem_Malloc((size_t)count * HINT_BYTES);
        if (hints == NULL) return PyErr_NoMemory() != NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t i = 0; i < count; i++) {
        uint8_t key[64];
        chunk[i].taken = read_transaction(&chunk[i]) && recover_sender(&secp, &chunk[i], key);
#ifdef HAS_BATCH
        if (hints != NULL && chunk[i].taken) make_hint(&chunk[i], key, hints[i]);
#endif
    }
    Py_END_ALLOW_THREADS;
    bool is_done = give_results(job, start, count, out);
    for (Py_ssize_t i = 0; is_done && hints != NULL && i < count; i++) {
        Py_ssize_t size = HAS_HINTS && chunk[i].taken ? HINT_BYTES : 0;
        PyObject *hint = PyBytes_FromStringAndSize((const char *)hints[i], size);
        is_done = hint != NULL && PyList_Append(job->hints, hint) == 0;
        Py_XDECREF(hint);
    }
    PyMem_Free(hints);
    return is_done;
}

#ifdef HAS_BATCH
static bool verify_part(const Job *job, Py_ssize_t start, Py_ssize_t count, PyObject *out) {
    Transaction *chunk = job->chunk;
    if (!set_out(job, start, count)) return false;
    Batch batch = {0};
    const uint8_t *hints[CHUNK];
    for (Py_ssize_t i = 0; i < count; i++) {
        Item hint = item_from(PyTuple_GET_ITEM(job->hints, start + i), HINT_BYTES);
        hints[i] = hint.size == HINT_BYTES ? hint.at : NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    if (allocate_batch(&batch, (size_t)count)) {
        for (Py_ssize_t i = 0; i < count; i++)
            chunk[i].taken =
                hints[i] != NULL && read_transaction(&chunk[i]) &&
                add_signature(&batch, &chunk[i], hints[i], job->random + FACTOR_BYTES * (start + i));
        if (!all_hold(&batch))
            for (Py_ssize_t i = 0; i < count; i++) chunk[i].taken = false;
    } else {
        for (Py_ssize_t i = 0; i < count; i++) chunk[i].taken = false;
    }
    free_batch(&batch);
    Py_END_ALLOW_THREADS;
    return give_results(job, start, count, out);
}
#endif

typedef bool (*Part)(const Job *, Py_ssize_t start, Py_ssize_t count, PyObject *out);

/* Does `job` part by part, on copies of these sequences, with `hints` of one for each, or NULL. */
static PyObject *run(Job *job, PyObject *raws, PyObject *chain_ids, PyObject *hints, Part part) {
    PyObject *out = NULL;
    job->raws = PySequence_Tuple(raws);
    job->chain_ids = job->raws == NULL ? NULL : PySequence_Tuple(chain_ids);
    if (hints != NULL) job->hints = job->chain_ids == NULL ? NULL : PySequence_Tuple(hints);
    if (PyErr_Occurred()) goto done;
    Py_ssize_t count = PyTuple_GET_SIZE(job->raws);
    if (secp.context == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "not connected");
        goto done;
    }
    if (PyTuple_GET_SIZE(job->chain_ids) != count) {
        PyErr_SetString(PyExc_ValueError, "one chain id for each");
        goto done;
    }
    if (hints != NULL &&
        (PyTuple_GET_SIZE(job->hints) != count || job->random_bytes != FACTOR_BYTES * count)) {
        PyErr_SetString(PyExc_ValueError, "one hint and 16 random bytes for each");
        goto done;
    }
    job->chunk = PyMem_Calloc((size_t)(count < CHUNK ? count : CHUNK), sizeof *job->chunk);
    if (job->chunk == NULL) PyErr_NoMemory();
    out = PyErr_Occurred() ? NULL : PyList_New(count);
    for (Py_ssize_t start = 0; out != NULL && start < count; start += CHUNK) {
        Py_ssize_t size = count - start < CHUNK ? count - start : CHUNK;
        if (!part(job, start, size, out)) Py_CLEAR(out);
    }
done:
    PyMem_Free(job->chunk);
    Py_XDECREF(job->raws);
    Py_XDECREF(job->chain_ids);
    if (hints != NULL) Py_XDECREF(job->hints);
    return out;
}

static PyObject *decode(PyObject *module, PyObject *args) {
    PyObject *raws, *chain_ids, *hints = Py_None;
    Py_ssize_t most_bytes;
    Job job = {0};
    if (!PyArg_ParseTuple(args, "OOOn|O", &raws, &chain_ids, &job.type, &most_bytes, &hints))
        return NULL;
    job.most_bytes = (size_t)most_bytes;
    job.hints = hints == Py_None ? NULL : hints;
    return run(&job, raws, chain_ids, NULL, decode_part);
}

#ifdef HAS_BATCH
static PyObject *verify(PyObject *module, PyObject *args) {
    PyObject *raws, *chain_ids, *hints;
    Py_ssize_t most_bytes;
    const char *random;
    Job job = {0};
    if (!PyArg_ParseTuple(args, "OOOnOy#", &raws, &chain_ids, &job.type, &most_bytes, &hints,
                          &random, &job.random_bytes))
        return NULL;
    job.most_bytes = (size_t)most_bytes;
    job.random = (const uint8_t *)random;
    return run(&job, raws, chain_ids, hints, verify_part);
}
#endif

static PyObject *hash_each(PyObject *module, PyObject *sequence) {
    PyObject *parts = PySequence_Tuple(sequence);
    if (parts == NULL) return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(parts);
    PyObject *out = PyList_New(count);
    for (Py_ssize_t i = 0; out != NULL && i < count; i++) {
        char *data;
        Py_ssize_t size;
        uint8_t digest[32];
        PyObject *hash = NULL;
        if (PyBytes_AsStringAndSize(PyTuple_GET_ITEM(parts, i), &data, &size) == 0) {
            keccak256((const uint8_t *)data, (size_t)size, digest);
            hash = PyBytes_FromStringAndSize((const char *)digest, sizeof digest);
        }
        if (hash == NULL)
            Py_CLEAR(out);
        else
            PyList_SET_ITEM(out, i, hash);
    }
    Py_DECREF(parts);
    return out;
}

/* The items of `argument`, bytes of a whole number of `width`; -1 with an exception set. */
static Py_ssize_t count_of(PyObject *argument, Py_ssize_t width) {
    char *data;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(argument, &data, &size) < 0) return -1;
    if (size % width == 0) return size / width;
    PyErr_Format(PyExc_ValueError, "%zd bytes are no whole number of %zd", size, width);
    return -1;
}

static PyObject *leaves(PyObject *module, PyObject *entries) {
    Py_ssize_t count = count_of(entries, ENTRY_BYTES);
    PyObject *out = count < 0 ? NULL : PyBytes_FromStringAndSize(NULL, 32 * count);
    if (out == NULL) return NULL;
    const uint8_t *entry = (const uint8_t *)PyBytes_AS_STRING(entries);
    uint8_t *leaf = (uint8_t *)PyBytes_AS_STRING(out);
    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t i = 0; i < count; i++)
        leaf_hash(entry + ENTRY_BYTES * i, (size_t)i, leaf + 32 * i);
    Py_END_ALLOW_THREADS;
    return out;
}

static PyObject *root(PyObject *module, PyObject *packed) {
    Py_ssize_t count = count_of(packed, 32);
    if (count < 0) return NULL;
    uint8_t digest[32] = {0};
    uint8_t *level = PyMem_Malloc((size_t)count * 32);
    if (level == NULL) return PyErr_NoMemory();
    memcpy(level, PyBytes_AS_STRING(packed), (size_t)count * 32);
    Py_BEGIN_ALLOW_THREADS;
    if (count > 0) merkle_root(level, (size_t)count, digest);
    Py_END_ALLOW_THREADS;
    PyMem_Free(level);
    return PyBytes_FromStringAndSize((const char *)digest, sizeof digest);
}

/* What each takes and gives is in _bulk.pyi. */
static PyMethodDef methods[] = {
    {"connect", connect, METH_VARARGS, NULL},
    {"decode", decode, METH_VARARGS, NULL},
#ifdef HAS_BATCH
    {"verify", verify, METH_VARARGS, NULL},
#endif
    {"hash_each", hash_each, METH_O, NULL},
    {"leaves", leaves, METH_O, NULL},
    {"root", root, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_bulk", .m_size = -1,
                                        .m_methods = methods};

PyMODINIT_FUNC PyInit__bulk(void) { return PyModule_Create(&definition); }
