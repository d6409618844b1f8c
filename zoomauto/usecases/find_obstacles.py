"""Find what active jobs need from the environment of whoever starts them."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from zoomauto.domain.invocation import Obstacle
from zoomauto.domain.job import Job
from zoomauto.errors import ConfigurationError
from zoomauto.ports.store import Transaction
from zoomauto.usecases.plan_recording import config_of
from zoomauto.usecases.select_recordings import Reach, reach_of

_ENVIRONMENT = "env:"
_INSTEAD = "file:/path/of/a/file, or credential:NAME under systemd"


def unreadable_secrets(tx: Transaction, jobs: Iterable[Job], now: datetime) -> tuple[Obstacle, ...]:
    """Give each secret that is in no scheduler's environment, once, with the mending command."""
    found: dict[str, Obstacle] = {}
    for job in jobs:
        if job.spec.is_active and (reach := _reach(tx, job, now)):
            for obstacle in (*_of_places(tx, reach), *_of_engines(reach)):
                found[obstacle.message] = obstacle
    return tuple(found.values())


def _reach(tx: Transaction, job: Job, now: datetime) -> Reach | None:
    try:
        return reach_of(tx, job, now=now)
    except ConfigurationError:  # it has nothing to look at; its runs will say so
        return None


def _of_places(tx: Transaction, reach: Reach) -> Iterator[Obstacle]:
    for source in reach.sources:
        mend = f"zoomauto source update {source.name!r}"
        yield from _obstacles(f"source {source.name!r}", source.secrets.items(), mend)
    named = {name for template in reach.templates for name in template.output.destinations}
    for place in tx.destinations.list(reach.job.owner):
        if place.name in named:
            mend = f"zoomauto destination update {place.name!r}"
            yield from _obstacles(f"destination {place.name!r}", place.secrets.items(), mend)


def _of_engines(reach: Reach) -> Iterator[Obstacle]:
    for template in reach.templates:
        for stage, table in config_of(template, reach.job).tables.items():
            for key, value in table.items():
                if isinstance(value, str) and value.startswith(_ENVIRONMENT):
                    mend = f"zoomauto template update {template.name!r} --set {stage}"
                    yield Obstacle(
                        message=_message(f"job {reach.job.name!r}", f"{stage}.{key}", value),
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
