"""The names that the stages know: logical tables, and the fields of their columns."""

from __future__ import annotations

TABLE_NAMES = ("students", "staff", "parents", "contacts", "emails", "sections", "enrolments")

FIELD_NAMES = (
    *("id", "alternate_id", "person_id", "first_name", "last_name", "preferred_name", "email"),
    *("grade", "grad_year", "status", "school_id", "is_active"),
    *("student_id", "student_alternate_id", "parent_id", "relationship"),
    *("is_custodial", "lives_with", "is_guardian", "data_access", "is_primary", "priority"),
    *("section_id", "course", "section", "teacher_id"),
)

TEMPLATE_VARIABLES = {
    "grade": ("grade", "label", "school", "school_id"),
    "grad_year": ("grad_year", "school", "school_id"),
    "faculty": ("school", "school_id"),
    "divisions": ("division", "school", "school_id"),
    "classes": ("course", "school", "school_id", "section", "section_id"),
}
"""Kind of group -> what the template of its name may use."""

LEAVING_CAUSES = ("graduated", "transferred", "staff", "parent")
DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}
LIST_SETTINGS = {
    "exclude": ("exclude", "file"),
    "email_overrides": ("email", "overrides"),
    "same_person": ("identity", "same_person"),
    "crosswalk": ("identity", "crosswalk"),
    "membership_list": ("groups", "membership_list"),
}
"""Table of a CSV beside the school file -> the setting that names it."""
GIVEN = {
    "blackbaud": ("students", "staff", "parents", "contacts"),
    "oneroster": ("students", "staff", "parents", "contacts", "sections", "enrolments"),
    "oneroster_rest": ("students", "staff", "parents", "contacts", "sections", "enrolments"),
    "powerschool": ("students", "staff", "parents", "contacts", "emails"),
    "veracross": ("students", "staff", "parents", "contacts"),
}
"""Kind of source that needs no `source.files` -> the tables that it gives."""
APIS: dict[str, tuple[str, ...]] = {
    "blackbaud": (),
    "oneroster_rest": ("url", "token_url"),
    "powerschool": ("url",),
    "veracross": ("url",),
}
"""Kind of source that is asked by HTTP -> the settings that have to say where."""
TARGETS: dict[str, tuple[str, ...]] = {
    "embedded": ("path",),
    "scim": (
        *("url", "credentials", "token_url", "scope", "user_name", "extension", "category_in_name"),
        *("paging", "page_size", "members", "members_per_patch", "single_remove", "etag"),
    ),
    "sheets": ("path", "exports"),
}
"""Kind of target -> its settings, the first of which says where it is."""
