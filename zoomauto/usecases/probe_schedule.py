"""Have a scheduler backend start this program once, to see that it does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from zoomauto.domain.invocation import Invocation
from zoomauto.ports.scheduler import Probe
from zoomauto.ports.store import Store
from zoomauto.usecases.choose_backend import Backend, Choice, ChooseBackend
from zoomauto.usecases.find_job import find_job

#: cron starts at the next full minute; the rest is for the program itself.
PATIENCE = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """What a real start showed."""

    backend: Backend
    command: tuple[str, ...]
    probe: Probe


@dataclass(frozen=True, kw_only=True)
class ProbeSchedule:
    """Start this program through a backend, as an entry would."""

    store: Store
    choose: ChooseBackend
    #: Gives the words that call this program, by scope.
    invocation: Callable[[str], Invocation]

    def __call__(self, owner: str, choice: Choice, reference: str | None = None) -> Probed:
        """Wait until it was started, and remove every trace of it.

        With a job its dry run is started: it lists the sources and changes nothing. Without one
        the jobs are listed, which proves that program, settings and database are found.
        Raise as ChooseBackend does, NotFound or Ambiguous for the job.
        """
        what: tuple[str, ...] = ("job", "list")
        if reference is not None:
            with self.store.reading() as tx:
                what = ("run", find_job(tx, owner, reference).slug, "--dry-run")
        backend = self.choose(owner, choice)
        command = (*self.invocation(backend.scope).words, *what)
        probe = backend.scheduler.probe(command, within=PATIENCE)
        return Probed(backend=backend, command=command, probe=probe)
