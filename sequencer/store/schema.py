"""The tables of the block store and what is asked of them."""

APPLICATION_ID = 0x53574459
"""`SWDY`, where SQLite files name their program."""
VERSION = 2

SCHEMA = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    """CREATE TABLE blocks (
        height INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        header BLOB NOT NULL,
        payload BLOB NOT NULL,
        certificate BLOB
    ) STRICT""",
    """CREATE TABLE transactions (
        hash BLOB NOT NULL,
        rollup INTEGER NOT NULL,
        height INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (hash, rollup)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE batches (
        number INTEGER PRIMARY KEY,
        record BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE attestations (
        number INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        signer BLOB NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (number, epoch, signer)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE certificates (
        epoch INTEGER NOT NULL,
        view INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (epoch, view, kind)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
)

SELECT_BLOCK_BY_HEIGHT = "SELECT hash, header, payload, certificate FROM blocks WHERE height = ?"
SELECT_BLOCK_BY_HASH = "SELECT hash, header, payload, certificate FROM blocks WHERE hash = ?"
SELECT_BLOCKS = (
    "SELECT hash, header, payload, certificate FROM blocks "
    "WHERE height >= ? ORDER BY height LIMIT ?"
)
