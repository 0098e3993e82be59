"""The whole flow of one school. Only here do stages meet, and is the clock asked."""

from reconciler.pipeline.carry_out import applier, apply_plan, judge_now, notices, refuse
from reconciler.pipeline.look import accounts_of, explain, families_of, look_at_sources
from reconciler.pipeline.places import day_of, exports_of, load, state_of, target_of
from reconciler.pipeline.plan import part_of, plan_header, plan_school, work_out

__all__ = [
    "accounts_of",
    "applier",
    "apply_plan",
    "day_of",
    "explain",
    "exports_of",
    "families_of",
    "judge_now",
    "load",
    "look_at_sources",
    "notices",
    "part_of",
    "plan_header",
    "plan_school",
    "refuse",
    "state_of",
    "target_of",
    "work_out",
]
