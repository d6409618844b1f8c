"""Find the job that somebody means."""

import re
from contextlib import suppress

from zoomauto.domain.job import Job
from zoomauto.domain.reference import resolve
from zoomauto.errors import NotFound
from zoomauto.ports.store import Transaction

#: What schedulers' entries say, and most people: a slug or an id.
_PLAIN = re.compile(r"(?:(?:id|slug):)?([a-z0-9][a-z0-9-]*)")


def find_job(tx: Transaction, owner: str, reference: str) -> Job:
    """Find the job that ``reference`` names: an id, a slug or the exact name."""
    if plain := _PLAIN.fullmatch(reference):
        # Each start of thousands of jobs would read all of them; what comes close is among those.
        with suppress(NotFound):
            return resolve(reference, tx.jobs.named(owner, plain[1]), kind="job")
    return resolve(reference, tx.jobs.list(owner), kind="job")
