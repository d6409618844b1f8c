"""Find the job that somebody means."""

from zoomauto.domain.job import Job
from zoomauto.domain.reference import resolve
from zoomauto.ports.store import Transaction


def find_job(tx: Transaction, owner: str, reference: str) -> Job:
    """Find the job that ``reference`` names: an id, a slug or the exact name."""
    return resolve(reference, tx.jobs.list(owner), kind="job")
