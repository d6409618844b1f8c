"""Access tokens: the newest is kept in memory, for all threads, until it is stale or refused."""

import threading
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from zoomauto.ports.clock import Clock


class Perishable(Protocol):
    """A token that is good until an instant."""

    @property
    def stale_at(self) -> datetime:
        """When another one should be got."""


T = TypeVar("T", bound=Perishable)


class KeptTokens(ABC, Generic[T]):
    """Gets tokens and keeps the newest; who inherits says how one is got."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._token: T | None = None

    def current(self) -> T:
        """Give a token that is good for a while.

        Raise AuthenticationError, ConfigurationError or TemporaryError when there is none.
        """
        with self._lock:
            token = self._token
            if token is None or self._clock.now() >= token.stale_at:
                token = self._token = self.fresh()
            return token

    def renew(self, refused: T) -> bool:
        """Forget a token that was refused; say False if another thread has replaced it already."""
        with self._lock:
            is_ours = self._token is refused
            if is_ours:
                self._token = None
            return is_ours

    def keep(self, token: T) -> None:
        """Keep a token that came by another way."""
        with self._lock:
            self._token = token

    @abstractmethod
    def fresh(self) -> T:
        """Ask for a new token."""
