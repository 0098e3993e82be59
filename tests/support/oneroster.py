"""OneRoster bundles made by hand, and from PowerSchool exports."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

USERS_11 = (
    *(
        "sourcedId",
        "status",
        "dateLastModified",
        "enabledUser",
        "orgSourcedIds",
        "role",
        "username",
        "userIds",
    ),
    *("givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds"),
    *("grades", "password"),
)
USERS_12 = (
    *("sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName"),
    *("familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades"),
    *("password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName"),
    *("preferredFamilyName", "primaryOrgSourcedId", "pronouns"),
)
ROLES_12 = (
    *("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate"),
    *("orgSourcedId", "userProfileSourcedId"),
)

User = dict[str, str]


def user(sourced_id: str, role: str, **values: str) -> User:
    """A user; `agents`, `grades`, `email`, `school` and the like as wanted."""
    return {
        "sourcedId": sourced_id,
        "role": role,
        "enabledUser": "true",
        "givenName": f"Given{sourced_id}",
        "familyName": f"Family{sourced_id}",
        "orgSourcedIds": values.pop("school", "o1"),
        "agentSourcedIds": values.pop("agents", ""),
        **values,
    }


def bundle(users: Sequence[User], version: str, **files: str) -> dict[str, str]:
    """File name -> text of a bundle; in 1.2 a user with roles by commas has each of them."""
    made = {"users.csv": _csv(USERS_11 if version == "1.1" else USERS_12, users)}
    if version == "1.2":
        roles = [
            {"sourcedId": f"r{number}-{role}-{school}", "userSourcedId": one["sourcedId"], "role": role}
            | {"orgSourcedId": school, "roleType": "primary" if at == 0 else "secondary"}
            for number, one in enumerate(users)
            for at, role in enumerate(one["role"].split(","))
            for school in one["orgSourcedIds"].split(",")
        ]
        made["roles.csv"] = _csv(ROLES_12, roles)
    made |= {f"{name}.csv": text for name, text in files.items()}
    properties = {"manifest.version": "1.0", "oneroster.version": version}
    properties |= {f"file.{name.removesuffix('.csv')}": "bulk" for name in made}
    rows = [{"propertyName": name, "value": value} for name, value in properties.items()]
    return made | {"manifest.csv": _csv(("propertyName", "value"), rows)}


def write_folder(folder: Path, files: Mapping[str, str]) -> Path:
    """The bundle as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_zip(path: Path, files: Mapping[str, str], inside: str = "") -> Path:
    """The bundle as an archive, its files within a folder `inside`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{inside}{name}", text)
    return path


def from_powerschool(folder: Path) -> list[User]:
    """The people of clean PowerSchool exports, under the Host IDs that our rule set gives them."""
    students = _read(folder / "students.txt", "\t")
    by_dcid = {row["DCID"]: f"S{row['Student_Number']}" for row in students}
    emails = {
        row["PERSONEMAILADDRESSASSOC.PersonID"]: row["EMAILADDRESS.EmailAddress"]
        for row in _read(folder / "emails.csv")
        if row["PERSONEMAILADDRESSASSOC.IsPrimaryEmailAddress"] == "1"
    }
    agents: dict[str, list[str]] = {}
    custodial = set()
    for row in _read(folder / "contacts.csv"):
        if row["STUDENTCONTACTDETAIL.IsActive"] == row["STUDENTCONTACTDETAIL.IsCustodial"] == "1":
            person = f"P{row['STUDENTCONTACTASSOC.PersonID']}"
            agents.setdefault(by_dcid[row["STUDENTCONTACTASSOC.StudentDCID"]], []).append(person)
            custodial.add(person)
    users = [
        user(
            f"S{row['Student_Number']}",
            "student",
            givenName=row["First_Name"],
            familyName=row["Last_Name"],
            preferredGivenName=row["Preferred_Name"],
            grades="KG" if row["Grade_Level"] == "0" else row["Grade_Level"].zfill(2),
            school=row["SchoolID"],
            agents=",".join(agents.get(f"S{row['Student_Number']}", [])),
        )
        for row in students
        if row["Enroll_Status"] == "0"
    ]
    users += [
        user(
            f"T{row['TEACHERS.USERS_DCID']}",
            "teacher",
            givenName=row["TEACHERS.First_Name"],
            familyName=row["TEACHERS.Last_Name"],
            email=row["TEACHERS.Email_Addr"],
        )
        for row in _read(folder / "users.csv")
        if row["TEACHERS.Status"] == "1"
    ]
    return users + [
        user(
            f"P{row['PERSON.ID']}",
            "guardian" if f"P{row['PERSON.ID']}" in custodial else "relative",
            givenName=row["PERSON.FirstName"],
            familyName=row["PERSON.LastName"],
            email=emails.get(row["PERSON.ID"], ""),
        )
        for row in _read(folder / "persons.csv")
    ]


def _csv(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    if delimiter == "\t":
        return list(csv.DictReader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    return list(csv.DictReader(text.splitlines()))
