"""Templates: named recipes that match recordings and say what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from zoomauto.domain.recording import FileKind


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchingRules:
    """The conditions of a template (contract, section 3).

    Excludes come first, then exact names, keywords, patterns.
    With no name rule at all, every name from the template's sources matches.
    """

    exact_matches: tuple[str, ...] = ()
    #: Any of these, anywhere in the name.
    keywords: tuple[str, ...] = ()
    #: Any of these regular expressions, found anywhere in the name.
    patterns: tuple[str, ...] = ()
    exclude_keywords: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    #: Only recordings of these sources; empty means of any source.
    source_ids: tuple[int, ...] = ()
    case_sensitive: bool = False


#: Used when neither template nor destination names one.
DEFAULT_NAMING = "{date} {topic} [{id}]"

#: What a destination may be given.
PUBLISHABLE = (
    FileKind.VIDEO,
    FileKind.AUDIO,
    FileKind.SUBTITLES,
    FileKind.TRANSCRIPT,
    FileKind.CHAPTERS,
    FileKind.CHAT,
)
#: What it is given unless the template chooses: all but the chat, which is nobody else's business.
PUBLISHED_BY_DEFAULT = PUBLISHABLE[:-1]

#: What becomes of a recording at its source once it is published.
DeleteFromSource = Literal["never", "trash"]
#: Late transcripts are waited for as long (contract, section 6).
DEFAULT_GRACE_DAYS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputConfig:
    """Where and under which names results are published."""

    #: Names of stored destinations, or ``folder:/path``.
    destinations: tuple[str, ...] = ()
    #: Destination -> the kinds of artifact it is given; all but the chat where none are named.
    artifacts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    naming: str = DEFAULT_NAMING
    #: What destinations that know such things are told: ``title``, ``description``, ``tags``, ...
    #: -> a pattern as in ``naming``.
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: ``trash``: once everything is published, verified, and ``grace_days`` old.
    delete_from_source: DeleteFromSource = "never"
    grace_days: int = DEFAULT_GRACE_DAYS

    def is_wanted(self, kind: FileKind, *, at: str | None = None) -> bool:
        """Whether artifacts of that kind are published at a destination; None: at any of them."""
        places = self.destinations if at is None else (at,)
        return any(kind in self.artifacts.get(place, PUBLISHED_BY_DEFAULT) for place in places)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """Matching rules plus what to do with what they match."""

    id: int
    owner: str
    name: str
    description: str = ""
    is_active: bool = True
    #: A draft is tested by hand and never used by a job.
    is_draft: bool = False
    rules: MatchingRules = field(default_factory=MatchingRules)
    processing_config: Mapping[str, Any] = field(default_factory=dict)
    output: OutputConfig = field(default_factory=OutputConfig)
    created_at: datetime
    updated_at: datetime
