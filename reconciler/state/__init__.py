"""What is remembered between runs: runs, journal, leases, last good figures, audit.

One store serves many schools. All state belongs to a school's directory (`Scope`), not to the YAML file.
Every function takes a transaction of the store, so that what belongs together is kept together:

    store = open_store("state/state.db")
    with store.write() as tx:
        lease = acquire_lease(tx, scope, owner="ana", host="desk", now=now, ttl=TTL)
        number = start_run(tx, scope, ...)

Nothing here asks for the time. SQLAlchemy is known to this package alone, and nothing is exported from
here, so that a command that lists runs does not load polars.
"""
