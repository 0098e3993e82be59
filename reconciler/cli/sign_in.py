"""`reconcile sign-in`: the consent that some systems want once, in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import SchoolName
from reconciler.cli.screen import write

EXAMPLES = """\b
Examples:
  reconcile sign-in rowan-bay
  reconcile sign-in rowan-bay --redirect-uri https://localhost --paste
"""

RedirectUri = Annotated[
    str,
    typer.Option(
        "--redirect-uri",
        metavar="URI",
        help="Where the browser is sent to, as registered with the application.",
    ),
]
Paste = Annotated[
    bool,
    typer.Option("--paste", help="Ask for the address that the browser was sent to, and listen nowhere."),
]


def sign_in(
    school: SchoolName, redirect_uri: RedirectUri = "http://127.0.0.1:8400/callback", paste: Paste = False
) -> None:
    """Sign in to a school's system, once, so that it can be read from then on.

    Prints an address, which somebody who may read the school's people opens in a browser, and keeps the token
    that their consent gives: beside the state store, for its owner alone. Needed for Blackbaud.
    """
    from reconciler import pipeline
    from reconciler.oauth import wait_for_redirect
    from reconciler.sources import open_consent

    loaded = pipeline.load(school)
    consent = open_consent(loaded, redirect_uri)
    address = (
        f"Open this address, and sign in as somebody who may read {loaded.name}:\n\n{consent.address}\n\n"
    )
    if paste:
        write(address)
        code = consent.read_code(typer.prompt("The address that the browser was then sent to", err=True))
    else:
        code = wait_for_redirect(redirect_uri, consent.read_code, lambda: write(address))
    consent.redeem(code)
    write(f"{loaded.id}: signed in. 'reconcile sources {loaded.id}' shows what can be read.\n")
