"""A school's effective settings: its YAML file merged over the rule sets that it extends.

Field for field these types are what `schemas/school.schema.json` allows; `config` builds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from types import MappingProxyType

from reconciler.model.calendar import Calendar
from reconciler.model.guard import DEFAULT_GUARDS, Limit
from reconciler.model.preflight import PreflightSettings
from reconciler.model.sheets import SheetSettings
from reconciler.model.year import SchoolYear

NO_MAPPING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows of a table count: those whose `column` holds one of `accept` (case-folded).

    A value that is neither accepted nor matches `known` is unclear: the row does not pass, but it
    proves nothing about the person either. A `required` filter fails the run where its column is
    missing or blank throughout; another is skipped.
    """

    column: str
    accept: tuple[str, ...]
    known: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class TableRules:
    """How one table of the SIS is read: which header is which of our fields, which rows count."""

    columns: Mapping[str, tuple[str, ...]]
    required: tuple[tuple[str, ...], ...] = ()
    """Each entry lists alternatives: at least one of these fields must have a column."""
    refuse: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Header that must not be taken for an id -> why."""
    filters: Mapping[str, RowFilter] = field(default_factory=dict)
    having: str = ""
    """Only rows where this field is not blank belong to the table (parts of a data set)."""
    sparse: bool = False
    """Rows of one id may leave blank what another of its rows says."""
    parts: Mapping[str, TableRules] = field(default_factory=dict)
    """A file that carries several tables at once: logical table -> its rules."""


@dataclass(frozen=True, slots=True)
class MemberRules:
    """Where people of a member type come from and how their Host IDs are made."""

    table: str
    prefix: str
    id_pattern: str

    @property
    def host_id_pattern(self) -> str:
        """A regular expression that a whole Host ID of this member type matches."""
        prefix = "".join(letter if letter.isalnum() else f"\\{letter}" for letter in self.prefix)
        return f"{prefix}(?:{self.id_pattern})"


@dataclass(frozen=True, slots=True)
class GradeLevel:
    """One grade: its number (kindergarten 0), its label, and the raw values that mean it (case-folded)."""

    number: int
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grades:
    """The grade table, and the final grade before graduation."""

    levels: tuple[GradeLevel, ...]
    final: int = 12


@dataclass(frozen=True, slots=True)
class GroupTemplate:
    """Category, and jinja2 template of the name, of the groups of one kind."""

    category: str
    name: str


@dataclass(frozen=True, slots=True)
class Division:
    """A named range of grades, both ends included, as grade numbers."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """Which groups a school gets, how they are called, and who is in them."""

    mapping: tuple[str, ...] = ("grade", "faculty")
    """Of `grade`, `grad_year`, `faculty`, `classes`, `divisions`, `membership_list`."""
    templates: Mapping[str, GroupTemplate] = field(default_factory=dict)
    grade_from: str = "grad_year"
    """`grad_year`, or `grade`: which of the record's two values decides."""
    names: str = "keep"
    """`keep` or `enforce`: whether a group renamed in Vidigami gets its name back."""
    retired: str = "keep"
    """`keep` or `empty`: whether a group that is no longer declared keeps its members."""
    adopt: bool = False
    """Whether a group found by category and name may be taken over."""
    per_school: bool = False
    school_names: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    parents_follow: tuple[str, ...] = ("grade", "grad_year")
    divisions: tuple[Division, ...] = ()


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """What becomes of e-mails that clash."""

    students: str = "keep"
    """`keep`, or `drop`: import students without an address that they share."""
    activated: str = "keep"
    """`keep`, or `overwrite`: whether an activated user's own e-mail follows the SIS."""


@dataclass(frozen=True, slots=True)
class ExcludeSettings:
    """What becomes of an excluded person's account: `hold` leaves it, `leave` treats it as a leaver."""

    existing: str = "hold"


@dataclass(frozen=True, slots=True)
class LettersSettings:
    """Letters to families that share an e-mail address."""

    template: str = ""
    """The path of the school's own jinja2 template."""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """How one person with two records, or an account with another Host ID, is known."""

    merge_staff_parents: bool = True
    previous_prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Member type -> prefixes of before; accounts that have one are ours, and get the one of today."""


@dataclass(frozen=True, slots=True)
class ProtectedSettings:
    """What no plan touches."""

    host_ids: tuple[str, ...] = ()
    """Regular expressions: an account whose whole Host ID matches one stays as it is."""
    roles: tuple[str, ...] = ("Administrator", "Site Manager")
    """Roles in Vidigami: an account that has one is never deactivated."""
    groups: tuple[str, ...] = ()
    """`category/name`: nobody joins or leaves, and the name stays."""


@dataclass(frozen=True, slots=True)
class ParentSettings:
    """Which contacts are parents: those with any of these flags, or of these relationships (case-folded)."""

    any_of: tuple[str, ...] = ("is_custodial",)
    """Of `is_custodial`, `lives_with`, `is_guardian`, `data_access`."""
    relationships: tuple[str, ...] = ()
    yes: tuple[str, ...] = ("1", "true", "yes", "y", "t")
    """What a flag says for yes (case-folded)."""


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How long a saved plan may be applied."""

    max_age_days: float = 7.0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One export: its path as written and where it is; what is '' is detected."""

    name: str
    path: str
    delimiter: str = ""
    encoding: str = ""
    quoting: str = ""
    """`standard` or `none`."""
    allow_empty: bool = False
    sha256: str = ""
    """The digest that its bytes must have, where it was reviewed elsewhere."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where a school's tables come from: logical table -> file."""

    kind: str
    files: Mapping[str, SourceFile]
    path: str = ""
    """The folder or the zip archive of the files; of a bundle, the bundle itself."""
    url: str = ""
    """The address of an API."""
    credentials: str = ""
    """How the variables begin that hold its client id and secret."""
    token_url: str = ""
    """Where they are changed for a token, of an API that does not say so itself."""
    scope: str = ""
    """What the token is asked for, in the words of the server."""
    roles: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    """Logical table -> whose users it has, where an API lists by role: base roles, or names of roles."""


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """How a SCIM server is used, and what of it is known better than it says itself."""

    user_name: str = "host_id"
    """`host_id` or `email`: what an account's `userName` is."""
    extension: str = "urn:ietf:params:scim:schemas:extension:vidigami:2.0"
    """How the URNs of the schema extensions begin; `:User` and `:Group` follow."""
    category_in_name: bool = False
    """Whether a group is called `Category/Name`, on a server that has no other place for its category."""
    paging: str = "auto"
    """`index`, `cursor`, or `auto`: as the server says."""
    page_size: int = 0
    """Rows a page; 0 stands for what the server says."""
    members: str = "listed"
    """`listed`, or `hidden`: the server does not tell who is in a group."""
    members_per_patch: int = 100
    single_remove: bool = False
    """Whether each request takes out one member alone."""
    etag: bool = True
    """Whether versions are used where the server offers them."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """Where the directory is."""

    kind: str
    path: str = ""
    """The file or folder on disk, of a target that has one."""
    url: str = ""
    """The address of a server."""
    credentials: str = ""
    """How the variables begin that hold its client id and secret, or its token."""
    token_url: str = ""
    """Where client id and secret are changed for a token."""
    scope: str = ""
    """What the token is asked for, in the words of the server."""
    scim: ScimSettings = field(default_factory=ScimSettings)
    exports: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Kind (users, groups, ...) -> the file that Vidigami exported of it."""
    sheets: SheetSettings = field(default_factory=SheetSettings)
    user_types: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Member type -> Vidigami's word for it."""

    @property
    def place(self) -> str:
        """What a target's memory is filed under: another kind or another server is another directory."""
        return f"{self.kind} {self.url}".strip()


@dataclass(frozen=True, slots=True)
class School:
    """Everything that a run needs to know of a school."""

    id: str
    file: str
    """The YAML file, as the user named it."""
    name: str
    sis: str
    school_year: SchoolYear
    source: SourceSettings
    target: TargetSettings
    members: Mapping[str, MemberRules]
    tables: Mapping[str, TableRules]
    grades: Grades
    user_types: Mapping[str, str]
    """Member type -> Vidigami's word for it."""
    leaving: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Student status in the SIS -> cause of leaving, `graduated` or `transferred`."""
    onboarding: str = "new"
    """`new`, or `returning`: the directory has accounts under other Host IDs, which are matched first."""
    sync: str = "plan_only"
    """`apply`, or `plan_only`: apply is refused."""
    school_ids: tuple[str, ...] = ()
    groups: GroupSettings = field(default_factory=GroupSettings)
    email: EmailSettings = field(default_factory=EmailSettings)
    exclude: ExcludeSettings = field(default_factory=ExcludeSettings)
    letters: LettersSettings = field(default_factory=LettersSettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    parents: ParentSettings = field(default_factory=ParentSettings)
    blank: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Person field -> `keep` or `clear`: whether a blank in the SIS clears the value in Vidigami."""
    leavers: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    """Cause (graduated, transferred, staff, parent) -> `deactivate` or `keep`; missing is deactivate.

    A student who is simply not in the export any more has transferred.
    """
    guards: Mapping[str, Limit | None] = field(default_factory=lambda: DEFAULT_GUARDS)
    """Guard, such as `users.deactivate` -> its limit; None where it is off."""
    protected: ProtectedSettings = field(default_factory=ProtectedSettings)
    calendar: Calendar = field(default_factory=Calendar)
    preflight: PreflightSettings = field(default_factory=PreflightSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    retention_days: float = 400.0
    """How long values of people are remembered of a run."""
    settings_digest: str = ""
    rule_set_digests: Mapping[str, str] = field(default_factory=lambda: NO_MAPPING)
    effective: Mapping[str, object] = field(default_factory=dict, compare=False)
    """The merged settings as plain data, without locations and secrets."""

    @property
    def one_id_space(self) -> bool:
        """Whether people of two member types can have the same Host ID: no prefix keeps them apart."""
        prefixes = [rules.prefix for rules in self.members.values()]
        return any(one.startswith(other) for one, other in permutations(prefixes, 2))


LIST_TABLES: Mapping[str, TableRules] = MappingProxyType(
    {
        "crosswalk": TableRules(
            columns={
                "old_host_id": ("old_host_id", "old host id"),
                "new_host_id": ("new_host_id", "new host id"),
                "member_type": ("member_type", "member type", "user type"),
                "decision": ("decision",),
                "evidence": ("evidence",),
            },
            required=(("old_host_id",), ("new_host_id",), ("decision",)),
        ),
        "exclude": TableRules(
            columns={
                "host_id": ("host_id", "host id"),
                "parent_host_id": ("parent_host_id", "parent host id"),
                "reason": ("reason",),
            },
            required=(("host_id",), ("reason",)),
        ),
        "email_overrides": TableRules(
            columns={"host_id": ("host_id", "host id"), "email": ("email", "e-mail")},
            required=(("host_id",), ("email",)),
        ),
        "same_person": TableRules(
            columns={"staff_id": ("staff_id", "staff id"), "parent_id": ("parent_id", "parent id")},
            required=(("staff_id",), ("parent_id",)),
        ),
        "membership_list": TableRules(
            columns={
                "group": ("group", "name", "group name"),
                "category": ("category",),
                "host_id": ("host_id", "host id"),
                "member_id": ("id", "raw_id", "member id"),
                "member_type": ("member_type", "member type", "user type"),
            },
            required=(("group",), ("category",), ("host_id", "member_id")),
        ),
    }
)
"""The CSV files beside a school file. They stand in `source.files` under these names."""
