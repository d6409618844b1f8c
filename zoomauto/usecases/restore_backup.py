"""Put back what a scheduler backend held before."""

from dataclasses import dataclass
from pathlib import PurePath

from zoomauto.errors import NotFound, UsageError
from zoomauto.ports.scheduler import KeepsBackups
from zoomauto.usecases.choose_backend import Choice, ChooseBackend


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What was put back, and what that changed."""

    backup: PurePath
    #: Every backup there is, the newest first.
    backups: tuple[PurePath, ...]
    #: Lines of a unified diff.
    diff: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RestoreBackup:
    """Restore a backup, other people's entries included."""

    choose: ChooseBackend

    def __call__(
        self, owner: str, choice: Choice, name: str | None = None, *, dry_run: bool = False
    ) -> Restored:
        """Restore the backup with that name or path, the newest when none is named.

        Raise NotFound, or UsageError for a backend that keeps no backups.
        """
        backend = self.choose(owner, choice)
        scheduler = backend.scheduler
        if not isinstance(scheduler, KeepsBackups):
            raise UsageError(f"{backend.name} keeps no backups", hint="zoomauto schedule remove")
        backups = tuple(scheduler.backups())
        if not backups:
            raise NotFound(f"there is no backup: nothing was ever changed in {backend.name}")
        found = [path for path in backups if name in (None, path.name, str(path))]
        if not found:
            known = ", ".join(path.name for path in backups)
            raise NotFound(f"there is no backup {name!r}", hint=f"there is: {known}")
        diff = scheduler.restore(found[0], dry_run=dry_run)
        return Restored(backup=found[0], backups=backups, diff=diff)
