"""Names of our units: which are ours, and whose."""

import hashlib
import re
from dataclasses import dataclass

from zoomauto.errors import ConfigurationError

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_PLAIN_OWNER = re.compile(r"[a-z0-9]{1,32}")
_INSTALLATION = re.compile(r"[a-z0-9]+")
_LONGEST_READABLE = 24
#: A slug never begins with a hyphen, so no job can take the safety net's name.
_DUE = "-due"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitNames:
    """The unit names of one owner and installation: ``zoomauto-INSTALLATION-OWNER-SLUG``.

    Only ``[a-z0-9_-]``, which no part of systemd needs escaped. Neither installation nor owner
    holds a hyphen there, so what one owner's names begin with, no other's do.
    """

    owner: str
    installation: str

    @property
    def prefix(self) -> str:
        """What all of them begin with, and no one else's."""
        if not _INSTALLATION.fullmatch(self.installation):
            raise ConfigurationError(
                f"{self.installation!r} cannot stand in a unit's name as the installation"
            )
        return f"zoomauto-{self.installation}-{_harmless(self.owner)}-"

    def stem(self, job: str | None) -> str:
        """Give a job's unit name without its ending; for None the safety net's."""
        if job is not None and not _SLUG.fullmatch(job):
            raise ConfigurationError(f"{job!r} cannot stand in a unit's name as the slug of a job")
        return self.prefix + (_DUE if job is None else job)

    def job_of(self, unit: str) -> str | None:
        """Give the slug in a unit's name; None for the safety net's and for foreign ones."""
        stem = unit.rpartition(".")[0]
        slug = stem.removeprefix(self.prefix)
        return slug if stem != slug and _SLUG.fullmatch(slug) else None


def _harmless(owner: str) -> str:
    """Write an owner so that it reads like it, and that no other owner is written so."""
    if _PLAIN_OWNER.fullmatch(owner):
        return owner
    readable = re.sub(r"[^a-z0-9]+", "_", owner.lower()).strip("_")[:_LONGEST_READABLE]
    # An underscore, which no plain owner has.
    return f"{readable}_{hashlib.sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
