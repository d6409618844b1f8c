"""Choose the scheduler backend that a command is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoomauto.domain.application import Application
from zoomauto.errors import ConfigurationError
from zoomauto.ports.scheduler import Availability, Scheduler, Schedulers
from zoomauto.ports.store import Store

AUTO = "auto"
#: What ``auto`` tries, the best first: systemd makes up for times without power, and knows zones.
_PREFERRED = ("systemd", "crontab")
#: The one that starts nothing without a session unless it is told to.
LINGERING = "systemd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The backend that was asked for."""

    #: A name in the registry, or ``auto``.
    backend: str = AUTO
    #: ``user`` or ``system``; None for what is there already, else ``user``.
    scope: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """The backend that was chosen."""

    name: str
    scope: str
    #: Why this one, in words.
    why: str
    scheduler: Scheduler
    installation: str
    #: What was last applied through it on this host.
    application: Application | None
    #: Others through which this owner's entries stand applied on this host.
    others: tuple[Choice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChooseBackend:
    """Decide which backend of this host is meant."""

    store: Store
    schedulers: Schedulers
    #: This host's id.
    host: str

    def __call__(self, owner: str, choice: Choice) -> Backend:
        """Prefer what stands applied here, then what is usable.

        Raise ConfigurationError when nothing here would start entries, NotFound for an unknown
        backend.
        """
        with self.store.reading() as tx:
            installation = tx.applications.installation()
            applied = tuple(tx.applications.list(owner, host=self.host))
        fitting = [a for a in applied if _fits(a, choice)]
        if fitting:
            newest = fitting[0]
            name, scope = newest.backend, newest.scope
            why = f"entries were applied through it on {newest.applied_at:%F}"
        else:
            scope = choice.scope or "user"
            name, why = self._named_or_guessed(owner, installation, choice)
        return Backend(
            name=name,
            scope=scope,
            why=why,
            scheduler=self._open(name, owner, installation, scope),
            installation=installation,
            application=fitting[0] if fitting else None,
            others=tuple(
                Choice(backend=a.backend, scope=a.scope)
                for a in applied
                if (a.backend, a.scope) != (name, scope)
            ),
        )

    def applied(self, owner: str) -> tuple[Choice, ...]:
        """Give every backend through which the owner's entries stand applied on this host."""
        with self.store.reading() as tx:
            applied = tx.applications.list(owner, host=self.host)
        return tuple(Choice(backend=a.backend, scope=a.scope) for a in applied)

    def _named_or_guessed(self, owner: str, installation: str, choice: Choice) -> tuple[str, str]:
        if choice.backend != AUTO:
            return choice.backend, "it was asked for"
        scope = choice.scope or "user"
        # Only systemd has units of the system.
        names = _PREFERRED if scope == "user" else _PREFERRED[:1]
        refused: dict[str, Availability] = {}
        for name in names:
            found = self._open(name, owner, installation, scope).availability()
            if found.usable:
                return name, "; ".join((found.reason, *map(_refusal, refused.items())))
            refused[name] = found
        raise ConfigurationError(
            f"nothing here would start jobs: {'; '.join(map(_refusal, refused.items()))}",
            hint="; or ".join(_mending(refused)) or None,
        )

    def _open(self, name: str, owner: str, installation: str, scope: str) -> Scheduler:
        return self.schedulers.open(name, owner=owner, installation=installation, scope=scope)


def _fits(application: Application, choice: Choice) -> bool:
    return choice.backend in (AUTO, application.backend) and choice.scope in (
        None,
        application.scope,
    )


def _mending(refused: Mapping[str, Availability]) -> Iterator[str]:
    for found in refused.values():
        # "Take another backend" is no help when there is none.
        if found.hint and not found.hint.startswith("--backend"):
            yield found.hint


def _refusal(refused: tuple[str, Availability]) -> str:
    name, found = refused
    return f"not {name}: {found.reason}"
