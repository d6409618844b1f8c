"""Slugs: the names of jobs in entries and units."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.job import MAX_SLUG, slug_for


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Daily Morning Sync", "daily-morning-sync"),
        ("  --Q1/2026: 50 % off!--", "q1-2026-50-off"),
        ("Café", "caf"),
        ("ежедневно 2", "2"),
        ("日報", None),
        ("---", None),
        ("", None),
    ],
)
def test_a_slug_is_made_of_the_letters_and_digits_of_the_name(name: str, slug: str | None):
    assert slug_for(name, ()) == slug


def test_a_taken_slug_gets_the_first_free_number():
    assert slug_for("Daily", {"daily"}) == "daily-2"
    assert slug_for("Daily", {"daily", "daily-2", "daily-4"}) == "daily-3"


def test_a_long_name_is_cut_and_still_gets_its_number():
    long = "a" * 300

    assert slug_for(long, ()) == "a" * MAX_SLUG
    assert slug_for(long, {"a" * MAX_SLUG}) == "a" * (MAX_SLUG - 6) + "-2"


@given(st.text(max_size=90), st.integers(min_value=1, max_value=30))
def test_every_slug_is_well_formed_and_free(name: str, jobs: int):
    taken: set[str] = set()
    for _ in range(jobs):
        slug = slug_for(name, taken)
        if slug is None:
            return
        assert re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", slug)
        assert len(slug) <= MAX_SLUG
        assert slug not in taken
        taken.add(slug)
