"""Users and their roles -> who is a student, who works here, who is a parent, and whose."""

from __future__ import annotations

import polars as pl

STAFF = (
    *("teacher", "administrator", "aide", "proctor", "counselor", "principal"),
    *("siteadministrator", "districtadministrator", "systemadministrator"),
)
PARENTS = ("parent", "guardian", "relative")
STUDENTS = ("student",)
ROLES = {"students": STUDENTS, "staff": STAFF, "parents": PARENTS}
"""Logical table -> the roles of 1.1 and 1.2 whose people are in it."""
GUARDIANS = ("parent", "guardian", *STAFF, "")
"""Roles of an agent that make them a parent of the student who names them: all but `relative`."""


def roles_of_users(users: pl.DataFrame) -> pl.DataFrame:
    """1.1: `id, role, school` from users, one row for each school that a user belongs to."""
    schools = _listed("orgsourcedids") if "orgsourcedids" in users.columns else pl.lit([""])
    return users.select(id="sourcedid", role=_role("role"), school=schools, _line="_line").explode(
        "school", empty_as_null=False
    )


def roles_of_file(roles: pl.DataFrame) -> pl.DataFrame:
    """1.2: the same from roles.csv."""
    school = pl.col("orgsourcedids") if "orgsourcedids" in roles.columns else pl.lit("")
    return roles.select(id="usersourcedid", role=_role("role"), school=school, _line="_line")


def people_of(users: pl.DataFrame, roles: pl.DataFrame, table: str) -> pl.DataFrame:
    """The users of a logical table: a row for each of their schools, which is `orgsourcedid`.

    Whoever is a student's agent is among the parents, whatever their role: a teacher has one role in 1.1,
    and may have a child at the school.
    """
    theirs = roles.filter(pl.col("role").is_in(list(ROLES[table]))).select("id", orgsourcedid="school")
    if table == "parents":
        agents = _agents_of_students(users, roles).select(id="agent", orgsourcedid=pl.lit(""))
        theirs = pl.concat([theirs, agents]).unique("id", keep="first", maintain_order=True)
    theirs = theirs.unique(maintain_order=True)
    rows = users.drop("orgsourcedids", "role", strict=False)
    if "grades" in rows.columns:
        rows = rows.with_columns(_one_grade())
    return rows.join(theirs, left_on="sourcedid", right_on="id", how="inner", maintain_order="left")


def pairs_of(users: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """`studentsourcedid, parentsourcedid, relationship, isguardian`: who is whose, each pair once.

    Students may name their agents, and parents theirs: both count.
    """
    named = _agents_of_students(users, roles)
    students = roles.filter(pl.col("role").is_in(list(STUDENTS)))["id"].unique().implode()
    parents = roles.filter(pl.col("role").is_in(list(PARENTS)))["id"].unique().implode()
    naming = _agents(users).filter(pl.col("sourcedid").is_in(parents), pl.col("agent").is_in(students))
    pairs = pl.concat(
        [
            named.select(studentsourcedid="sourcedid", parentsourcedid="agent", _line="_line"),
            naming.select(studentsourcedid="agent", parentsourcedid="sourcedid", _line="_line"),
        ]
    ).unique(["studentsourcedid", "parentsourcedid"], keep="first", maintain_order=True)
    # Of somebody with several roles, that of a parent says most.
    ranked = roles.with_columns(rank=~pl.col("role").is_in(list(PARENTS))).sort("rank", maintain_order=True)
    role = ranked.unique("id", keep="first", maintain_order=True).select("id", relationship="role")
    told = pairs.join(role, left_on="parentsourcedid", right_on="id", how="left", maintain_order="left")
    told = told.with_columns(pl.col("relationship").fill_null(""))
    guardian = pl.col("relationship").is_in(list(GUARDIANS))
    flag = pl.when(guardian).then(pl.lit("true")).otherwise(pl.lit("false"))
    return told.select(*_PAIR[:3], isguardian=flag, _line="_line")


def not_taken(users: pl.DataFrame, roles: pl.DataFrame) -> tuple[str, ...]:
    """Who is in no table: those of roles that the standard does not have, and users without any role."""
    known = [role for some in ROLES.values() for role in some]
    strange = [f"the role {role!r}" for role in sorted(set(roles["role"].unique()) - set(known))]
    without = users.join(roles, left_on="sourcedid", right_on="id", how="anti")["sourcedid"].n_unique()
    return (*strange, *([f"whoever has no role (users: {without:,})"] if without else []))


_PAIR = ("studentsourcedid", "parentsourcedid", "relationship", "isguardian")


def _agents(users: pl.DataFrame) -> pl.DataFrame:
    """`sourcedid, agent, _line`: whom each user names."""
    if "agentsourcedids" not in users.columns:
        return users.select("sourcedid", "_line", agent=pl.lit("")).clear()
    agents = users.select("sourcedid", "_line", agent=_listed("agentsourcedids"))
    return agents.explode("agent", empty_as_null=False).filter(pl.col("agent") != "")


def _agents_of_students(users: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """The same of students alone."""
    students = roles.filter(pl.col("role").is_in(list(STUDENTS)))["id"].unique().implode()
    return _agents(users).filter(pl.col("sourcedid").is_in(students))


def _role(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def _listed(column: str) -> pl.Expr:
    """Ids by commas as a list."""
    return pl.col(column).str.split(",").list.eval(pl.element().str.strip_chars())


def _one_grade() -> pl.Expr:
    """A grade, where a list of them names one alone; else as it stands, which no grade table knows."""
    grades = _listed("grades").list.unique(maintain_order=True)
    return pl.when(grades.list.len() == 1).then(grades.list.first()).otherwise("grades").alias("grades")
