"""Applications: what a scheduler backend was last made to hold, and whether it still holds good."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoomauto.domain.entry import seal
from zoomauto.domain.zone import zone_named
from zoomauto.domain.zone_offsets import offset_at, offset_changes

#: Entries are computed anew when they reach less far ahead (contract, section 5).
SHORTEST_HORIZON = timedelta(days=366)


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """The last time that an owner's entries were applied on a host through a backend."""

    #: Tells hosts apart; says nothing about them.
    host: str
    owner: str
    #: The backend's name in the registry: ``crontab``, ``systemd``.
    backend: str
    #: ``user`` or ``system``.
    scope: str
    applied_at: datetime
    #: Entries were computed from here to ``until``.
    start_at: datetime
    until: datetime
    #: IANA name -> fingerprint of its rules in that span, as they were known.
    zone_rules: Mapping[str, str]


def zone_rules(timezones: Iterable[str], start: datetime, until: datetime) -> dict[str, str]:
    """Give a fingerprint of each zone's rules from ``start`` to ``until``."""
    return {name: _fingerprint(name, start, until) for name in sorted(set(timezones))}


def reason_to_renew(
    application: Application, timezones: Iterable[str], *, now: datetime
) -> str | None:
    """Say why entries should be computed anew though no job has changed; None when not."""
    if application.until - now < SHORTEST_HORIZON:
        return f"entries were computed to {application.until:%F} only"
    rules = zone_rules(timezones, application.start_at, application.until)
    before = application.zone_rules
    if changed := [name for name in rules if before.get(name, rules[name]) != rules[name]]:
        return f"the rules of {', '.join(changed)} have changed"
    return None


def _fingerprint(name: str, start: datetime, until: datetime) -> str:
    zone = zone_named(name)
    changes = offset_changes(zone, start, until)
    return seal(
        "\n".join(
            (str(offset_at(zone, start)), *(f"{c.at.isoformat()} {c.after}" for c in changes))
        )
    )
