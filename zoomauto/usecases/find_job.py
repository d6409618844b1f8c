"""Find the job that somebody means."""

import re

from zoomauto.domain.job import Job
from zoomauto.domain.reference import resolve
from zoomauto.errors import NotFound
from zoomauto.ports.store import Transaction

#: What schedulers' entries say, and most people: a slug or an id.
_PLAIN = re.compile(r"(?:(?:id|slug):)?([a-z0-9][a-z0-9-]*)")


def find_job(tx: Transaction, owner: str, reference: str) -> Job:
    """Find the job that ``reference`` names: an id, a slug or the exact name."""
    if plain := _PLAIN.fullmatch(reference):
        # Of thousands of jobs each start would read all.
        try:
            return resolve(reference, tx.jobs.named(owner, plain[1]), kind="job")
        except NotFound:
            pass  # what comes close is among the others
    return resolve(reference, tx.jobs.list(owner), kind="job")
