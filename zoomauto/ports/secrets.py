"""Secrets: referred to everywhere, resolved only where they are used."""

from typing import Protocol


class Secret:
    """A text that does not show itself: not in a repr, a message, a pickle or a comparison."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the text itself, to be handed to whoever needs it and to nobody else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is never written down")


class Secrets(Protocol):
    """The secrets of one configured place, by the names its adapter gives them."""

    def get(self, name: str) -> Secret:
        """Resolve a secret. Raise ConfigurationError when it is not there or cannot be read."""
