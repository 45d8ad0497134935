"""The tables, as an ordered list of steps; a database records the last one it has taken.

Money and documents are kept as JSON text, exactly as they will be sent. Instants are microseconds
since 1970 UTC, of world time unless the column says `real`.
"""

from mock_server.store.arrivals import COUNT, GROUPED
from mock_server.store.engine import Engine

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # id: never given again, so that nothing kept of a removed world can be taken for another's.
        # next_due: the first instant at which something must be settled; before it, a poll only reads.
        # hidden: a snapshot, which nobody can call.
        """CREATE TABLE worlds (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
            generation INTEGER NOT NULL, version INTEGER NOT NULL, secret BLOB NOT NULL,
            clock_real INTEGER NOT NULL, clock_world INTEGER NOT NULL, clock_speed REAL NOT NULL,
            next_due INTEGER, settings TEXT NOT NULL, admin_token TEXT,
            hidden INTEGER NOT NULL, journal_dropped INTEGER NOT NULL,
            next_process INTEGER NOT NULL, next_arrival INTEGER NOT NULL, next_registry INTEGER NOT NULL)""",
        # What a world was made from, for a reset. Apart, since a world's row is written often and this may be long.
        "CREATE TABLE starts (world INTEGER PRIMARY KEY, start TEXT NOT NULL)",
        """CREATE TABLE companies (
            world INTEGER NOT NULL, tin TEXT NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (world, tin)) WITHOUT ROWID""",
        """CREATE TABLE warehouses (
            world INTEGER NOT NULL, company TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (world, company, code)) WITHOUT ROWID""",
        """CREATE TABLE accounts (
            world INTEGER NOT NULL, username TEXT NOT NULL, company TEXT NOT NULL,
            password TEXT NOT NULL, token TEXT NOT NULL, secret TEXT NOT NULL, phones TEXT NOT NULL,
            disabled INTEGER NOT NULL, may_delete INTEGER NOT NULL, partner INTEGER NOT NULL,
            customers TEXT NOT NULL, challenge TEXT, challenge_until INTEGER,
            challenges INTEGER NOT NULL, tokens INTEGER NOT NULL,
            PRIMARY KEY (world, username)) WITHOUT ROWID""",
        # state: imported (unsubmitted), uploading, signed. registry: its row in e-taxes, once there is one.
        """CREATE TABLE portal_invoices (
            world INTEGER NOT NULL, company TEXT NOT NULL, erp_id TEXT NOT NULL, arrival INTEGER NOT NULL,
            process INTEGER NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL, registry INTEGER,
            imported INTEGER NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (world, company, erp_id))""",
        "CREATE INDEX portal_by_import ON portal_invoices (world, company, imported, arrival)",
        "CREATE INDEX portal_by_process ON portal_invoices (world, company, process)",
        "CREATE INDEX portal_by_registry ON portal_invoices (world, registry) WHERE registry IS NOT NULL",
        # head + status + tail is the JSON text of the invoice (F-RD-04). uploader: NULL for an outsider.
        """CREATE TABLE registry (
            world INTEGER NOT NULL, id INTEGER NOT NULL, qaime TEXT NOT NULL, kind TEXT NOT NULL,
            status TEXT NOT NULL, uploader TEXT, seller TEXT NOT NULL, buyer TEXT NOT NULL,
            created INTEGER NOT NULL, head TEXT NOT NULL, tail TEXT NOT NULL,
            PRIMARY KEY (world, id))""",
        "CREATE UNIQUE INDEX registry_by_qaime ON registry (world, qaime)",
        # They hold all that folders and lists ask for, so that counting and listing need not touch the rows.
        "CREATE INDEX registry_sent ON registry (world, uploader, created, id, status, kind)",
        "CREATE INDEX registry_incoming ON registry (world, buyer, created, id, status, kind)",
        "CREATE INDEX registry_by_date ON registry (world, created, id, status, kind)",
        """CREATE TABLE numbers (
            world INTEGER NOT NULL, series TEXT NOT NULL, month TEXT NOT NULL, last INTEGER NOT NULL,
            PRIMARY KEY (world, series, month)) WITHOUT ROWID""",
        # record: plan and events, from which the stage at any instant follows. applied: effects settled.
        """CREATE TABLE processes (
            world INTEGER NOT NULL, id INTEGER NOT NULL, company TEXT NOT NULL, username TEXT NOT NULL,
            record TEXT NOT NULL, applied INTEGER NOT NULL, next_due INTEGER,
            dir INTEGER, listed INTEGER NOT NULL, gaps INTEGER NOT NULL, invoices TEXT NOT NULL,
            PRIMARY KEY (world, id))""",
        "CREATE INDEX processes_due ON processes (world, next_due, id) WHERE next_due IS NOT NULL",
        # What a company sells to itself is in both folders, and arrives in each for itself: else the later
        # arrival would shift the pages of somebody who is reading the other folder.
        """CREATE TABLE downloads (
            world INTEGER NOT NULL, company TEXT NOT NULL, id INTEGER NOT NULL, dir INTEGER NOT NULL,
            arrival INTEGER NOT NULL, created INTEGER NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (world, company, id, dir))""",
        "CREATE INDEX downloads_by_arrival ON downloads (world, company, dir, arrival, created)",
        "CREATE INDEX downloads_by_date ON downloads (world, company, dir, created, arrival)",
        """CREATE TABLE download_lists (
            world INTEGER NOT NULL, process INTEGER NOT NULL, ordinal INTEGER NOT NULL, id INTEGER NOT NULL,
            PRIMARY KEY (world, process, ordinal)) WITHOUT ROWID""",
        "CREATE INDEX lists_by_invoice ON download_lists (world, id)",
        """CREATE TABLE audit (
            seq INTEGER PRIMARY KEY, world INTEGER NOT NULL, at INTEGER NOT NULL, username TEXT NOT NULL,
            company TEXT NOT NULL, operation TEXT NOT NULL, process INTEGER, invoices TEXT NOT NULL,
            result TEXT NOT NULL)""",
        "CREATE INDEX audit_by_world ON audit (world, seq)",
        # seq: never given again, for callers ask for what came after one. named: invoices in a body kept in part.
        """CREATE TABLE journal (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, world INTEGER NOT NULL, at_real INTEGER NOT NULL,
            at INTEGER NOT NULL, operation TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, account TEXT,
            way TEXT NOT NULL, http INTEGER NOT NULL, code INTEGER, latency INTEGER NOT NULL,
            violations TEXT NOT NULL, notes TEXT NOT NULL,
            request BLOB NOT NULL, request_size INTEGER NOT NULL, request_digest TEXT NOT NULL, named TEXT NOT NULL,
            answer BLOB NOT NULL, answer_size INTEGER NOT NULL, answer_digest TEXT NOT NULL)""",
        "CREATE INDEX journal_by_world ON journal (world, seq)",
        # spec: the fault as it was asked for. met: requests that fitted it; used: those it was done to.
        """CREATE TABLE faults (
            world INTEGER NOT NULL, id INTEGER NOT NULL, spec TEXT NOT NULL, met INTEGER NOT NULL,
            used INTEGER NOT NULL, PRIMARY KEY (world, id)) WITHOUT ROWID""",
        # generation: of the world when it began; in another one it does not go on. state: running, done, failed.
        """CREATE TABLE seedings (
            world INTEGER NOT NULL, id INTEGER NOT NULL, generation INTEGER NOT NULL, done INTEGER NOT NULL,
            total INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (world, id)) WITHOUT ROWID""",
        """CREATE TABLE coverage (
            world INTEGER NOT NULL, operation TEXT NOT NULL, code INTEGER NOT NULL, state TEXT NOT NULL,
            pin TEXT NOT NULL, way TEXT NOT NULL,
            PRIMARY KEY (world, operation, code, state, pin, way)) WITHOUT ROWID""",
    ),
    (
        # told: the number of a row in the world that it was copied from, for snapshots are exact; always below seq.
        "ALTER TABLE journal ADD COLUMN told INTEGER",
        "ALTER TABLE audit ADD COLUMN told INTEGER",
        # used: real time at which the control API of the world was last called; kept where idle worlds are dropped.
        "ALTER TABLE worlds ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # journal_lost: requests answered while no row could be written.
        "ALTER TABLE worlds ADD COLUMN journal_lost INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # text: documents of a download from the one after `first` on, joined with commas. It is empty where one of
        # them has been changed or deleted, and made of `downloads` again for each page. number: how many are left.
        """CREATE TABLE download_texts (
            world INTEGER NOT NULL, process INTEGER NOT NULL, first INTEGER NOT NULL, number INTEGER NOT NULL,
            text BLOB NOT NULL, PRIMARY KEY (world, process, first, number))""",
        # How many downloads there are from the arrival number after `first` on; what is deleted may have been the
        # earliest or the latest.
        """CREATE TABLE download_counts (
            world INTEGER NOT NULL, company TEXT NOT NULL, dir INTEGER NOT NULL, first INTEGER NOT NULL,
            number INTEGER NOT NULL, earliest INTEGER NOT NULL, latest INTEGER NOT NULL,
            PRIMARY KEY (world, company, dir, first)) WITHOUT ROWID""",
        COUNT + GROUPED,
    ),
    (
        # Outsiders' invoices, most of what is seeded, are in nobody's sent folder.
        "DROP INDEX registry_sent",
        "CREATE INDEX registry_sent ON registry (world, uploader, created, id, status, kind)"
        " WHERE uploader IS NOT NULL",
    ),
)


class NewerDatabase(Exception):
    """The database was written by a later version of this program."""


def migrate(engine: Engine) -> None:
    """Take every step the database has not taken yet, each in its own transaction.

    Raises:
        NewerDatabase: it has taken steps that this version does not know.
    """
    with engine.writing():
        engine.alone("migrations")
        engine.define("CREATE TABLE IF NOT EXISTS migrations (step INTEGER PRIMARY KEY)")
        taken = (engine.one("SELECT coalesce(max(step), 0) FROM migrations") or (0,))[0]
    if taken > len(STEPS):
        raise NewerDatabase(
            f"the database has taken step {taken}, this version knows {len(STEPS)}; use the version that wrote it"
        )
    for step in range(taken + 1, len(STEPS) + 1):
        with engine.writing():
            engine.alone("migrations")
            if engine.one("SELECT 1 FROM migrations WHERE step = ?", (step,)):
                continue  # another server process was quicker
            for statement in STEPS[step - 1]:
                engine.define(statement)
            engine.run("INSERT INTO migrations VALUES (?)", (step,))
