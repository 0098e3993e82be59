"""Why somebody, or a group, is as it is: the outputs of the stages, told of one. Pure."""

from reconciler.explain.evidence import Evidence
from reconciler.explain.group import explain_group, find_group
from reconciler.explain.person import explain_person, host_ids_of

__all__ = ["Evidence", "explain_group", "explain_person", "find_group", "host_ids_of"]
