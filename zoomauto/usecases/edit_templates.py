"""Create, change, delete and show templates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zoomauto.domain.matching import check_rules
from zoomauto.domain.metadata import check_metadata
from zoomauto.domain.naming import validate_pattern
from zoomauto.domain.processing import check_processing_config, with_settings
from zoomauto.domain.reference import resolve
from zoomauto.domain.source import DestinationConfig, SourceConfig
from zoomauto.domain.template import (
    PUBLISHABLE,
    PUBLISHED_BY_DEFAULT,
    DeleteFromSource,
    MatchingRules,
    OutputConfig,
    Template,
)
from zoomauto.errors import InUse, InvalidOptions, InvalidTemplate, NotFound, UsageError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateChange:
    """The parts of a template that are asked for; None leaves a part as it is."""

    name: str | None = None
    description: str | None = None
    exact_matches: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    patterns: tuple[str, ...] | None = None
    exclude_keywords: tuple[str, ...] | None = None
    exclude_patterns: tuple[str, ...] | None = None
    #: References to sources.
    sources: tuple[str, ...] | None = None
    case_sensitive: bool | None = None
    #: Names of stored destinations, or ``TYPE:REST`` as in ``folder:/path``.
    destinations: tuple[str, ...] | None = None
    naming: str | None = None
    #: ``DESTINATION=KIND,KIND`` assignments, laid over the others; no kinds: the default.
    artifacts: Mapping[str, str] = field(default_factory=dict)
    #: ``KEY=PATTERN`` assignments, laid over the others; an empty pattern takes a key away.
    metadata: Mapping[str, str] = field(default_factory=dict)
    delete_from_source: DeleteFromSource | None = None
    grace_days: int | None = None
    #: ``KEY=VALUE`` assignments laid over the processing config.
    settings: Mapping[str, str] = field(default_factory=dict)
    is_active: bool | None = None
    is_draft: bool | None = None


@dataclass(frozen=True, kw_only=True)
class CreateTemplate:
    """Save a new template."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, change: TemplateChange) -> Template:
        """Raise InvalidTemplate, InvalidOptions, NotFound or AlreadyExists."""
        now = self.clock.now()
        blank = Template(id=0, owner=owner, name="", created_at=now, updated_at=now)
        with self.store.writing(owner=owner) as tx:
            return tx.templates.add(_changed(tx, self.adapters, blank, change))


@dataclass(frozen=True, kw_only=True)
class UpdateTemplate:
    """Change a template; enabling, disabling and ending a draft are changes too."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(self, owner: str, reference: str, change: TemplateChange) -> Template:
        """Raise as CreateTemplate does."""
        with self.store.writing(owner=owner) as tx:
            old = find_template(tx, owner, reference)
            new = _changed(tx, self.adapters, old, change)
            return tx.templates.replace(replace(new, updated_at=self.clock.now()))


@dataclass(frozen=True, kw_only=True)
class DeleteTemplate:
    """Forget a template that no job uses."""

    store: Store

    def __call__(self, owner: str, reference: str) -> Template:
        """Raise InUse when a job still names it."""
        with self.store.writing(owner=owner) as tx:
            template = find_template(tx, owner, reference)
            users = [j.name for j in tx.jobs.list(owner) if template.id in j.spec.template_ids]
            if users:
                raise InUse(
                    f"template {template.name!r} is used by {_listed('job', users)}",
                    hint=f"zoomauto job delete {users[0]!r}, or job update --template ...",
                )
            tx.templates.remove(template.id)
            return template


@dataclass(frozen=True, kw_only=True)
class ListTemplates:
    """Show an owner's templates."""

    store: Store

    def __call__(self, owner: str) -> Sequence[Template]:
        """Give every template, by id."""
        with self.store.reading() as tx:
            return tx.templates.list(owner)


@dataclass(frozen=True, kw_only=True)
class ShowTemplate:
    """Show one template."""

    store: Store

    def __call__(self, owner: str, reference: str) -> Template:
        """Raise NotFound or Ambiguous."""
        with self.store.reading() as tx:
            return find_template(tx, owner, reference)


def find_template(tx: Transaction, owner: str, reference: str) -> Template:
    """Find the template that ``reference`` names: an id or the exact name."""
    return resolve(reference, tx.templates.list(owner), kind="template")


def destination_parts(
    reference: str, stored: Sequence[DestinationConfig]
) -> tuple[str, Mapping[str, Any], Mapping[str, str]]:
    """Give type, options and references to secrets of a destination as a template names it.

    ``folder:/path`` needs no stored destination. Raise NotFound for an unknown name.
    """
    for config in stored:
        if config.name == reference:
            return config.type, config.options, config.secrets
    type_name, colon, rest = reference.partition(":")
    if colon and rest:
        return type_name, {"path": rest}, {}
    raise NotFound(
        f"there is no destination {reference!r}",
        hint=f"zoomauto destination add {reference} --type folder --option path=/path,"
        " or --destination folder:/path",
    )


def refuse_feedback(
    adapters: Adapters,
    source: SourceConfig,
    reference: str,
    type_name: str,
    options: Mapping[str, Any],
) -> None:
    """Raise InvalidTemplate when results would be listed, and published, again and again."""
    if not adapters.feeds_back(source, type_name, options):
        return
    raise InvalidTemplate(
        f"destination {reference!r} lies inside what source {source.name!r} lists:"
        " every result would be taken for a new recording",
        hint="publish into another folder, or into a hidden one (its name begins with a dot)",
    )


def _changed(
    tx: Transaction, adapters: Adapters, base: Template, change: TemplateChange
) -> Template:
    config = with_settings(base.processing_config, change.settings)
    template = replace(
        base,
        **_given(change, ("name", "description", "is_active", "is_draft")),
        rules=_rules(tx, base, change),
        processing_config=check_processing_config(config, adapters.stage_options(config)),
        output=_output(tx, adapters, base, change),
    )
    if not template.name.strip():
        raise UsageError("a template needs a name")
    check_rules(template.rules)
    _check_jobs(tx, adapters, template)
    return template


def _check_jobs(tx: Transaction, adapters: Adapters, template: Template) -> None:
    """Raise InvalidOptions when the config of a job can no longer be laid over the template's."""
    beneath = {template.name: template.processing_config}
    for job in tx.jobs.list(template.owner):
        config = job.spec.processing_config
        if template.id not in job.spec.template_ids or not config:
            continue
        try:
            check_processing_config(config, adapters.stage_options(config), templates=beneath)
        except InvalidOptions as error:
            raise InvalidOptions(
                f"job {job.name!r} could not go on: {error.message}",
                hint=f"zoomauto job update {job.slug} --set ..., or change both settings here",
            ) from error


def _rules(tx: Transaction, base: Template, change: TemplateChange) -> MatchingRules:
    lists = ("exact_matches", "keywords", "patterns", "exclude_keywords", "exclude_patterns")
    rules = replace(base.rules, **_given(change, (*lists, "case_sensitive")))
    if change.sources is None:
        return rules
    sources = tx.sources.list(base.owner)
    ids = (resolve(reference, sources, kind="source").id for reference in change.sources)
    return replace(rules, source_ids=tuple(dict.fromkeys(ids)))


def _output(
    tx: Transaction, adapters: Adapters, base: Template, change: TemplateChange
) -> OutputConfig:
    names = ("destinations", "naming", "delete_from_source", "grace_days")
    output = replace(base.output, **_given(change, names))
    output = replace(
        output,
        artifacts=_artifacts(output, change.artifacts),
        metadata={k: v for k, v in {**output.metadata, **change.metadata}.items() if v},
    )
    validate_pattern(output.naming)
    check_metadata(output.metadata)
    _check_deletion(output)
    stored = tx.destinations.list(base.owner)
    for reference in output.destinations:
        type_name, options, secrets = destination_parts(reference, stored)
        adapters.check_destination(type_name, options, secrets)
        output = _narrowed(output, reference, adapters.kinds_taken(type_name))
        for source in tx.sources.list(base.owner):
            refuse_feedback(adapters, source, reference, type_name, options)
    return output


def _artifacts(output: OutputConfig, change: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Lay the choices over each other; those of destinations that are no longer named go."""
    for place, kinds in change.items():
        if place not in output.destinations:
            known = ", ".join(output.destinations) or "none"
            raise InvalidTemplate(
                f"{place!r} is no destination of this template", hint=f"its destinations: {known}"
            )
        if unknown := sorted(set(_words(kinds)) - set(PUBLISHABLE)):
            raise InvalidTemplate(
                f"there is no kind of artifact {unknown[0]!r}",
                hint=f"the kinds are {', '.join(PUBLISHABLE)}",
            )
    chosen = {place: tuple(kinds) for place, kinds in output.artifacts.items()}
    chosen |= {place: _words(kinds) for place, kinds in change.items()}
    return {
        place: kinds for place, kinds in chosen.items() if kinds and place in output.destinations
    }


def _narrowed(output: OutputConfig, place: str, taken: Collection[str] | None) -> OutputConfig:
    """Ask a destination only for what it has a place for; refuse what was chosen and it has not.

    Without this a recording would for ever wait for what is never published.
    """
    chosen = output.artifacts.get(place)
    if taken is None:
        return output
    if refused := [kind for kind in chosen or () if kind not in taken]:
        raise InvalidTemplate(
            f"{place!r} takes no {refused[0]}", hint=f"it takes {', '.join(sorted(taken))}"
        )
    kinds = chosen or tuple(kind.value for kind in PUBLISHED_BY_DEFAULT if kind in taken)
    return replace(output, artifacts={**output.artifacts, place: kinds})


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _check_deletion(output: OutputConfig) -> None:
    if output.grace_days < 0:
        raise InvalidTemplate(f"the grace time cannot be {output.grace_days} days")
    if output.delete_from_source == "trash" and not output.destinations:
        raise InvalidTemplate(
            "a template without a destination publishes nothing, so nothing may be trashed",
            hint="add --destination, or --delete-from-source never",
        )


def _given(change: TemplateChange, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(change, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _listed(kind: str, names: Sequence[str]) -> str:
    return f"{kind}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"
