"""Many schools: which of them, side by side, none stopped by another."""

from reconciler.fleet.applies import ApplyOrder, apply_schools
from reconciler.fleet.changed import changed_schools
from reconciler.fleet.dask_engine import DaskEngine
from reconciler.fleet.engine import TIMEOUT, Engine, LocalEngine
from reconciler.fleet.plans import PlanOrder, all_schools, plan_schools
from reconciler.fleet.settings import compare_settings
from reconciler.fleet.status import check_schools

__all__ = [
    "TIMEOUT",
    "ApplyOrder",
    "DaskEngine",
    "Engine",
    "LocalEngine",
    "PlanOrder",
    "all_schools",
    "apply_schools",
    "changed_schools",
    "check_schools",
    "compare_settings",
    "plan_schools",
]
