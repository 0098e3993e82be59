"""Every finding code: what it means, and what to do. `reconcile explain CODE` prints it.

A level of `error` holds the whole run, `blocked` means that this person is not carried on, `warning` and
`info` hold nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reconciler.model.data import FindingCode

_CODES = (
    FindingCode(
        "prefix-changed",
        "error",
        "a prefix that has changed",
        "Host IDs of a member type have another prefix than at the last apply: every account would be left"
        " behind, and made again.",
        "Name the old one under identity.previous_prefixes, and the accounts get the new one; or put it"
        " back.",
    ),
    FindingCode(
        "crosswalk-unknown",
        "warning",
        "a crosswalk row that leads to nobody",
        "The crosswalk gives an account a Host ID that nobody at the school has. The account stays as it is."
        " Or no account has the old Host ID: then its person is not created, for they have an account.",
        "Correct the row; or write set_aside, if the person has left. Take it out if there is no such account"
        " any more.",
    ),
    FindingCode(
        "rekey-refused",
        "blocked",
        "a Host ID that the account cannot get",
        "An account should get another Host ID, by the crosswalk or a previous prefix, but another has"
        " it and keeps it, or is to get it too; or the account is protected, or a student's where the Host ID"
        " is not; or it cannot be told whether the row is done already. The account stays as it is, and a"
        " person who is to have it gets no other.",
        "See which of the two is the person's; keep_old in the crosswalk sets the other one aside. Take a row"
        " out that is wrong, or done.",
    ),
    FindingCode(
        "looks-like-existing",
        "blocked",
        "somebody new who looks like an old account",
        "Somebody would be created who has the name of an account that is about to be left behind, and"
        " nothing tells the two apart. If they are one person, a second account would cost them what the"
        " first one has. Where the school returns (onboarding: returning), it holds the whole run.",
        "Write a row into the crosswalk (identity.crosswalk): accept gives the account the new Host ID,"
        " reject says that they are two people. reconcile match suggests rows.",
    ),
    FindingCode(
        "duplicate-account",
        "warning",
        "a second account",
        "An account that is nobody's looks like a second one of somebody who has an account already: an"
        " earlier sync may have made it.",
        "Decide in the crosswalk: keep_old keeps the old account, and sets the new one aside; set_aside"
        " leaves both as they are.",
    ),
    FindingCode(
        "unmatched-accounts",
        "error",
        "accounts that are not matched yet",
        "The school returns, and has active accounts of which it is not decided whose they are.",
        "Run reconcile match, review its crosswalk, and write accept or set_aside in every row.",
    ),
    FindingCode(
        "undo-conflict",
        "warning",
        "changed since that run",
        "Undoing a run leaves alone whatever has been changed after it, by hand or by another run.",
        "Look whether it is as it should be; correct it by hand if not.",
    ),
    FindingCode(
        "undo-kept",
        "info",
        "a group that stays",
        "Undoing a run does not remove a group that it has made: groups are never removed. Its members"
        " leave it.",
        "Nothing; or remove the group by hand in Vidigami.",
    ),
    FindingCode(
        "opt-out-aside",
        "error",
        "an opt-out that would be lost",
        "Of one person's two accounts, the one that the crosswalk sets aside has an opt-out, and the one that"
        " is kept has none. An opt-out on either has to stay.",
        "Set the opt-out on the account that is kept, in Vidigami; then plan again.",
    ),
    FindingCode(
        "rows-dropped",
        "error",
        "a table that has shrunk",
        "The table has far fewer rows than at the last good run: half an export looks so, and would take"
        " everybody who is missing for a leaver.",
        "Export the whole table again. If the school has really shrunk, raise preflight.drop, or put it off,"
        " for this once.",
    ),
    FindingCode(
        "column-blanked",
        "error",
        "a column that went blank",
        "A column that had values at the last good run is blank in many rows more, or in all: an export"
        " without the right to see it looks so.",
        "Export again with that column filled. If it is meant to be blank, raise preflight.blank, or put"
        " it off.",
    ),
    FindingCode(
        "older-export",
        "error",
        "an export older than the last",
        "The file was last changed before the one that was applied last: it may well be last year's.",
        "Give the newest export. If an older one is meant, set preflight.older: allow.",
    ),
    FindingCode(
        "same-export",
        "error",
        "one file given twice",
        "Two tables have the very same file: persons given as users, say.",
        "Correct source.files, or export the right table there.",
    ),
    FindingCode(
        "too-few-rows",
        "error",
        "hardly any rows",
        "Nothing was applied before that the table could be held against, and it has fewer rows than any"
        " school would have.",
        "Export the whole table. If the school is that small, lower preflight.minimum.",
    ),
    FindingCode(
        "no-students-here",
        "error",
        "no student at the school",
        "No student of the export is at one of the schools that school_ids names.",
        "Correct school_ids, or export the students of this school.",
    ),
    FindingCode(
        "export-changed",
        "warning",
        "an export of another shape",
        "The table's headers or its encoding are not those of the last good run.",
        "Look whether the export is the right one; nothing, if it was changed on purpose.",
    ),
    FindingCode(
        "protected",
        "info",
        "left alone, being protected",
        "An account or a group is not as the SIS has it, and stays so, because `protected` names it.",
        "Nothing; or take it out of protected.host_ids or protected.groups.",
    ),
    FindingCode(
        "admin-leaver",
        "warning",
        "an administrator who has left",
        "Somebody who is gone from the SIS has a protected role, or is the last administrator. The account"
        " stays active, and in its groups.",
        "Give the role to somebody else, and take it away from this account; then plan again.",
    ),
    FindingCode(
        "missing-id",
        "blocked",
        "a row without an id",
        "The row's id column is blank, so the person cannot be told from anybody else. The row was left out.",
        "Give the person an id in the SIS, then export again.",
    ),
    FindingCode(
        "bad-id",
        "blocked",
        "an id that does not look like one",
        "The id does not match the rule set's pattern; scientific notation (1E5), which a spreadsheet makes"
        " of a long number, is one such. The row was left out.",
        "Export straight from the SIS, without opening the file in a spreadsheet; if the school's ids really"
        " look so, set members.<type>.id_pattern.",
    ),
    FindingCode(
        "duplicate-id",
        "blocked",
        "one id, different people",
        "Several rows of one table have the same id and say different things. None of them was taken, and an"
        " existing account stays as it is.",
        "Mend the id or the names in the SIS, so that each id belongs to one person.",
    ),
    FindingCode(
        "id-collision",
        "blocked",
        "one Host ID for two member types",
        "People of two member types get the same Host ID, and are not known to be the same person.",
        "Set a prefix for one of the member types (members.<type>.prefix); if they are one person in an SIS"
        " with a single id space, give both records the same name.",
    ),
    FindingCode(
        "shared-email",
        "blocked",
        "people who share an e-mail",
        "Vidigami wants one e-mail an account, and these people have the same. None of them is created or"
        " gets the e-mail; an account that exists already stays and keeps its own.",
        "Ask the family or the member of staff for an e-mail of their own and enter it in the SIS; until"
        " then, email.overrides can name one.",
    ),
    FindingCode(
        "email-taken",
        "blocked",
        "the e-mail belongs to another account",
        "An account in Vidigami, one that is not ours or that keeps its e-mail, already has this address.",
        "See whose account it is. If it is the same person, give that account the Host ID; otherwise enter"
        " another e-mail in the SIS.",
    ),
    FindingCode(
        "email-kept",
        "info",
        "an activated user's own e-mail",
        "The SIS has another e-mail than the one with which this person logs in. Theirs stays.",
        "Correct the SIS, or set email.activated: overwrite.",
    ),
    FindingCode(
        "invalid-email",
        "warning",
        "not an e-mail address",
        "The value is not an address, so it counts as not supplied: an account keeps the e-mail it has.",
        "Correct the address in the SIS.",
    ),
    FindingCode(
        "missing-name",
        "blocked",
        "no first or last name",
        "Vidigami needs both names. The person is not created; an existing account keeps its names.",
        "Complete the name in the SIS.",
    ),
    FindingCode(
        "no-grad-year",
        "warning",
        "a student without grade or graduation year",
        "Neither says in which year the student finishes, so the student joins no grade group.",
        "Enter the grade level or the graduation year in the SIS.",
    ),
    FindingCode(
        "unknown-grade",
        "warning",
        "a grade that the grade table does not know",
        "The value is not in the rule set's table of grades, so it counts as blank.",
        "Correct it in the SIS, or add the value to grades.levels in the school file.",
    ),
    FindingCode(
        "unknown-student",
        "warning",
        "a link to a student who is not in the export",
        "A contact, enrolment or list names a student whom the students table does not have. The link was"
        " left out, and the parent's account is held.",
        "Export all students, leavers too, from the same moment as the contacts.",
    ),
    FindingCode(
        "unknown-parent",
        "warning",
        "a link to a contact who is not in the export",
        "A student's contact has no row in the parents table. Nobody was created; an account is held.",
        "Export all persons from the same moment as the contacts.",
    ),
    FindingCode(
        "unknown-member",
        "warning",
        "a list names nobody at the school",
        "A line of a list gives a Host ID, or id and member type, that no eligible person has; of the exclude"
        " list, one that no row and no account has, so that it keeps nobody out.",
        "Correct the line, or take it out of the list.",
    ),
    FindingCode(
        "orphan-parent",
        "info",
        "a contact with no child here",
        "No link of this contact leads to an eligible student, so this is no parent of the school.",
        "Nothing, unless a link is missing in the SIS.",
    ),
    FindingCode(
        "no-email",
        "info",
        "no e-mail",
        "The account is made, but nobody can be invited to it.",
        "Enter an e-mail in the SIS if the person should log in.",
    ),
    FindingCode(
        "merged-staff-parent",
        "info",
        "staff and parent in one",
        "A member of staff and a parent have the same name and e-mail, or same_person says that they are one."
        " The staff account stays and gets the children.",
        "Nothing. If an account for the parent exists already, neither is touched: decide which of the two"
        " stays, and remove the other in Vidigami.",
    ),
    FindingCode(
        "no-parent",
        "warning",
        "a student without a parent",
        "No parent of this student is imported.",
        "See the contact's flags in the SIS, and whether a parent is blocked.",
    ),
    FindingCode(
        "excluded",
        "info",
        "kept out by the school",
        "The exclude list names this person or link, or another Host ID of the same person.",
        "Take the line out of the list to let them in.",
    ),
    FindingCode(
        "blank-kept",
        "info",
        "a blank that clears nothing",
        "The SIS has no value where Vidigami has one. It stays.",
        "Clear it in Vidigami, or set blank.<field>: clear.",
    ),
    FindingCode(
        "hand-added",
        "info",
        "added by hand",
        "Somebody was added to a group of ours, or linked to a student, by hand in Vidigami. They stay.",
        "Nothing. Remove them by hand if they should not be there.",
    ),
    FindingCode(
        "leaver-uncertain",
        "warning",
        "perhaps gone, perhaps not",
        "The export no longer has this person as one of the school's, but does not prove that they left:"
        " a row was unclear, left out or stands under another id. The account is held as it is.",
        "Mend the row that the detail names, then plan again.",
    ),
    FindingCode(
        "leaver-kept",
        "info",
        "gone, and kept",
        "The person is no longer at the school, and the school file keeps such accounts active.",
        "Nothing. Set leavers: deactivate to have them deactivated.",
    ),
    FindingCode(
        "deactivated-by-hand",
        "warning",
        "deactivated by hand",
        "The SIS has this person, but somebody deactivated the account in Vidigami. It stays so.",
        "Activate it in Vidigami if that was a mistake.",
    ),
    FindingCode(
        "group-renamed",
        "info",
        "a group renamed in Vidigami",
        "The group's name or category differs from the rule set's. It keeps what it has.",
        "Set groups.names: enforce to have the rule set's names back.",
    ),
    FindingCode(
        "group-taken",
        "blocked",
        "the group's name is taken",
        "A group that is not ours has this category and name. Ours, and its memberships, are not carried on.",
        "Set groups.adopt: true to take that group over, or rename one of the two.",
    ),
    FindingCode(
        "group-retired",
        "warning",
        "a group that is no longer declared",
        "A group of ours is not in groups.mapping any more. It is never removed, and keeps its members.",
        "Set groups.retired: empty to take the sync's members out of it.",
    ),
    FindingCode(
        "group-recreated",
        "warning",
        "a group that was deleted by hand",
        "A group of ours is missing from a directory that was applied to before. It is made again.",
        "Take its kind out of groups.mapping if the school does not want it.",
    ),
    FindingCode(
        "grade-mismatch",
        "warning",
        "grade and graduation year disagree",
        "The grade says another graduation year than the record. When most students have this, the school"
        " year of the school file is wrong, and the run is held.",
        "Correct the record in the SIS, or school_year in the school file.",
    ),
    FindingCode(
        "school-year-mismatch",
        "error",
        "an earlier school year than the directory's",
        "The directory already stands at a later school year than the school file. Nothing is planned back.",
        "Set school_year in the school file to the present year.",
    ),
    FindingCode(
        "reused-id",
        "blocked",
        "an id that now belongs to somebody else",
        "The account with this Host ID has another first name, surname and graduation year than the SIS. The"
        " update would give one child another child's account, so it is refused.",
        "See who the account belongs to. Give the new student an id that was never used.",
    ),
    FindingCode(
        "ignored-column",
        "info",
        "a column that was not used",
        "The column looks like an id but is another one, so it was not read.",
        "Nothing; leave it out of the export to be rid of this message.",
    ),
    FindingCode(
        "handed-over",
        "info",
        "sheets that nobody has confirmed yet",
        "Sheets were handed over, and there is no later export of Vidigami's. What they say is taken for"
        " done, so the plan does not ask for it again.",
        "Upload the sheets, export the users again, and plan: that tells what did not arrive. If they are not"
        " to be uploaded, export again all the same.",
    ),
    FindingCode(
        "not-arrived",
        "warning",
        "handed over, and not there",
        "Sheets that were handed over say it, and an export that was made since does not show it: a row was"
        " refused, a sheet was not uploaded, or somebody has changed it in Vidigami. The plan asks for it"
        " again.",
        "See the errors that Vidigami gave for the upload.",
    ),
    FindingCode(
        "dangling-link",
        "info",
        "links to nobody",
        "Groups or students of the directory name accounts that are not there: somebody has deleted those,"
        " and the server keeps their places. They count for nothing.",
        "Nothing.",
    ),
    FindingCode(
        "not-carried",
        "info",
        "not held by this directory",
        "The directory cannot hold or do this, so the plan leaves it out.",
        "Do it by hand in Vidigami if it matters.",
    ),
)

FINDING_CODES: Mapping[str, FindingCode] = MappingProxyType({code.code: code for code in _CODES})
"""Code -> what it is."""
