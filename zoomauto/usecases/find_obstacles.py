"""Find what active jobs need from the environment of whoever starts them."""

from collections.abc import Iterable, Iterator

from zoomauto.domain.invocation import Obstacle
from zoomauto.domain.job import Job
from zoomauto.errors import ConfigurationError
from zoomauto.ports.store import Transaction
from zoomauto.usecases.plan_recording import config_of
from zoomauto.usecases.select_recordings import Needs, needs_of

_ENVIRONMENT = "env:"
_INSTEAD = "file:/path/of/a/file, or credential:NAME under systemd"


def unreadable_secrets(tx: Transaction, jobs: Iterable[Job]) -> tuple[Obstacle, ...]:
    """Give each secret that is in no scheduler's environment, once, with the mending command."""
    found: dict[str, Obstacle] = {}
    # Thousands of jobs share a few templates.
    known: dict[tuple[str, tuple[int, ...]], tuple[Needs, tuple[Obstacle, ...]]] = {}
    for job in jobs:
        if not job.spec.is_active:
            continue
        key = job.owner, job.spec.template_ids
        if key not in known:
            needs = _needs(tx, job)
            known[key] = needs, tuple(_of_places(tx, job.owner, needs))
        needs, of_places = known[key]
        for obstacle in (*of_places, *_of_engines(job, needs)):
            found[obstacle.message] = obstacle
    return tuple(found.values())


def _needs(tx: Transaction, job: Job) -> Needs:
    try:
        return needs_of(tx, job)
    except ConfigurationError:  # it has nothing to look at; its runs will say so
        return Needs(templates=(), sources=())


def _of_places(tx: Transaction, owner: str, needs: Needs) -> Iterator[Obstacle]:
    for source in needs.sources:
        mend = f"zoomauto source update {source.name!r}"
        yield from _obstacles(f"source {source.name!r}", source.secrets.items(), mend)
    named = {name for template in needs.templates for name in template.output.destinations}
    for place in tx.destinations.list(owner):
        if place.name in named:
            mend = f"zoomauto destination update {place.name!r}"
            yield from _obstacles(f"destination {place.name!r}", place.secrets.items(), mend)


def _of_engines(job: Job, needs: Needs) -> Iterator[Obstacle]:
    for template in needs.templates:
        for stage, table in config_of(template, job).tables.items():
            for key, value in table.items():
                if isinstance(value, str) and value.startswith(_ENVIRONMENT):
                    mend = f"zoomauto template update {template.name!r} --set {stage}"
                    yield Obstacle(
                        message=_message(f"job {job.name!r}", f"{stage}.{key}", value),
                        hint=f"{mend}.{key}={_INSTEAD}",
                    )


def _obstacles(who: str, secrets: Iterable[tuple[str, str]], mend: str) -> Iterator[Obstacle]:
    for key, reference in secrets:
        if reference.startswith(_ENVIRONMENT):
            hint = f"{mend} --secret {key}={_INSTEAD}"
            yield Obstacle(message=_message(who, key, reference), hint=hint)


def _message(who: str, key: str, reference: str) -> str:
    return (
        f"{who} reads its {key} from the environment ({reference}), which a scheduler does not set"
    )
