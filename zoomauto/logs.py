"""Where log records go: a file for scheduled runs, lines on stderr otherwise."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from zoomauto.errors import ConfigurationError
from zoomauto.masking import MASKING

_FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
#: Two files of this size are kept.
_MAX_BYTES = 5 * 1024 * 1024


def log_to_stderr(*, verbose: bool) -> None:
    """Send records to stderr: all of them with ``verbose``, warnings otherwise."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _install(handler, logging.DEBUG if verbose else logging.WARNING)


def log_to_file(path: Path) -> None:
    """Send records to a file that only its owner can read, and nothing to stderr."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the log file {path} cannot be written: {error.strerror}",
            hint="set log_file, or ZOOMAUTO_LOG_FILE",
        ) from error
    handler.setFormatter(logging.Formatter(_FORMAT))
    _install(handler, logging.INFO)


def _install(handler: logging.Handler, level: int) -> None:
    logger = logging.getLogger("zoomauto")
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    handler.addFilter(MASKING)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
