"""The tables of an embedded directory. What Vidigami refuses, the database refuses here."""

from __future__ import annotations

APPLICATION_ID = 0x56444752
"""Marks a SQLite file as a directory of ours: `VDGR`."""
FORMAT = 1
"""The version of these tables, kept as the file's `user_version`."""

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS directory (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL CHECK (id <> ''),
        school_year TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    # email_key is the e-mail as it is compared: lower-cased, beyond ASCII too, which SQLite cannot do by
    # itself. The check keeps it honest where SQLite can.
    """
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY,
        host_id TEXT NOT NULL UNIQUE CHECK (trim(host_id) <> ''),
        member_type TEXT NOT NULL CHECK (member_type IN ('student', 'staff', 'parent')),
        first_name TEXT NOT NULL DEFAULT '',
        last_name TEXT NOT NULL DEFAULT '',
        preferred_name TEXT NOT NULL DEFAULT '',
        email TEXT NOT NULL DEFAULT '',
        email_key TEXT NOT NULL DEFAULT '' CHECK (email_key = lower(email) OR email GLOB '*[^ -~]*'),
        grad_year TEXT NOT NULL DEFAULT '',
        active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
        status TEXT NOT NULL DEFAULT 'not_activated'
            CHECK (status IN ('not_activated', 'pending', 'activated')),
        role TEXT NOT NULL DEFAULT 'Contributor',
        opt_out INTEGER NOT NULL DEFAULT 0 CHECK (opt_out IN (0, 1)),
        origin TEXT NOT NULL CHECK (origin IN ('sync', 'hand')),
        deactivated_by TEXT NOT NULL DEFAULT '' CHECK (deactivated_by IN ('', 'sync', 'hand')),
        CHECK ((email = '') = (email_key = '')),
        CHECK (active = 0 OR deactivated_by = '')
    ) STRICT
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email_key) WHERE email_key <> ''",
    """
    CREATE TABLE IF NOT EXISTS groups (
        id INTEGER PRIMARY KEY,
        external_id TEXT NOT NULL DEFAULT '',
        category TEXT NOT NULL CHECK (trim(category) <> ''),
        name TEXT NOT NULL CHECK (trim(name) <> ''),
        origin TEXT NOT NULL CHECK (origin IN ('sync', 'hand')),
        UNIQUE (category, name)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS groups_external_id ON groups (external_id) WHERE external_id <> ''",
    """
    CREATE TABLE IF NOT EXISTS memberships (
        group_id INTEGER NOT NULL REFERENCES groups (id),
        user_id INTEGER NOT NULL REFERENCES users (id),
        origin TEXT NOT NULL CHECK (origin IN ('sync', 'hand')),
        PRIMARY KEY (group_id, user_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS relationships (
        student_id INTEGER NOT NULL REFERENCES users (id),
        parent_id INTEGER NOT NULL REFERENCES users (id),
        origin TEXT NOT NULL CHECK (origin IN ('sync', 'hand')),
        PRIMARY KEY (student_id, parent_id),
        CHECK (student_id <> parent_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER IF NOT EXISTS users_stay BEFORE DELETE ON users
    BEGIN SELECT RAISE(ABORT, 'a user is never deleted'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS groups_stay BEFORE DELETE ON groups
    BEGIN SELECT RAISE(ABORT, 'a group is never deleted'); END
    """,
)
