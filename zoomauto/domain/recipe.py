"""One template as it is asked: its rules prepared for comparison, its verdict on a name."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoomauto.domain.template import Template

#: Characters of a name or pattern that a message repeats.
_QUOTED = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What one template says to one recording, with the reason."""

    template_id: int
    template_name: str
    accepted: bool
    #: False when a broken pattern keeps us from knowing; ``accepted`` is False then.
    decided: bool = True
    #: The field of the matching rules that decided, ``no name rule`` or ``none``.
    rule: str
    #: The rule's own text; None when no single text decided.
    text: str | None = None
    #: A sentence for people.
    reason: str


class Pattern(Protocol):
    """A regular expression that may turn out to be unusable."""

    text: str
    #: Why it can no longer be asked; None while it can.
    trouble: str | None
    #: For short names only, and quicker: true when the pattern is found, or may be.
    probe: Callable[[str], object]

    def found(self, name: str) -> bool | None:
        """Whether the pattern is found in the name; None when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A recording's name, prepared once for all rules."""

    #: In NFC.
    plain: str
    #: In NFC, without differences of case.
    folded: str

    @classmethod
    def of(cls, name: str) -> "Subject":
        """Prepare a name: any text."""
        return cls(plain(name), folded(name))


class Recipe:
    """One template, compiled. ``patterns`` gives each by its text and case sensitivity."""

    def __init__(self, template: Template, patterns: Mapping[tuple[str, bool], Pattern]) -> None:
        rules = template.rules
        fold = plain if rules.case_sensitive else folded
        self.template = template
        self.source_ids = frozenset(rules.source_ids)
        self.case_sensitive = rules.case_sensitive
        #: What is compared -> the rule's own text.
        self.exact = {fold(text): text for text in reversed(rules.exact_matches)}
        self.keywords = {fold(text): text for text in rules.keywords}
        self.exclude_keywords = {fold(text): text for text in rules.exclude_keywords}
        self.patterns, self.exclude_patterns = (
            tuple(patterns[text, rules.case_sensitive] for text in texts)
            for texts in (rules.patterns, rules.exclude_patterns)
        )

    @property
    def takes_every_name(self) -> bool:
        """Whether the template has no name rule."""
        return not (self.exact or self.keywords or self.patterns)

    def takes_from(self, source_id: int) -> bool:
        """Whether the template is open to recordings of that source."""
        return not self.source_ids or source_id in self.source_ids

    def judge(self, subject: Subject, source_id: int) -> Verdict:
        """Ask every rule in order: slow, and the only place that decides."""
        if not self.takes_from(source_id):
            wanted = ", ".join(map(str, self.template.rules.source_ids))
            reason = f"it takes recordings of source {wanted} only, not of {source_id}"
            return self._verdict("source_ids", None, reason)
        excluded = self._exclusion(subject)
        if excluded is not None and excluded.decided:
            return excluded
        included = self._inclusion(subject)
        # A broken exclude matters only to a name that would be accepted without it.
        is_rejected_anyway = included.decided and not included.accepted
        return included if excluded is None or is_rejected_anyway else excluded

    def _exclusion(self, subject: Subject) -> Verdict | None:
        keyword = _contained(self.exclude_keywords, self._compared(subject))
        if keyword is not None:
            reason = f"the name contains {quoted(keyword)}, which is excluded"
            return self._verdict("exclude_keywords", keyword, reason)
        fits, pattern = _search(self.exclude_patterns, subject.plain)
        if pattern is None:
            return None
        if not fits:
            return self._undecided("exclude_patterns", pattern)
        reason = f"the name fits {quoted(pattern.text)}, which is excluded"
        return self._verdict("exclude_patterns", pattern.text, reason)

    def _inclusion(self, subject: Subject) -> Verdict:
        compared = self._compared(subject)
        if self.takes_every_name:
            reason = "it has no name rule, so every name matches"
            return self._verdict("no name rule", None, reason, accepted=True)
        if (text := self.exact.get(compared)) is not None:
            reason = f"the name is {quoted(text)}"
            return self._verdict("exact_matches", text, reason, accepted=True)
        if (text := _contained(self.keywords, compared)) is not None:
            reason = f"the name contains {quoted(text)}"
            return self._verdict("keywords", text, reason, accepted=True)
        fits, pattern = _search(self.patterns, subject.plain)
        if pattern is None:
            return self._verdict("none", None, "no exact name, keyword or pattern fits the name")
        if not fits:
            return self._undecided("patterns", pattern)
        reason = f"the name fits {quoted(pattern.text)}"
        return self._verdict("patterns", pattern.text, reason, accepted=True)

    def _compared(self, subject: Subject) -> str:
        return subject.plain if self.case_sensitive else subject.folded

    def _undecided(self, rule: str, pattern: Pattern) -> Verdict:
        reason = f"cannot be told: the pattern {quoted(pattern.text)} {pattern.trouble}"
        return self._verdict(rule, pattern.text, reason, decided=False)

    def _verdict(
        self,
        rule: str,
        text: str | None,
        reason: str,
        *,
        accepted: bool = False,
        decided: bool = True,
    ) -> Verdict:
        return Verdict(
            template_id=self.template.id,
            template_name=self.template.name,
            accepted=accepted,
            decided=decided,
            rule=rule,
            text=text,
            reason=reason,
        )


def _contained(keywords: Mapping[str, str], name: str) -> str | None:
    return next((text for keyword, text in keywords.items() if keyword in name), None)


def _search(patterns: Sequence[Pattern], name: str) -> tuple[bool, Pattern | None]:
    """Give the first pattern that fits, else the first that cannot be told, else None."""
    broken = None
    for pattern in patterns:
        found = pattern.found(name)
        if found:
            return True, pattern
        if found is None:
            broken = broken or pattern
    return False, broken


def plain(text: str) -> str:
    """Give ``text`` in NFC, so that one letter is written one way."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Give ``text`` without differences of case, in NFC (Unicode Standard 3.13, D145)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def quoted(text: str) -> str:
    """Give ``text`` as a message may show it: in quotes, on one line, not too long."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return f'"{shown}"' if len(shown) <= _QUOTED else f'"{shown[:_QUOTED]}…"'
