"""Take everything of ours out of a scheduler backend."""

from dataclasses import dataclass

from zoomauto.errors import TemporaryError
from zoomauto.ports.store import Store
from zoomauto.usecases.choose_backend import Backend, Choice, ChooseBackend


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """What was taken away, in words; with a dry run, the names of what would be."""

    backend: Backend
    taken: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RemoveSchedules:
    """Leave nothing of an owner's entries in a backend of this host."""

    store: Store
    choose: ChooseBackend

    def __call__(self, owner: str, choice: Choice, *, dry_run: bool = False) -> Removed:
        """Uninstall, prove that nothing is left, and forget that anything was applied.

        Raise as ChooseBackend does, and TemporaryError when something is still there.
        """
        backend = self.choose(owner, choice)
        if dry_run:
            names = (item.piece.name for item in backend.scheduler.installed())
            return Removed(backend=backend, taken=tuple(names))
        taken = backend.scheduler.uninstall()
        if left := [item.piece.name for item in backend.scheduler.installed()]:
            raise TemporaryError(
                f"{', '.join(left)} came back into {backend.name} while it was removed",
                hint="zoomauto schedule remove",
            )
        if backend.application is not None:
            with self.store.writing() as tx:
                tx.applications.remove(backend.application)
        return Removed(backend=backend, taken=taken)
