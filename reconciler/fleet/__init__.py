"""Many schools: which of them, one after the other, none stopped by another."""

from reconciler.fleet.changed import changed_schools
from reconciler.fleet.plans import all_schools, plan_schools
from reconciler.fleet.settings import compare_settings
from reconciler.fleet.status import check_schools

__all__ = ["all_schools", "changed_schools", "check_schools", "compare_settings", "plan_schools"]
