from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.detect import Fit, assign, best_of

NEEDED = ("students", "staff", "parents", "contacts")
TABLES = (*NEEDED, "emails", "contacts_dataset")


def fit(file, table, headers=4):
    return Fit(file, table, tuple(f"h{number}" for number in range(headers)))


def files(found):
    return {table: one.file for table, one in found.fits.items()}


def test_each_table_gets_the_file_that_has_most_of_it():
    fits = [
        fit("a.csv", "students", 9),
        fit("a.csv", "parents", 3),
        fit("b.csv", "parents", 4),
        fit("c.csv", "contacts", 6),
        fit("d.csv", "staff", 5),
        fit("d.csv", "parents", 3),
    ]
    found = assign(fits, NEEDED, {})
    assert files(found) == {"students": "a.csv", "parents": "b.csv", "contacts": "c.csv", "staff": "d.csv"}
    assert found.complete


def test_where_columns_do_not_tell_the_names_of_files_do():
    fits = [fit(name, table) for name in ("Teachers.csv", "parents.csv") for table in ("staff", "parents")]
    assert files(assign(fits, (), {})) == {"staff": "Teachers.csv", "parents": "parents.csv"}


def test_two_files_that_fit_equally_well_are_nobodys_guess():
    fits = [fit("a.csv", "students", 9), fit("b.csv", "students", 9), fit("c.csv", "staff")]
    found = assign(fits, ("students", "staff"), {})
    assert (files(found), found.contested) == ({"staff": "c.csv"}, {"students": ["a.csv", "b.csv"]})
    assert not found.complete
    settled = assign(fits, ("students", "staff"), {"students": "b.csv"})
    assert (files(settled), settled.complete) == ({"students": "b.csv", "staff": "c.csv"}, True)


def test_what_no_file_could_be_is_missing():
    found = assign([fit("a.csv", "students")], NEEDED, {})
    assert found.missing == ["staff", "parents", "contacts"]


def test_a_data_set_stands_for_three_tables_where_they_are_not_there():
    data_set = fit("set.csv", "contacts_dataset", 11)
    both = [data_set, fit("p.csv", "parents"), fit("c.csv", "contacts"), fit("e.csv", "emails")]
    assert set(files(assign(both, (), {}))) == {"parents", "contacts", "emails"}
    found = assign([data_set, fit("e.csv", "emails")], ("parents", "contacts"), {})
    assert (files(found), found.missing) == ({"contacts_dataset": "set.csv"}, [])


@pytest.mark.parametrize(
    ("powerschool", "veracross", "best"),
    [
        (("students", "staff", "parents", "contacts"), ("students",), ["powerschool"]),
        (("students",), ("students",), ["powerschool", "veracross"]),
    ],
)
def test_the_system_that_explains_most_is_taken_and_of_two_neither(powerschool, veracross, best):
    of = {
        name: assign([fit(f"{table}.csv", table) for table in tables], NEEDED, {})
        for name, tables in (("powerschool", powerschool), ("veracross", veracross))
    }
    assert best_of(of) == best


FITS = st.lists(
    st.builds(
        fit,
        st.sampled_from(["a", "b", "c", "d", "student", "staff"]),
        st.sampled_from(TABLES),
        st.integers(1, 4),
    ),
    max_size=15,
    unique_by=lambda one: (one.file, one.table),
)


@given(FITS, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter_and_no_file_is_two_tables(fits, random):
    found = assign(fits, NEEDED, {})
    shuffled = assign(random.sample(fits, len(fits)), NEEDED, {})
    assert (files(found), found.contested, found.missing) == (
        files(shuffled),
        shuffled.contested,
        shuffled.missing,
    )
    taken = list(files(found).values())
    assert len(taken) == len(set(taken))
    assert not set(found.fits) & set(found.contested)
