"""Which template takes a recording, and why (contract, section 3).

Order within a template: sources narrow first, then excludes (keywords, patterns), then exact
names, keywords, patterns. Names and rules are compared in Unicode NFC; unless a template is case
sensitive, both sides are casefolded first. Patterns see the name as it is, in NFC.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import regex  # type: ignore[import-untyped]  # ships no type hints

from zoomauto.domain.recipe import Pattern, Recipe, Subject, Verdict, folded, plain, quoted
from zoomauto.domain.template import MatchingRules, Template
from zoomauto.errors import InvalidTemplate

__all__ = ["Match", "Matcher", "Undecided", "Verdict", "check_rules"]

#: The longest that one search may take, in seconds of processor time. Ordinary ones take 1 µs.
SEARCH_LIMIT = 1.0
#: Longer patterns are refused: compiling 100 000 characters took 4 s, 4 000 take 0.1 s.
MAX_PATTERN = 4000
#: Names up to this many characters are searched by quick patterns without a time limit.
_SHORT = 128
_MOST_REPEATS = 2
_MOST_ALTERNATIVES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """The first template that accepts a recording, and why it does."""

    template: Template
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Undecided:
    """A template that may or may not accept: the recording must be left alone.

    No later template may take it, since this one might have wanted it.
    """

    template: Template
    #: The pattern that could not be asked.
    pattern: str
    verdict: Verdict


class Matcher:
    """Templates in a job's order, compiled once and asked for many recordings.

    A pattern that runs out of time is broken for the life of the matcher, so that it costs its
    time limit once.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        patterns = _PatternShelf()
        self._recipes = tuple(Recipe(template, patterns) for template in templates)
        self._plans: dict[int, _Plan] = {}

    def first(self, name: str, source_id: int) -> Match | Undecided | None:
        """Give the first template that accepts the recording, or the doubt that comes before it."""
        subject = Subject.of(name)
        for recipe in self._plan(source_id).promising(subject):
            verdict = recipe.judge(subject, source_id)
            if verdict.accepted:
                return Match(template=recipe.template, verdict=verdict)
            if not verdict.decided:
                pattern = verdict.text or ""
                return Undecided(template=recipe.template, pattern=pattern, verdict=verdict)
        return None

    def explain(self, name: str, source_id: int) -> tuple[Verdict, ...]:
        """Give the verdict of every template, in order."""
        subject = Subject.of(name)
        return tuple(recipe.judge(subject, source_id) for recipe in self._recipes)

    @property
    def problems(self) -> tuple[str, ...]:
        """Name, in words, the patterns that broke so far."""
        return tuple(
            f"template {quoted(recipe.template.name)}: the pattern {quoted(pattern.text)}"
            f" {pattern.trouble}; recordings that it would decide are left as they are"
            for recipe in self._recipes
            for pattern in (*recipe.exclude_patterns, *recipe.patterns)
            if pattern.trouble
        )

    def _plan(self, source_id: int) -> "_Plan":
        if source_id not in self._plans:
            self._plans[source_id] = _Plan.of([r for r in self._recipes if r.takes_from(source_id)])
        return self._plans[source_id]


def check_rules(rules: MatchingRules) -> None:
    """Raise InvalidTemplate for rules that cannot be used, or of which one could never match.

    A bad pattern is shown with the position (1-based column) and the engine's reason.
    """
    for rule in ("exact_matches", "keywords", "patterns", "exclude_keywords", "exclude_patterns"):
        for text in getattr(rules, rule):
            _check_text(rule, text)
    for rule in ("patterns", "exclude_patterns"):
        for text in getattr(rules, rule):
            _compile(text, case_sensitive=rules.case_sensitive)
    _check_excludes(rules)


def _check_text(rule: str, text: str) -> None:
    if not text:
        raise InvalidTemplate(f"{rule} holds an empty text, which fits every name", rule=rule)
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidTemplate(
            f"{rule} holds {text!a}, which can never match: no name has such a character",
            rule=rule,
            text=text,
        )


def _check_excludes(rules: MatchingRules) -> None:
    """Refuse a rule whose every name is excluded by the same template."""
    fold = plain if rules.case_sensitive else folded
    for rule in ("exact_matches", "keywords"):
        for text in getattr(rules, rule):
            for keyword in rules.exclude_keywords:
                if fold(keyword) in fold(text):
                    raise _never(rule, text, by=keyword)
    for excluded in rules.exclude_patterns:
        pattern = _Pattern(excluded, case_sensitive=rules.case_sensitive)
        for text in rules.exact_matches:
            if pattern.may_fit(plain(text)):
                raise _never("exact_matches", text, by=excluded, trouble=pattern.trouble)


def _never(rule: str, text: str, *, by: str, trouble: str | None = None) -> InvalidTemplate:
    why = f"the exclude {quoted(by)} {trouble or 'always applies to it'}"
    return InvalidTemplate(
        f"{quoted(text)} in {rule} can never match: {why}", rule=rule, text=text, excluded_by=by
    )


def _compile(text: str, *, case_sensitive: bool) -> Any:
    """Compile a pattern. Raise InvalidTemplate, with the position, for a bad one."""
    if len(text) > MAX_PATTERN:
        raise InvalidTemplate(
            f"a pattern has {len(text)} characters, which is more than {MAX_PATTERN}", pattern=text
        )
    flags = 0 if case_sensitive else regex.IGNORECASE | regex.FULLCASE
    try:
        return regex.compile(plain(text), flags)
    except regex.error as error:
        raise _bad_pattern(plain(text), error) from error
    except RecursionError as error:
        raise InvalidTemplate("a pattern is nested too deeply", pattern=text) from error
    except (ValueError, OverflowError, MemoryError) as error:
        raise InvalidTemplate(
            f"the pattern {quoted(text)} cannot be used: {error}", pattern=text
        ) from error


def _bad_pattern(text: str, error: Any) -> InvalidTemplate:
    position = len(text) if error.pos is None else error.pos
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    where = f"column {column}" if "\n" not in text else f"line {line}, column {column}"
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text.split("\n")[line - 1])
    return InvalidTemplate(
        f"the pattern {quoted(text)} cannot be used: {error.msg} at {where}\n"
        f"  {shown}\n  {' ' * (column - 1)}^",
        hint='try it out with: zoomauto template test NAME "Recording name"',
        pattern=text,
        position=position + 1,
        line=line,
        column=column,
    )


class _Pattern:
    """One compiled pattern that cannot hang us."""

    __slots__ = ("_search", "probe", "text", "trouble")

    def __init__(self, text: str, *, case_sensitive: bool) -> None:
        self.text = text
        #: Why it can no longer be asked; None while it can.
        self.trouble: str | None = None
        self._search: Any = None
        try:
            self._search = _compile(text, case_sensitive=case_sensitive).search
        except InvalidTemplate as error:
            self.trouble = f"is not valid ({error.message})"
        self.probe: Callable[[str], object] = (
            self._search if self._search and _is_quick(text) else self.may_fit
        )

    def found(self, name: str) -> bool | None:
        """Whether the pattern is found in the name; None when that cannot be told."""
        if self.trouble:
            return None
        try:
            return self._search(name, timeout=SEARCH_LIMIT) is not None
        except TimeoutError:
            self.trouble = f"took longer than {SEARCH_LIMIT:g} s on {quoted(name)}"
        except MemoryError:
            self.trouble = f"ran out of memory on {quoted(name)}"
        self.probe = self.may_fit
        return None

    def may_fit(self, name: str) -> bool:
        """Whether the pattern is found in the name, or that cannot be told."""
        return self.found(name) is not False


def _is_quick(pattern: str) -> bool:
    """Whether a search of a short name is sure to end soon, so that the time limit can be saved.

    Asking for the limit costs 3 µs, a search 1 µs. With no extension syntax, no repeated group
    and at most two repeats and four alternatives, a search takes at most some 128³ · 2⁴ steps.
    """
    return (
        sum(map(pattern.count, "*+?")) <= _MOST_REPEATS
        and pattern.count("|") <= _MOST_ALTERNATIVES
        and not any(risk in pattern for risk in ("(?", "{", ")*", ")+", ")?"))
    )


class _PatternShelf(dict[tuple[str, bool], _Pattern]):
    """Compiled patterns, each once, however many templates share it."""

    def __missing__(self, key: tuple[str, bool]) -> _Pattern:
        text, case_sensitive = key
        self[key] = _Pattern(text, case_sensitive=case_sensitive)
        return self[key]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """The recipes of one source, laid out so that a name meets its few likely recipes quickly.

    Nothing is decided here: every recipe that may accept is handed on, in order, to be judged.
    """

    recipes: Sequence[Recipe]
    #: Positions of the recipes without a name rule.
    nameless: list[int] = field(default_factory=list)
    #: Exact names as compared -> positions; for plain and for folded names.
    exact: tuple[dict[str, list[int]], dict[str, list[int]]] = field(
        default_factory=lambda: ({}, {})
    )
    #: Keywords and patterns in recipe order: position, keyword, 0 plain or 1 folded, pattern.
    probes: list[tuple[int, str, int, Pattern | None]] = field(default_factory=list)

    @classmethod
    def of(cls, recipes: Sequence[Recipe]) -> "_Plan":
        plan = cls(recipes=recipes)
        for position, recipe in enumerate(recipes):
            form = 0 if recipe.case_sensitive else 1
            if recipe.takes_every_name:
                plan.nameless.append(position)
            for name in recipe.exact:
                plan.exact[form].setdefault(name, []).append(position)
            plan.probes.extend((position, keyword, form, None) for keyword in recipe.keywords)
            plan.probes.extend((position, "", 0, pattern) for pattern in recipe.patterns)
        return plan

    def promising(self, subject: Subject) -> Iterator[Recipe]:
        """Give every recipe that may accept the name, in order; some more than once."""
        if len(subject.plain) > _SHORT:
            yield from self.recipes
            return
        forms = (subject.plain, subject.folded)
        exact = (position for form in (0, 1) for position in self.exact[form].get(forms[form], ()))
        certain = iter(sorted([*self.nameless, *exact]))
        end = len(self.recipes)
        coming = next(certain, end)
        for position, keyword, form, pattern in self.probes:
            while coming <= position:
                yield self.recipes[coming]
                coming = next(certain, end)
            if pattern.probe(subject.plain) if pattern else keyword in forms[form]:
                yield self.recipes[position]
        while coming < end:
            yield self.recipes[coming]
            coming = next(certain, end)
