from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import directories as d

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


@pytest.fixture
def target(path: Path) -> Target:
    return d.new_directory(path)


APPLIED, ALREADY = ("applied", ""), ("already", "")


def test_an_account_that_differs_from_the_creation_is_stale_and_untouched(target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    assert d.apply(target, "users", d.creation("S1", first_name="Kim", grad_year="2031")) == [
        ("stale", "the account exists already, and differs in: first_name, grad_year")
    ]
    assert d.user(target, "S1")["first_name"] == "FirstS1"


def test_an_inactive_account_is_not_a_created_one(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    d.edit_user(path, "S1", active=0, deactivated_by="hand")
    assert d.apply(target, "users", d.creation("S1")) == [
        ("stale", "the account exists already, and differs in: active")
    ]


def test_creating_an_account_whose_email_differs_in_case_is_done_already(target: Target) -> None:
    d.apply(target, "users", d.creation("S1", email="élodie@example.org"))
    assert d.apply(target, "users", d.creation("S1", email="ÉLODIE@example.org")) == [ALREADY]


@pytest.mark.parametrize(
    ("held", "claimed"),
    [
        ("kim@example.org", "kim@example.org"),
        ("kim@example.org", "KIM@Example.Org"),
        ("élodie@example.org", "ÉLODIE@example.org"),
        ("ΣΊΣΥΦΟΣ@example.org", "σίσυφος@example.org"),
    ],
)
def test_an_email_belongs_to_one_account_whatever_its_case(target: Target, held: str, claimed: str) -> None:
    d.apply(target, "users", d.creation("S1", email=held), d.creation("S2"))
    rows = (d.creation("P1", email=claimed), d.change(target, "S2", email=claimed))
    assert d.apply(target, "users", *rows) == [("failed", "its e-mail is held by account S1")] * 2
    assert d.user(target, "P1") == {}
    assert d.user(target, "S2")["email"] == "s2@example.org"


def test_of_two_creations_with_one_email_the_first_gets_it(target: Target) -> None:
    rows = (d.creation("S2", email="same@example.org"), d.creation("S1", email="Same@example.org"))
    assert d.apply(target, "users", *rows) == [APPLIED, ("failed", "its e-mail is held by account S2")]


def test_an_inactive_account_holds_its_email(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1", email="kim@example.org"))
    d.edit_user(path, "S1", active=0)
    assert d.apply(target, "users", d.creation("S2", email="kim@example.org")) == [
        ("failed", "its e-mail is held by account S1")
    ]


def test_blank_emails_never_clash(target: Target) -> None:
    rows = [d.creation(f"S{n}", email="") for n in range(3)]
    assert d.apply(target, "users", *rows) == [APPLIED] * 3


def test_an_unknown_member_type_fails_by_itself(target: Target) -> None:
    rows = (d.creation("S1", member_type="alumnus"), d.creation("S2"))
    assert d.apply(target, "users", *rows) == [
        ("failed", "the directory does not take these values"),
        APPLIED,
    ]


def test_a_blank_email_is_nobody_s_when_something_else_is_wrong(target: Target) -> None:
    rows = (d.creation("S1", email=""), d.creation("S2", email="", member_type="alumnus"))
    assert d.apply(target, "users", *rows)[1] == ("failed", "the directory does not take these values")


def test_an_email_that_differs_in_case_alone_needs_no_change(target: Target) -> None:
    d.apply(target, "users", d.creation("S1", email="élodie@example.org"))
    assert d.apply(target, "users", d.change(target, "S1", email="ÉLODIE@example.org")) == [ALREADY]
    assert d.user(target, "S1")["email"] == "élodie@example.org"


def test_an_update_compares_and_writes_its_own_fields_alone(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", first_name="Kim")
    d.edit_user(path, "S1", last_name="Byhand")
    assert d.apply(target, "users", row) == [APPLIED]
    assert (d.user(target, "S1")["first_name"], d.user(target, "S1")["last_name"]) == ("Kim", "Byhand")


def test_an_update_names_every_field_that_moved(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", first_name="Kim", last_name="Lee", grad_year="2031", email="kim@example.org")
    d.edit_user(path, "S1", first_name="Kimberley", email="own@example.org")
    assert d.apply(target, "users", row) == [
        ("stale", "the account has changed since the plan in: first_name, email")
    ]
    assert d.user(target, "S1")["last_name"] == "LastS1"


def test_an_update_half_of_which_is_done_gets_the_other_half(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", first_name="Kim", last_name="Lee")
    d.edit_user(path, "S1", last_name="Lee")
    assert d.apply(target, "users", row) == [APPLIED]
    assert (d.user(target, "S1")["first_name"], d.user(target, "S1")["last_name"]) == ("Kim", "Lee")


@pytest.mark.parametrize("target_id", ["", "99", "u1", "1x", "1:1", "-1", str(2**70)])
def test_an_account_that_is_not_there_makes_its_change_stale(target: Target, target_id: str) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", first_name="Kim") | {"target_id": target_id}
    assert d.apply(target, "users", row) == [("stale", "the account is not there any more")]


def test_a_change_finds_its_account_by_target_id_after_a_rekey_by_hand(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", first_name="Kim")
    d.edit_user(path, "S1", host_id="S9")
    assert d.apply(target, "users", row) == [APPLIED]
    assert d.user(target, "S9")["first_name"] == "Kim"


def test_a_rekey_keeps_the_account_and_can_change_its_member_type(target: Target) -> None:
    d.apply(target, "users", d.creation("T1"))
    row = d.change(target, "T1", "rekey", host_id="P1", member_type="parent")
    before = target.read().users["target_id"].to_list()
    assert d.apply(target, "users", row) == [APPLIED]
    assert d.apply(target, "users", row) == [ALREADY]
    assert target.read().users.select("target_id", "host_id", "member_type").rows() == [
        (before[0], "P1", "parent")
    ]


def test_a_rekey_onto_a_host_id_that_is_taken_fails(target: Target) -> None:
    d.apply(target, "users", d.creation("T1"), d.creation("P1"))
    assert d.apply(target, "users", d.change(target, "T1", "rekey", host_id="P1")) == [
        ("failed", "its Host ID is held by another account")
    ]


def test_deactivation_and_return_say_that_the_sync_did_it(target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    leave = d.change(target, "S1", "deactivate", active=False)
    assert d.apply(target, "users", leave) == [APPLIED]
    assert (d.user(target, "S1")["active"], d.user(target, "S1")["deactivated_by"]) == (False, "sync")
    back = d.change(target, "S1", "reactivate", active=True, first_name="Kim")
    assert d.apply(target, "users", back) == [APPLIED]
    assert (d.user(target, "S1")["active"], d.user(target, "S1")["deactivated_by"]) == (True, "")


def test_an_account_deactivated_by_hand_meanwhile_stays_so(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    row = d.change(target, "S1", "deactivate", active=False)
    d.edit_user(path, "S1", active=0, deactivated_by="hand")
    assert d.apply(target, "users", row) == [ALREADY]
    assert d.user(target, "S1")["deactivated_by"] == "hand"


def test_role_opt_out_and_status_are_never_touched(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    d.edit_user(path, "S1", role="Administrator", opt_out=1, status="activated")
    for after in ({"email": ""}, {"active": False}, {"active": True, "email": "new@example.org"}):
        assert d.apply(target, "users", d.change(target, "S1", **after)) == [APPLIED]
    live = d.user(target, "S1")
    assert (live["role"], live["opt_out"], live["status"]) == ("Administrator", True, "activated")


def test_two_changes_of_one_account_in_one_batch_keep_out_of_each_other_s_way(target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    rows = (d.change(target, "S1", first_name="Kim"), d.change(target, "S1", last_name="Lee"))
    assert d.apply(target, "users", *rows) == [APPLIED] * 2
    assert (d.user(target, "S1")["first_name"], d.user(target, "S1")["last_name"]) == ("Kim", "Lee")


def test_the_first_step_of_a_chain_is_done_once_the_last_is(target: Target) -> None:
    d.apply(target, "users", d.creation("S1", first_name="Kim"))
    clear = d.change(target, "S1", email="") | {"later_email": "New@example.org"}
    d.apply(target, "users", d.change(target, "S1", email="new@example.org"))
    assert d.apply(target, "users", clear) == [ALREADY]
    assert d.user(target, "S1")["email"] == "new@example.org"


def test_the_rest_of_a_first_step_leaves_the_last_step_s_email_alone(path: Path, target: Target) -> None:
    d.apply(target, "users", d.creation("S1"))
    first = d.change(target, "S1", email="", first_name="Kim") | {"later_email": "new@example.org"}
    d.edit_user(path, "S1", email="new@example.org")
    assert d.apply(target, "users", first) == [APPLIED]
    assert (d.user(target, "S1")["first_name"], d.user(target, "S1")["email"]) == ("Kim", "new@example.org")


def test_an_email_in_the_end_is_kept_as_the_plan_writes_it(target: Target) -> None:
    d.apply(target, "users", d.creation("S1", email="Kim.Lee@Example.org"))
    assert d.user(target, "S1")["email"] == "Kim.Lee@Example.org"
