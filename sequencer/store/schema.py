"""The tables of the block store and what is asked of them."""

APPLICATION_ID = 0x53574459
"""`SWDY`, where SQLite files name their program."""
VERSION = 4
WITHOUT_RUNS = 3
"""The version that had a row for each transaction."""
WITHOUT_HELD = 2
"""The version from before there were held segments: its blocks have none."""

HELD_TABLE = """CREATE TABLE held_segments (
        hash BLOB PRIMARY KEY,
        height INTEGER NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID"""
"""Where in `blocks.held` the bytes with a hash are."""

INDEX_TABLES = (
    """CREATE TABLE transaction_runs (
        id INTEGER PRIMARY KEY,
        entries BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE indexed (
        id INTEGER PRIMARY KEY CHECK (id = 0),
        run INTEGER NOT NULL,
        height INTEGER NOT NULL
    ) STRICT""",
)
"""What `index.py` keeps. It begins empty: the index reads the blocks that it has not."""

_ADD_RUNS = ("DROP TABLE transactions", *INDEX_TABLES, f"PRAGMA user_version = {VERSION}")
UPGRADES = {
    WITHOUT_HELD: (
        "ALTER TABLE blocks ADD COLUMN held BLOB NOT NULL DEFAULT x''",
        HELD_TABLE,
        *_ADD_RUNS,
    ),
    WITHOUT_RUNS: _ADD_RUNS,
}
"""A file of an older version becomes one of this when it is opened, once and for all."""

SCHEMA = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    """CREATE TABLE blocks (
        height INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        header BLOB NOT NULL,
        payload BLOB NOT NULL,
        certificate BLOB,
        held BLOB NOT NULL
    ) STRICT""",
    HELD_TABLE,
    *INDEX_TABLES,
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

INSERT_CERTIFICATE = "INSERT OR IGNORE INTO certificates VALUES (?, ?, ?, ?)"
_SELECT = "SELECT hash, header, payload, held, certificate FROM blocks"
SELECT_BLOCK_BY_HEIGHT = f"{_SELECT} WHERE height = ?"
SELECT_BLOCK_BY_HASH = f"{_SELECT} WHERE hash = ?"
SELECT_BLOCKS = f"{_SELECT} WHERE height >= ? ORDER BY height LIMIT ?"
SELECT_HELD_SEGMENT = (
    "SELECT coalesce(substr(held, start + 1, length), x'') "
    "FROM held_segments JOIN blocks USING (height) WHERE held_segments.hash = ?"
)
