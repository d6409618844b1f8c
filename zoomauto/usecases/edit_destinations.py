"""Add, change, remove, show, check and log in to named destinations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zoomauto.domain.hint import named
from zoomauto.domain.options import laid_over
from zoomauto.domain.reference import resolve
from zoomauto.domain.source import Check, DestinationConfig
from zoomauto.errors import InUse, UsageError, ZoomautoError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Personal, Visit
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.edit_templates import refuse_feedback


@dataclass(frozen=True, kw_only=True)
class AddDestination:
    """Save a new destination under a name."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(
        self,
        owner: str,
        name: str,
        *,
        type_name: str,
        options: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> DestinationConfig:
        """Raise InvalidOptions, NotFound for an unknown type, or AlreadyExists."""
        if not name.strip() or ":" in name:
            raise UsageError("a destination needs a name without a colon")
        now = self.clock.now()
        draft = DestinationConfig(
            id=0,
            owner=owner,
            name=name,
            type=type_name,
            options=self.adapters.check_destination(type_name, options, secrets),
            secrets=secrets,
            created_at=now,
            updated_at=now,
        )
        with self.store.writing(owner=owner) as tx:
            return tx.destinations.add(draft)


@dataclass(frozen=True, kw_only=True)
class UpdateDestination:
    """Change options and secrets of a destination; what is published goes by its name."""

    store: Store
    clock: Clock
    adapters: Adapters

    def __call__(
        self,
        owner: str,
        reference: str,
        *,
        options: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> DestinationConfig:
        """Lay options and secrets over those there are; an empty text takes one away.

        Raise InvalidOptions, or InvalidTemplate when results would be listed as recordings.
        """
        with self.store.writing(owner=owner) as tx:
            old = find_destination(tx, owner, reference)
            references = laid_over(old.secrets, secrets)
            changed = self.adapters.check_destination(
                old.type, laid_over(old.options, options), references
            )
            new = replace(old, options=changed, secrets=references, updated_at=self.clock.now())
            if _users(tx, new):
                for source in tx.sources.list(owner):
                    refuse_feedback(self.adapters, source, new.name, new.type, new.options)
            return tx.destinations.replace(new)


@dataclass(frozen=True, kw_only=True)
class RemoveDestination:
    """Forget a destination that no template names. What was published there stays."""

    store: Store

    def __call__(self, owner: str, reference: str) -> DestinationConfig:
        """Raise InUse when a template still publishes there."""
        with self.store.writing(owner=owner) as tx:
            destination = find_destination(tx, owner, reference)
            if users := _users(tx, destination):
                raise InUse(
                    f"destination {destination.name!r} is used by {', '.join(map(repr, users))}",
                    hint=f"zoomauto template update {users[0]!r} --destination ...",
                )
            tx.destinations.remove(destination.id)
            return destination


@dataclass(frozen=True, kw_only=True)
class ListDestinations:
    """Show an owner's destinations."""

    store: Store

    def __call__(self, owner: str) -> Sequence[DestinationConfig]:
        """Give every destination, by id."""
        with self.store.reading() as tx:
            return tx.destinations.list(owner)


@dataclass(frozen=True, kw_only=True)
class ShowDestination:
    """Show one destination."""

    store: Store

    def __call__(self, owner: str, reference: str) -> DestinationConfig:
        """Raise NotFound or Ambiguous."""
        with self.store.reading() as tx:
            return find_destination(tx, owner, reference)


@dataclass(frozen=True, kw_only=True)
class CheckDestination:
    """Prove that a destination can be written."""

    store: Store
    adapters: Adapters

    def __call__(self, owner: str, reference: str) -> tuple[Check, ...]:
        """Try it; say fact by fact what works and what is missing."""
        with self.store.reading() as tx:
            found = find_destination(tx, owner, reference)
        opened = self.adapters.destination(found.type, found.options, found.secrets)
        return _told(opened.check(), found.name)


@dataclass(frozen=True, kw_only=True)
class LogInToDestination:
    """Have a person log in to a destination, and say what works then."""

    store: Store
    adapters: Adapters

    def __call__(self, owner: str, reference: str, visit: Visit) -> tuple[Check, ...]:
        """Raise UsageError where nobody can log in, AuthenticationError for a refusal."""
        with self.store.reading() as tx:
            found = find_destination(tx, owner, reference)
        opened = self.adapters.destination(found.type, found.options, found.secrets)
        if not isinstance(opened, Personal):
            raise UsageError(f"the destination type {found.type} needs no login")
        try:
            checks = opened.log_in(visit)
        except ZoomautoError as error:
            hint = None if error.hint is None else named(error.hint, found.name)
            raise error.saying(named(error.message, found.name), hint=hint) from error
        return _told(checks, found.name)


def _told(checks: Sequence[Check], name: str) -> tuple[Check, ...]:
    return tuple(replace(check, detail=named(check.detail, name)) for check in checks)


def _users(tx: Transaction, destination: DestinationConfig) -> list[str]:
    """Name the templates that publish there."""
    templates = tx.templates.list(destination.owner)
    return [t.name for t in templates if destination.name in t.output.destinations]


def find_destination(tx: Transaction, owner: str, reference: str) -> DestinationConfig:
    """Find the destination that ``reference`` names: an id or the exact name."""
    return resolve(reference, tx.destinations.list(owner), kind="destination")
