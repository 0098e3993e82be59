"""Which fields of which tables are read: no more than the exports have, and what the plugin asks for.

https://support.powerschool.com/developer (schema tables); names as in PowerSchool's data dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiTable:
    """A table of the API."""

    key: str
    """The field that tells one record from another."""
    fields: tuple[str, ...]


TABLES: Mapping[str, ApiTable] = {
    "students": ApiTable(
        "dcid",
        (
            *("dcid", "student_number", "first_name", "last_name", "grade_level", "enroll_status"),
            *("schoolid", "sched_yearofgraduation", "person_id"),
        ),
    ),
    "users": ApiTable("dcid", ("dcid", "first_name", "last_name", "email_addr")),
    "schoolstaff": ApiTable("dcid", ("dcid", "users_dcid", "schoolid", "status")),
    "person": ApiTable("id", ("id", "firstname", "lastname", "isactive")),
    "studentcontactassoc": ApiTable(
        "studentcontactassocid",
        ("studentcontactassocid", "studentdcid", "personid", "contactpriorityorder", "currreltypecodesetid"),
    ),
    "studentcontactdetail": ApiTable(
        "studentcontactdetailid",
        ("studentcontactdetailid", "studentcontactassocid", "isactive", "iscustodial", "liveswithflg"),
    ),
    "personemailaddressassoc": ApiTable(
        "personemailaddressassocid",
        (
            *("personemailaddressassocid", "personid", "emailaddressid"),
            *("isprimaryemailaddress", "emailaddresspriorityorder"),
        ),
    ),
    "emailaddress": ApiTable("emailaddressid", ("emailaddressid", "emailaddress")),
    "codeset": ApiTable("codesetid", ("codesetid", "code")),
}
"""Table -> what of it is read."""
