"""Configured places: sources that recordings come from, destinations that artifacts go to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from zoomauto.errors import ZoomautoError


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceConfig:
    """A configured place recordings come from."""

    id: int
    owner: str
    name: str
    #: The adapter's name in the registry: ``folder``, ``zoom``.
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Secret option -> reference (``env:NAME``, ``file:/path``, ...), never the secret itself.
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_active: bool = True
    #: Everything that started before is listed: the start of the newest complete listing, less the
    #: time by which the source may be late. The next listing reaches back at least to here.
    listed_until: datetime | None = None
    #: Where a listing left parts of the source out: part -> the same of it alone. A part is what
    #: the source lists by itself, as Zoom does a user; ``""`` stands for all that are not named.
    parts_listed_until: Mapping[str, datetime] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationConfig:
    """A configured place artifacts go."""

    id: int
    owner: str
    name: str
    #: The adapter's name in the registry: ``folder``.
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A half-open span of session starts, ``start_at <= start < end_at``, both aware."""

    start_at: datetime
    end_at: datetime
    #: Part of the source -> where the span begins for it, never before ``start_at``; ``""`` stands
    #: for all that are not named. Empty: for all of them at ``start_at``.
    part_starts: Mapping[str, datetime] = field(default_factory=dict, hash=False)

    def __contains__(self, instant: datetime) -> bool:
        return self.start_at <= instant < self.end_at

    def of(self, part: str) -> "Window":
        """Give the window of one part of the source."""
        others = self.part_starts.get("", self.start_at)
        return replace(self, start_at=self.part_starts.get(part, others), part_starts={})

    @property
    def of_all(self) -> "Window":
        """The window in which every part is listed."""
        latest = max(self.part_starts.values(), default=self.start_at)
        return replace(self, start_at=latest, part_starts={})


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One fact that a check established about a source or destination."""

    name: str
    ok: bool
    #: What was found, or what is missing and how to mend it.
    detail: str

    @classmethod
    def failed(cls, name: str, error: ZoomautoError) -> Self:
        """Make one of an error: what is wrong, and how to mend it."""
        detail = f"{error.message}. {error.hint}" if error.hint else error.message
        return cls(name=name, ok=False, detail=detail)
