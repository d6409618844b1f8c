"""Which template takes a recording, and why."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomauto.domain.matching import Match, Matcher, Undecided, Verdict, check_rules
from zoomauto.domain.template import MatchingRules, Template
from zoomauto.errors import InvalidTemplate

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
#: Takes for ever on a row of the letter a.
ENDLESS = "(a|a)*$"
ROW_OF_A = "a" * 40 + "b"


def template(template_id: int = 1, **rules: Any) -> Template:
    return Template(
        id=template_id,
        owner="ann",
        name=f"T{template_id}",
        rules=MatchingRules(**rules),
        created_at=SINCE,
        updated_at=SINCE,
    )


def verdict(name: str, *, source_id: int = 1, **rules: Any) -> tuple[bool, str, str | None]:
    (only,) = Matcher([template(**rules)]).explain(name, source_id)
    return only.accepted, only.rule, only.text


def taken_by(matcher: Matcher, name: str, source_id: int = 1) -> str | None:
    match = matcher.first(name, source_id)
    return None if match is None else f"{type(match).__name__} {match.template.name}"


@pytest.mark.parametrize(
    ("rules", "name", "expected"),
    [
        ({"exact_matches": ("Daily",)}, "daily", (True, "exact_matches", "Daily")),
        ({"exact_matches": ("Daily",)}, "daily sync", (False, "none", None)),
        ({"keywords": ("sync", "DAILY")}, "The daily call", (True, "keywords", "DAILY")),
        ({"patterns": (r"^q\d$", r"week \d+")}, "Week 12", (True, "patterns", r"week \d+")),
        ({}, "", (True, "no name rule", None)),
        ({"exclude_keywords": ("test",)}, "Lecture", (True, "no name rule", None)),
        ({"exclude_keywords": ("test",)}, "TEST call", (False, "exclude_keywords", "test")),
        ({"exclude_patterns": ("t.st",)}, "Toast, tost", (False, "exclude_patterns", "t.st")),
        ({"source_ids": (2, 3)}, "Lecture", (False, "source_ids", None)),
        ({"source_ids": (1, 3)}, "Lecture", (True, "no name rule", None)),
    ],
)
def test_the_verdict_names_the_rule_that_decided(
    rules: dict[str, Any], name: str, expected: tuple[bool, str, str | None]
):
    assert verdict(name, **rules) == expected


def test_sources_narrow_before_excludes_and_excludes_come_before_everything_else():
    rules: dict[str, Any] = {
        "source_ids": (1,),
        "exclude_keywords": ("draft",),
        "exclude_patterns": ("wip",),
        "exact_matches": ("Sync",),
        "keywords": ("sync",),
        "patterns": ("sy.c",),
    }
    assert [
        verdict("wip draft sync", source_id=2, **rules)[1],
        verdict("wip draft sync", **rules)[1],
        verdict("wip sync", **rules)[1],
        verdict("sync", **rules)[1],
        verdict("the sync", **rules)[1],
        verdict("the syic", **rules)[1],
        verdict("the call", **rules)[1],
    ] == [
        "source_ids",
        "exclude_keywords",
        "exclude_patterns",
        "exact_matches",
        "keywords",
        "patterns",
        "none",
    ]


def test_a_verdict_explains_itself_in_a_sentence():
    matcher = Matcher(
        [
            template(1, keywords=("sync",), exclude_patterns=("^old",)),
            template(2, keywords=("sync",), source_ids=(7, 8)),
        ]
    )
    assert matcher.explain("Old sync", 1) == (
        Verdict(
            template_id=1,
            template_name="T1",
            accepted=False,
            rule="exclude_patterns",
            text="^old",
            reason='the name fits "^old", which is excluded',
        ),
        Verdict(
            template_id=2,
            template_name="T2",
            accepted=False,
            rule="source_ids",
            reason="it takes recordings of source 7, 8 only, not of 1",
        ),
    )


def test_the_first_template_that_accepts_wins():
    first, second = template(1, keywords=("sync",)), template(2, patterns=("daily",))
    matcher = Matcher([first, second])
    assert matcher.first("daily sync", 1) == Match(
        template=first,
        verdict=Verdict(
            template_id=1,
            template_name="T1",
            accepted=True,
            rule="keywords",
            text="sync",
            reason='the name contains "sync"',
        ),
    )
    assert [taken_by(matcher, "daily"), taken_by(matcher, "weekly")] == ["Match T2", None]


def test_an_excluded_template_gives_way_to_the_next():
    matcher = Matcher([template(1, exclude_keywords=("x",)), template(2, exact_matches=("Xa",))])
    assert [taken_by(matcher, name) for name in ("xa", "a", "xx")] == ["Match T2", "Match T1", None]


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("İstanbul", "i\u0307stanbul"),
        ("café", "CAFE\u0301"),
        ("cafe\u0301", "Café"),
        ("Планёрка", "ПЛАНЁРКА"),
        ("Ёж", "\u0435\u0308Ж"),
        ("🎥 sync", "🎥 SYNC"),
        ("שיעור\nא", "שיעור\nא"),
    ],
)
@pytest.mark.parametrize("field", ["exact_matches", "keywords"])
def test_case_and_writing_of_a_letter_make_no_difference(rule: str, name: str, field: str):
    rules: dict[str, Any] = {field: (rule,)}
    assert verdict(name, **rules) == (True, field, rule)


def test_patterns_fold_fully_and_meet_composed_letters():
    assert verdict("STRASSE", patterns=("^straße$",))[0]
    assert verdict("cafe\u0301", patterns=("^caf.$",))[0]


def test_a_case_sensitive_template_tells_cases_apart_but_not_ways_of_writing_a_letter():
    rules: dict[str, Any] = {"case_sensitive": True}
    assert [
        verdict("Sync", keywords=("sync",), **rules)[0],
        verdict("Sync", exact_matches=("sync",), **rules)[0],
        verdict("Sync", patterns=("sync",), **rules)[0],
        verdict("Sync", exclude_keywords=("sync",), **rules)[0],
        verdict("cafe\u0301 sync", keywords=("café",), **rules)[0],
    ] == [False, False, False, True, True]


def test_names_may_be_long_and_the_end_is_read_too():
    name = "filler " * 700 + "Board"
    assert verdict(name, keywords=("board",))[0]
    assert verdict(name, patterns=("board$",))[0]
    assert taken_by(Matcher([template(patterns=("board$",))]), name) == "Match T1"


def test_a_pattern_that_takes_for_ever_leaves_the_recording_undecided():
    endless, later = template(1, patterns=(ENDLESS,)), template(2)
    matcher = Matcher([endless, later])
    found = matcher.first(ROW_OF_A, 1)
    assert isinstance(found, Undecided)
    assert (found.template, found.pattern, found.verdict.decided) == (endless, ENDLESS, False)
    assert matcher.problems == (
        (
            f'template "T1": the pattern "{ENDLESS}" took longer than 1 s on "{ROW_OF_A}";'
            " recordings that it would decide are left as they are"
        ),
    )


def test_a_broken_pattern_is_paid_for_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("zoomauto.domain.matching.SEARCH_LIMIT", 0.05)
    matcher = Matcher([template(n, patterns=(ENDLESS,)) for n in range(1, 300)])
    # Had each of 299 templates, or each of 1000 names, its own time limit, this took minutes.
    found = {taken_by(matcher, f"{ROW_OF_A} {n}") for n in range(1000)}
    assert found == {"Undecided T1"}
    assert len(matcher.explain("anything", 1)) == len(matcher.problems) == 299


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoomauto.domain.matching.SEARCH_LIMIT", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # Whatever the broken pattern says, the outcome is known.
        ({"patterns": (ENDLESS,), "keywords": ("aab",)}, (True, True, "keywords")),
        ({"patterns": (ENDLESS, "b$")}, (True, True, "patterns")),
        ({"patterns": (ENDLESS,), "exclude_keywords": ("b",)}, (False, True, "exclude_keywords")),
        ({"exclude_patterns": (ENDLESS, "b$")}, (False, True, "exclude_patterns")),
        ({"exclude_patterns": (ENDLESS,), "keywords": ("z",)}, (False, True, "none")),
        # It is not.
        ({"exclude_patterns": (ENDLESS,)}, (False, False, "exclude_patterns")),
        ({"patterns": ("z", ENDLESS)}, (False, False, "patterns")),
    ],
)
def test_a_broken_pattern_matters_only_where_it_would_decide(
    rules: dict[str, Any], expected: tuple[bool, bool, str]
):
    matcher = Matcher([template(**rules)])
    (only,) = matcher.explain(ROW_OF_A, 1)
    assert (only.accepted, only.decided, only.rule) == expected
    kind = "Match T1" if only.accepted else "Undecided T1"
    assert taken_by(matcher, ROW_OF_A) == (kind if only.accepted or not only.decided else None)


@pytest.mark.usefixtures("impatient")
def test_a_pattern_broken_by_a_long_name_is_broken_for_short_names_too():
    matcher = Matcher([template(1, patterns=(".*.*.*[xy]",)), template(2)])
    assert taken_by(matcher, "short") == "Match T2"
    assert taken_by(matcher, "a" * 4000) == "Undecided T1"
    assert taken_by(matcher, "short") == "Undecided T1"


def test_a_stored_pattern_that_no_longer_compiles_is_a_problem_and_not_a_crash():
    matcher = Matcher([template(1, patterns=("(",)), template(2)])
    assert taken_by(matcher, "anything") == "Undecided T1"
    assert "is not valid" in matcher.problems[0]


@pytest.mark.parametrize(
    ("pattern", "column", "reason"),
    [
        ("Weekly (sync", 13, "missing )"),
        ("[z-a]", 5, "bad character range"),
        ("*sync", 1, "nothing to repeat"),
        (r"week \p{Nope}", 14, "unknown property"),
        ("sync\\", 6, "bad escape (end of pattern)"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_position(pattern: str, column: int, reason: str):
    with pytest.raises(InvalidTemplate) as caught:
        check_rules(MatchingRules(exclude_patterns=("fine", pattern)))
    first, shown, caret = caught.value.message.splitlines()
    assert first == f'the pattern "{pattern}" cannot be used: {reason} at column {column}'
    assert shown == f"  {pattern}"
    assert caret == " " * (column + 1) + "^"
    assert caught.value.data["position"] == column


def test_the_position_in_a_pattern_of_several_lines_is_a_line_and_a_column():
    with pytest.raises(InvalidTemplate, match=r"at line 2, column 3\n  ab\n    \^$"):
        check_rules(MatchingRules(patterns=("(\nab",)))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"keywords": ("a", "")}, "keywords holds an empty text"),
        ({"exact_matches": ("",)}, "exact_matches holds an empty text"),
        ({"patterns": ("",)}, "patterns holds an empty text"),
        ({"exclude_keywords": ("",)}, "exclude_keywords holds an empty text"),
        ({"exclude_patterns": ("",)}, "exclude_patterns holds an empty text"),
        ({"keywords": ("a\0",)}, "can never match"),
        ({"exact_matches": ("\ud800",)}, "can never match"),
        ({"keywords": ("Daily sync",), "exclude_keywords": ("SYNC",)}, "can never match"),
        ({"exact_matches": ("Daily",), "exclude_patterns": ("^d",)}, "can never match"),
        ({"patterns": ("(?:" * 2000 + ")" * 2000,)}, "has 8000 characters"),
        ({"patterns": ("(?:" * 900 + ")" * 900,)}, "nested too deeply"),
        ({"patterns": ("(?V0)(?V1)",)}, "cannot be used"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any], message: str):
    with pytest.raises(InvalidTemplate, match=re.escape(message)):
        check_rules(MatchingRules(**rules))


@pytest.mark.usefixtures("impatient")
def test_an_exclude_that_takes_for_ever_on_the_templates_own_name_is_refused():
    rules = MatchingRules(exact_matches=(ROW_OF_A,), exclude_patterns=(ENDLESS,))
    with pytest.raises(InvalidTemplate, match="took longer than"):
        check_rules(rules)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"keywords": ("sync",), "exclude_keywords": ("Daily sync",)},
        {"keywords": ("Sync",), "exclude_keywords": ("sync",), "case_sensitive": True},
        {"exact_matches": (" ", "\n", "🎥"), "patterns": (".", "^$", r"\d{4}(?=x)")},
    ],
)
def test_rules_that_may_match_are_accepted(rules: dict[str, Any]):
    check_rules(MatchingRules(**rules))


# A reference so plain that it can be believed.


def same(text: str, *, case_sensitive: bool) -> str:
    text = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", text if case_sensitive else text.casefold())


def accepts(rules: MatchingRules, name: str, source_id: int) -> bool:
    def contains(keyword: str) -> bool:
        cased = rules.case_sensitive
        return same(keyword, case_sensitive=cased) in same(name, case_sensitive=cased)

    def fits(pattern: str) -> bool:
        flags = 0 if rules.case_sensitive else re.IGNORECASE
        return re.search(pattern, unicodedata.normalize("NFC", name), flags) is not None

    def is_exactly(text: str) -> bool:
        cased = rules.case_sensitive
        return same(text, case_sensitive=cased) == same(name, case_sensitive=cased)

    if rules.source_ids and source_id not in rules.source_ids:
        return False
    if any(map(contains, rules.exclude_keywords)) or any(map(fits, rules.exclude_patterns)):
        return False
    if not (rules.exact_matches or rules.keywords or rules.patterns):
        return True
    return (
        any(map(is_exactly, rules.exact_matches))
        or any(map(contains, rules.keywords))
        or any(map(fits, rules.patterns))
    )


# Few letters, so that rules and names meet often. Full case folding in patterns is ours alone
# (the standard engine has none), so letters that fold to several have a test of their own above.
TEXTS = st.text(alphabet="aAbBéÉe\u0301 \nЖж", min_size=1, max_size=4)
NAMES = st.one_of(TEXTS, st.text(alphabet="aAbBéÉe\u0301 \nЖж", max_size=300))
PATTERNS = st.sampled_from(["a", "^a", "b$", "a.b", "a+ ?b", "(a|b){2}", "[^ab]", "(?i)e", "Ж|É"])


def some(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts, max_size=2).map(tuple)


RULES = st.builds(
    MatchingRules,
    exact_matches=some(TEXTS),
    keywords=some(TEXTS),
    patterns=some(PATTERNS),
    exclude_keywords=some(TEXTS),
    exclude_patterns=some(PATTERNS),
    source_ids=st.sampled_from([(), (), (1,), (2, 3)]),
    case_sensitive=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(all_rules=st.lists(RULES, max_size=5), name=NAMES, source_id=st.integers(1, 3))
def test_the_matcher_agrees_with_the_plain_reference(
    all_rules: list[MatchingRules], name: str, source_id: int
):
    templates = [
        Template(id=n, owner="ann", name="", rules=rules, created_at=SINCE, updated_at=SINCE)
        for n, rules in enumerate(all_rules)
    ]
    matcher = Matcher(templates)
    expected = [accepts(rules, name, source_id) for rules in all_rules]
    first = matcher.first(name, source_id)
    assert [verdict.accepted for verdict in matcher.explain(name, source_id)] == expected
    assert (first.template.id if first else None) == (
        expected.index(True) if True in expected else None
    )


@given(rules=RULES)
def test_checked_rules_never_hold_an_exact_name_that_its_own_template_refuses(
    rules: MatchingRules,
):
    try:
        check_rules(rules)
    except InvalidTemplate:
        return
    source_id = (rules.source_ids or (1,))[0]
    assert all(accepts(rules, name, source_id) for name in rules.exact_matches)
