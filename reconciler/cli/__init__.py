"""The command line: each command parses, calls, shows and exits. typer lives here only.

What a command needs is imported when it runs, so that `--help` and `validate` start fast.
"""
