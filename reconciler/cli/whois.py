"""`reconcile whois`: whose a pseudonym is."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import SchoolOrPlan
from reconciler.cli.screen import remark, write

EXAMPLES = """\b
Examples:
  reconcile whois maple-grove.plan xk3f7q2m5ahv4
  reconcile whois maple-grove xk3f7q2m5ahv4 xb5c2d7gqmz3o
"""

PseudonymNames = Annotated[
    list[str],
    typer.Argument(metavar="PSEUDONYM...", help="As a view shows it that was made with --pseudonyms."),
]


def whois(name: SchoolOrPlan, pseudonyms: PseudonymNames) -> None:
    """Say whose a pseudonym is, with the key that made it.

    Looks among all whom the plan names; of a school, also among all accounts of its directory. The key is in
    the variable RECONCILE_PSEUDONYM_KEY, or in the file that RECONCILE_PSEUDONYM_KEY_FILE names. Exit code 1
    where one of them is nobody's.
    """
    from reconciler import pipeline
    from reconciler.cli.given import means_plan, plan_of
    from reconciler.environment import pseudonym_key
    from reconciler.pseudonyms import host_ids_of, pseudonym

    key = pseudonym_key()
    plan = plan_of(name)
    known = host_ids_of(plan)
    if not means_plan(name):
        known |= pipeline.accounts_of(pipeline.load(name))
    whose = {pseudonym(key, plan.header.school, host_id): host_id for host_id in sorted(known)}
    write("".join(f"{one}  {whose[one]}\n" for one in pseudonyms if one in whose))
    if unknown := [one for one in pseudonyms if one not in whose]:
        remark(
            f"{', '.join(unknown)}: nobody of {plan.header.school}; it may be of another school or key, or of"
            " an older plan: name the file of that plan"
        )
        raise typer.Exit(1)
