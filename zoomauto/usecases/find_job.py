"""Find the job that somebody means."""

import re

from zoomauto.domain.job import Job
from zoomauto.domain.reference import resolve
from zoomauto.ports.store import Transaction

_ID = re.compile(r"id:([1-9][0-9]{0,8})")


def find_job(tx: Transaction, owner: str, reference: str) -> Job:
    """Find the job that ``reference`` names: an id, a slug or the exact name."""
    # Whoever goes through thousands of jobs says which: not all of them again for each.
    found = _ID.fullmatch(reference)
    job = tx.jobs.get(int(found[1])) if found else None
    if job is not None and job.owner == owner:
        return job
    return resolve(reference, tx.jobs.list(owner), kind="job")
