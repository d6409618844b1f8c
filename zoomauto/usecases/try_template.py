"""Try a template on a name before any recording has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from zoomauto.domain.matching import Matcher, Verdict
from zoomauto.domain.metadata import render_metadata
from zoomauto.domain.naming import NameFields, render_name
from zoomauto.domain.reference import resolve
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store
from zoomauto.usecases.edit_templates import find_template

#: What stands for facts that only a recording has.
_SAMPLE_ID = "1"
_SAMPLE_SOURCE = "source"
_SAMPLE_CHAPTERS = "0:00 First topic\n5:00 Second topic\n10:00 Third topic"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What a template says to a name, and what a recording of that name would be called."""

    verdict: Verdict
    #: Without extension; ``/`` separates folders.
    name: str
    #: What destinations would be told.
    metadata: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TryTemplate:
    """Say which rule of a template accepts or rejects a name, and preview what it publishes."""

    store: Store
    clock: Clock
    #: The zone in which the sample's date is written.
    timezone: str

    def __call__(self, owner: str, reference: str, name: str, source: str | None) -> Trial:
        """Without ``source``, the name is taken to come from a source the template allows.

        The sample starts now. Raise NotFound or Ambiguous.
        """
        with self.store.reading() as tx:
            template = find_template(tx, owner, reference)
            sources = tx.sources.list(owner)
        chosen = _source(template, sources, source)
        fields = self._fields(template, name, chosen)
        output = template.output
        return Trial(
            verdict=Matcher([template]).explain(name, chosen.id if chosen else 0)[0],
            name=render_name(output.naming, fields),
            metadata=render_metadata(output.metadata, fields, chapters=_SAMPLE_CHAPTERS),
        )

    def _fields(self, template: Template, name: str, source: SourceConfig | None) -> NameFields:
        start = self.clock.now().astimezone(ZoneInfo(self.timezone))
        return NameFields(
            date=f"{start:%Y-%m-%d}",
            time=f"{start:%H-%M}",
            topic=name,
            source=source.name if source else _SAMPLE_SOURCE,
            template=template.name,
            id=_SAMPLE_ID,
        )


def _source(
    template: Template, sources: Sequence[SourceConfig], reference: str | None
) -> SourceConfig | None:
    """Give the source that is named, else the first that the template allows."""
    if reference is not None:
        return resolve(reference, sources, kind="source")
    allowed = template.rules.source_ids
    return next((s for s in sources if not allowed or s.id in allowed), None)
