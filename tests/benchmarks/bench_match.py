"""Matching beside its floor: the same tests in a bare loop, on the same names in the same run.

The floor walks the templates in order with ``==``, ``in`` and the standard engine's compiled
searches, on names folded beforehand, and stops at the first hit. It knows no excludes, no time
limit, no normalisation and gives no reasons.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from zoomauto.domain.matching import Match, Matcher
from zoomauto.domain.template import MatchingRules, Template

WORDS = [
    "weekly",
    "daily",
    "planning",
    "retro",
    "review",
    "design",
    "sales",
    "support",
    "lecture",
    "seminar",
    "board",
    "budget",
    "onboarding",
    "interview",
    "standup",
    "sync",
    "demo",
    "architecture",
    "marketing",
    "release",
    "security",
    "team",
    "Планёрка",
    "Überblick",
    "café",
]


def main() -> None:
    """Print wall time and rate of both, and that they agree."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--templates", type=int, default=200)
    sizes = parser.parse_args()
    dice = random.Random(20260101)  # noqa: S311  # the same data every time, nothing secret
    names = [_name(dice) for _ in range(sizes.recordings)]
    rules = [_rules(dice, number) for number in range(sizes.templates)]

    started = time.perf_counter()
    floor, floor_seconds = _timed(lambda: _bare_loop(rules, names))
    matches, seconds = _timed(lambda: _matcher(rules, names))
    total = time.perf_counter() - started
    hits = sum(hit is not None for hit in matches)
    print(f"{len(names)} recordings x {len(rules)} templates, {hits} matched")
    for label, span in (("bare loop", floor_seconds), ("Matcher.first", seconds)):
        print(f"{label:>14}: {span:7.2f} s {len(names) / span:10.0f} recordings/s")
    print(f"{'ratio':>14}: {seconds / floor_seconds:7.2f}   (both, whole run: {total:.1f} s)")
    print(f"{'agreement':>14}: {'the same' if matches == floor else 'DIFFERENT'}")


def _name(dice: random.Random) -> str:
    return f"{' '.join(dice.sample(WORDS, 4)).capitalize()} {dice.randrange(100_000)}"


def _rules(dice: random.Random, number: int) -> MatchingRules:
    """Make rules of one kind each: half keywords, a quarter exact names, a quarter patterns.

    Each fits about one name in a thousand, so that most names walk through most templates.
    """
    one, other = (word.upper() for word in dice.sample(WORDS, 2))
    kind = number % 4
    if kind == 0:
        return MatchingRules(exact_matches=(f"{one} {other} {number}",))
    if kind == 1:
        shapes = (rf"{one} .*{other} {number % 10}\d+$", rf"^{one} {other} ", rf"{number}[05]$")
        return MatchingRules(patterns=(dice.choice(shapes),))
    return MatchingRules(keywords=(f"{one} {number % 100}", f"{other} {number}"))


def _matcher(rules: Sequence[MatchingRules], names: Sequence[str]) -> list[int | None]:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    matcher = Matcher(
        [
            Template(id=n, owner="", name="", rules=r, created_at=since, updated_at=since)
            for n, r in enumerate(rules)
        ]
    )
    found = (matcher.first(name, 1) for name in names)
    return [match.template.id if isinstance(match, Match) else None for match in found]


def _bare_loop(rules: Sequence[MatchingRules], names: Sequence[str]) -> list[int | None]:
    compiled = [
        (
            number,
            [text.casefold() for text in rule.exact_matches],
            [text.casefold() for text in rule.keywords],
            [re.compile(pattern, re.IGNORECASE).search for pattern in rule.patterns],
        )
        for number, rule in enumerate(rules)
    ]

    def first(name: str, folded: str) -> int | None:
        for number, exact, keywords, searches in compiled:
            for text in exact:
                if text == folded:
                    return number
            for keyword in keywords:
                if keyword in folded:
                    return number
            for search in searches:
                if search(name):
                    return number
        return None

    return [first(name, name.casefold()) for name in names]


def _timed(work: Callable[[], list[int | None]]) -> tuple[list[int | None], float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    main()
