"""A PowerSchool server, as far as its tables can be read: it signs in, pages, throttles and is moody.

Its answers have the shapes of the documentation: values as text, null fields left out, one record as an
object, none as ''. (https://support.powerschool.com/developer)
"""

from __future__ import annotations

import base64
import csv
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLIENT, SECRET = "client-of-a-test", "s3cret-that-nobody-may-see"
Records = dict[str, list[dict[str, str]]]


@contextmanager
def serving(records: Records) -> Iterator[PowerSchool]:
    """The server, while it runs."""
    with running(PowerSchool(records)) as server:
        yield server


class PowerSchool(Loopback):
    """Its tables, and what is wrong with it."""

    def __init__(self, records: Records) -> None:
        super().__init__(_Handler)
        self.records = records
        self.page_size = 100
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.token_lasts: int | str = 3600
        self.uses_of_a_token = 10**9
        """Requests after which a token is refused, whatever was said."""
        self.every_busy = 0
        """Every so many requests one is refused as too many."""
        self.every_dropped = 0
        self.faults: dict[str, Any] = {}
        """Table -> what is wrong with it: `short`, `repeat`, `lie`, `grow`, a status, or an answer."""
        self.once_asked: dict[str, Callable[[], object]] = {}
        """Table -> what happens once a page of it was looked up."""
        self.lock = threading.Lock()
        self._used = 0

    @property
    def url(self) -> str:
        """Its address."""
        return self.host

    def new_token(self) -> str:
        """A token, in place of any before."""
        with self.lock:
            self._used = 0
            self.tokens.append(f"t0ken-{len(self.tokens)}")
            return self.tokens[-1]

    def takes(self, token: str) -> bool:
        """Whether it is the last one, and not used up."""
        with self.lock:
            self._used += 1
            return bool(self.tokens) and token == self.tokens[-1] and self._used <= self.uses_of_a_token


class _Handler(JsonHandler):
    server: PowerSchool

    def do_POST(self) -> None:
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ours = self.headers["Authorization"] == f"Basic {pair}" and body == b"grant_type=client_credentials"
        if self.path != "/oauth/access_token" or not ours:
            return self.send(401, {"error": "invalid_client"})
        token = self.server.new_token()
        return self.send(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self.server.token_lasts}
        )

    def do_GET(self) -> None:
        api, parts = self.server, urlsplit(self.path)
        with api.lock:
            api.asked.append(self.path)
            number = len(api.asked)
        if api.every_dropped and number % api.every_dropped == 0:
            return self.drop()
        if api.every_busy and number % api.every_busy == 0:
            return self.send(429, {"message": "too many requests"}, {"Retry-After": "1"})
        if not api.takes(self.headers["Authorization"].removeprefix("Bearer ")):
            return self.send(401, {"message": "expired"})
        if parts.path == "/ws/v1/metadata":
            sizes = {"schema_table_query_max_page_size": str(api.page_size)}
            return self.send(200, {"metadata": {"plugin_id": 7, **sizes}})
        return self.table(parts.path.removeprefix("/ws/schema/table/"), parse_qs(parts.query))

    def table(self, path: str, query: dict[str, list[str]]) -> None:
        name, _, of = path.partition("/")
        fault = self.server.faults.get(name)
        if isinstance(fault, int):
            return self.send(fault, {"message": f"no access to {name}"})
        if isinstance(fault, dict):
            return self.send(200, fault)
        records = self.server.records[name]
        if of == "count":
            more = {"lie": 1, "short": 0, "grow": sum(name in one for one in self.server.asked)}
            return self.send(200, {"count": len(records) + more.get(str(fault), 0)})
        page, size = int(query["page"][0]), int(query["pagesize"][0])
        key = query["sort"][0]
        ordered = sorted(records, key=lambda record: int(record[key]))
        if fault == "repeat":
            page = 1
        found = ordered[(page - 1) * size : page * size]
        self.server.once_asked.pop(name, int)()
        if fault == "short":
            found = found[:-1]
        fields = query["projection"][0].split(",")
        listed = [
            {
                "id": record[key],
                "name": name,
                "tables": {name: {f: record[f] for f in fields if record.get(f)}},
            }
            for record in found
        ]
        shown: Any = listed[0] if len(listed) == 1 else listed or ""
        return self.send(200, {"name": name, "record": shown, "@extensions": ""})


def people(students: int = 250) -> Records:
    """A school of so many students, each with a parent, and one teacher at two schools."""
    numbers = range(1, students + 1)
    return {
        "students": [
            {"dcid": str(n), "student_number": str(1000 + n), "first_name": f"Given{n}", "last_name": "Byron"}
            | {"grade_level": str(n % 13), "enroll_status": "0", "schoolid": "1"}
            for n in numbers
        ],
        "users": [{"dcid": "7", "first_name": "Grace", "last_name": "Hopper", "email_addr": "g@example.org"}],
        "schoolstaff": [
            {"dcid": str(70 + n), "users_dcid": "7", "schoolid": str(n), "status": "1"} for n in (1, 2)
        ],
        "person": [
            {"id": str(n), "firstname": f"Parent{n}", "lastname": "Byron", "isactive": "1"} for n in numbers
        ],
        "studentcontactassoc": [
            {"studentcontactassocid": str(n), "studentdcid": str(n), "personid": str(n)}
            | {"contactpriorityorder": "1", "currreltypecodesetid": "3"}
            for n in numbers
        ],
        "studentcontactdetail": [
            {"studentcontactdetailid": str(n), "studentcontactassocid": str(n), "isactive": "1"}
            | {"iscustodial": str(n % 2), "liveswithflg": "1"}
            for n in numbers
        ],
        "personemailaddressassoc": [
            {"personemailaddressassocid": str(n), "personid": str(n), "emailaddressid": str(n)}
            | {"isprimaryemailaddress": "1", "emailaddresspriorityorder": "1"}
            for n in numbers
        ],
        "emailaddress": [{"emailaddressid": str(n), "emailaddress": f"p{n}@example.org"} for n in numbers],
        "codeset": [{"codesetid": "3", "code": "Mother"}],
    }


def from_exports(folder: Path) -> Records:
    """The tables from which clean exports were made."""
    students = _read(folder / "students.txt", "\t")
    staff, persons = _read(folder / "users.csv"), _read(folder / "persons.csv")
    contacts, emails = _read(folder / "contacts.csv"), _read(folder / "emails.csv")
    kinds = sorted({row["Relationship Type"] for row in contacts})
    return {
        "students": [
            {
                "dcid": row["DCID"],
                "student_number": row["Student_Number"],
                "first_name": row["First_Name"],
                "last_name": row["Last_Name"],
                "grade_level": row["Grade_Level"],
                "enroll_status": row["Enroll_Status"],
                "schoolid": row["SchoolID"],
                "sched_yearofgraduation": row["ClassOf"],
            }
            for row in students
        ],
        "users": [
            {
                "dcid": row["TEACHERS.USERS_DCID"],
                "first_name": row["TEACHERS.First_Name"],
                "last_name": row["TEACHERS.Last_Name"],
                "email_addr": row["TEACHERS.Email_Addr"],
            }
            for row in {row["TEACHERS.USERS_DCID"]: row for row in staff}.values()
        ],
        "schoolstaff": [
            {
                "dcid": row["TEACHERS.DCID"],
                "users_dcid": row["TEACHERS.USERS_DCID"],
                "schoolid": row["TEACHERS.SchoolID"],
                "status": row["TEACHERS.Status"],
            }
            for row in staff
        ],
        "person": [
            {
                "id": row["PERSON.ID"],
                "firstname": row["PERSON.FirstName"],
                "lastname": row["PERSON.LastName"],
                "isactive": row["PERSON.IsActive"],
            }
            for row in persons
        ],
        "studentcontactassoc": [
            {
                "studentcontactassocid": str(number),
                "studentdcid": row["STUDENTCONTACTASSOC.StudentDCID"],
                "personid": row["STUDENTCONTACTASSOC.PersonID"],
                "contactpriorityorder": row["STUDENTCONTACTASSOC.ContactPriorityOrder"],
                "currreltypecodesetid": str(kinds.index(row["Relationship Type"]) + 1),
            }
            for number, row in enumerate(contacts, start=1)
        ],
        "studentcontactdetail": [
            {
                "studentcontactdetailid": str(9000 + number),
                "studentcontactassocid": str(number),
                "isactive": row["STUDENTCONTACTDETAIL.IsActive"],
                "iscustodial": row["STUDENTCONTACTDETAIL.IsCustodial"],
                "liveswithflg": row["STUDENTCONTACTDETAIL.LivesWithFlg"],
            }
            for number, row in enumerate(contacts, start=1)
        ],
        "personemailaddressassoc": [
            {
                "personemailaddressassocid": str(number),
                "personid": row["PERSONEMAILADDRESSASSOC.PersonID"],
                "emailaddressid": str(number),
                "isprimaryemailaddress": row["PERSONEMAILADDRESSASSOC.IsPrimaryEmailAddress"],
                "emailaddresspriorityorder": row["PERSONEMAILADDRESSASSOC.EmailAddressPriorityOrder"],
            }
            for number, row in enumerate(emails, start=1)
        ],
        "emailaddress": [
            {"emailaddressid": str(number), "emailaddress": row["EMAILADDRESS.EmailAddress"]}
            for number, row in enumerate(emails, start=1)
        ],
        "codeset": [{"codesetid": str(number), "code": kind} for number, kind in enumerate(kinds, start=1)],
    }


def _read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    if delimiter == "\t":
        return list(csv.DictReader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    return list(csv.DictReader(text.splitlines()))
