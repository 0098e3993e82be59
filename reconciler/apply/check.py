"""Whether a plan may be applied to the directory at hand, now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.apply.settings import describe_differences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.model import DirectoryInfo, Plan, PlanHeader, Verdict


def refusal(  # noqa: PLR0913 - each is another thing that a plan may not fit
    plan: Plan,
    *,
    info: DirectoryInfo,
    settings_digest: str | None,
    settings: Mapping[str, object],
    rule_set_digests: Mapping[str, str] | None,
    sync: str,
    now: datetime,
    verdicts: Sequence[Verdict] = (),
    allowed: Collection[str] = (),
) -> list[str]:
    """Every reason not to apply the plan, each a sentence of what is wrong and what to do.

    `settings` are the effective ones at hand. `settings_digest` and `rule_set_digests` are None where no
    school file is at hand to compare with. `verdicts` are the guards', judged again for now, and `allowed`
    names those that were lifted for this plan.
    """
    header = plan.header
    return [
        *_error_reasons(plan),
        *_guard_reasons(verdicts, allowed),
        *_sync_reasons(sync),
        *_directory_reasons(header, info),
        *_age_reasons(header, now),
        *_settings_reasons(header, settings_digest, settings, rule_set_digests),
    ]


def changed_sources(plan: Plan, digests: Mapping[str, str]) -> list[str]:
    """The tables, of those at hand, that are not what the plan was made from, by name."""
    planned = plan.header.digests.sources
    return sorted(table for table, digest in digests.items() if planned.get(table) != digest)


def _error_reasons(plan: Plan) -> Iterator[str]:
    if plan.has_errors:
        codes = plan.findings.filter(plan.findings["level"] == "error")["code"].unique().sort()
        yield (
            f"The plan is held by errors ({', '.join(codes)}); mend what its findings name"
            " (`reconcile explain CODE` says how), then plan again."
        )


def _guard_reasons(verdicts: Sequence[Verdict], allowed: Collection[str]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.tripped and verdict.guard not in allowed:
            advice = (
                "apply when the days are over" if verdict.on_a_day else "look for the cause in the exports"
            )
            yield (
                f"The guard {verdict.guard} holds the plan: {verdict.told()}. So {advice}; if this is meant,"
                f" save the plan and run apply PLANFILE --allow {verdict.guard} --reason TEXT."
            )


def _sync_reasons(sync: str) -> Iterator[str]:
    if sync == "plan_only":
        yield "The school is on trial (sync: plan_only); write sync: apply in the school file to end that."


def _directory_reasons(header: PlanHeader, info: DirectoryInfo) -> Iterator[str]:
    if not info.directory_id:
        if not header.new_directory:
            yield (
                f"The plan is for directory {header.directory_id}, and there is none at target.path;"
                " correct target.path in the school file, or plan again."
            )
    elif info.directory_id != header.directory_id:
        yield (
            f"The plan is for directory {header.directory_id}, and this one is {info.directory_id};"
            " plan again for this one."
        )
    elif info.school_year not in (header.directory_year, header.school_year):
        yield (
            f"The directory is at school year {info.school_year or '(none)'} now, and the plan leads from"
            f" {header.directory_year or '(none)'} to {header.school_year}; plan again."
        )


def _age_reasons(header: PlanHeader, now: datetime) -> Iterator[str]:
    created = datetime.fromisoformat(header.created)
    age = now - (created if created.tzinfo else created.replace(tzinfo=UTC))
    if age > timedelta(days=header.max_age_days):
        yield (
            f"The plan was made {age / timedelta(days=1):.1f} days ago, and may be applied for"
            f" {header.max_age_days:g} (plan.max_age); plan again."
        )


def _settings_reasons(
    header: PlanHeader,
    settings_digest: str | None,
    settings: Mapping[str, object],
    rule_set_digests: Mapping[str, str] | None,
) -> Iterator[str]:
    if rule_set_digests is not None and (changed := _differing(header.digests.rule_sets, rule_set_digests)):
        yield f"The plan was made under other rule sets ({', '.join(changed)}); plan again."
    if settings_digest not in (None, header.digests.settings):
        changes = describe_differences(header.settings, settings)
        yield f"The plan was made under other settings than the school file has now ({changes}); plan again."


def _differing(planned: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*planned, *present} if planned.get(name) != present.get(name))
