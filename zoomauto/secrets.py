"""Resolving references to secrets.

A reference is ``env:NAME``, ``file:/path``, ``credential:NAME``, ``keyring:service/user`` or
``command:program argument ...`` (contract, section 1). What it stands for is looked up when it is
needed, once, lives in memory only, and is masked in every log from then on.
"""

import importlib
import os
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from zoomauto.errors import ConfigurationError, InvalidOptions
from zoomauto.masking import mask
from zoomauto.ports.secrets import Secret

#: How long a command may take: long enough to type a passphrase.
COMMAND_SECONDS = 60
_LARGEST = 64 * 1024
_KNOWN_FORMS = "env:NAME, file:/path, credential:NAME, keyring:service/user, command:..."


def check_reference(reference: str) -> None:
    """Look at the form of a reference; nothing is resolved. Raise InvalidOptions."""
    scheme, rest = _parted(reference)
    if scheme not in _READERS:
        # What was given may be the secret itself: it must not be repeated.
        raise InvalidOptions(
            "a secret is given as a reference, never as itself", hint=f"known: {_KNOWN_FORMS}"
        )
    problem = _problem(scheme, rest)
    if problem:
        raise InvalidOptions(f"a {scheme}: reference {problem}", hint=f"known: {_KNOWN_FORMS}")


def resolve_reference(reference: str) -> Secret:
    """Look up what a reference stands for, and mask it in every log from now on.

    Raise ConfigurationError when it cannot be read or is empty, InvalidOptions for a bad form.
    """
    check_reference(reference)
    scheme, rest = _parted(reference)
    value = _READERS[scheme](rest)
    if not value:
        raise ConfigurationError(f"the secret {scheme}:{_shown(scheme, rest)} is empty")
    mask(value)
    return Secret(value)


class StoredSecrets:
    """The secrets of one source or destination: each resolved on first use, once."""

    def __init__(
        self,
        references: Mapping[str, str],
        *,
        place: str = "the source",
        command: str = "zoomauto source update NAME",
    ) -> None:
        """``command`` is what mends a secret that is not there."""
        self._references = dict(references)
        self._place = place
        self._command = command
        self._resolved: dict[str, Secret] = {}

    def get(self, name: str) -> Secret:
        """Resolve a secret. Raise ConfigurationError when it is not there or cannot be read."""
        if name not in self._resolved:
            if name not in self._references:
                raise ConfigurationError(
                    f"{self._place} has no secret {name!r}",
                    hint=f"{self._command} --secret {name}=file:/path/of/it",
                )
            self._resolved[name] = resolve_reference(self._references[name])
        return self._resolved[name]


def _parted(reference: str) -> tuple[str, str]:
    scheme, _, rest = reference.partition(":")
    return scheme, rest


def _problem(scheme: str, rest: str) -> str | None:
    if not rest.strip() or "\0" in rest:
        return "names nothing"
    if scheme == "file" and not rest.startswith(("/", "~")):
        return "needs an absolute path"
    if scheme == "credential" and "/" in rest:
        return "is a name, without /"
    if scheme == "keyring" and not all(rest.rpartition("/")[::2]):
        return "is written keyring:service/user"
    if scheme == "command":
        return _command_problem(rest)
    return None


def _command_problem(rest: str) -> str | None:
    try:
        return None if shlex.split(rest) else "names nothing"
    except ValueError as error:
        return f"cannot be split into words: {str(error).lower()}"


def _shown(scheme: str, rest: str) -> str:
    """Name a reference without a command's arguments, which may tell too much."""
    return shlex.split(rest)[0] if scheme == "command" else rest


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigurationError(
            f"the environment has no {name}",
            hint=f"set {name}, or use a file: reference, which schedulers can read too",
        )
    return value


def _from_file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(f"the secret file {path} is no regular file")
            if status.st_mode & 0o077:
                raise ConfigurationError(
                    f"the secret file {path} can be read or changed by others",
                    hint=f"chmod 600 {shlex.quote(str(path))}",
                )
            content = file.read(_LARGEST)
    except OSError as error:
        raise ConfigurationError(
            f"the secret file {path} cannot be read: {error.strerror}"
        ) from error
    return _text(content, f"the secret file {path}")


def _from_credential(name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigurationError(
            f"there is no credential {name}: CREDENTIALS_DIRECTORY is not set",
            hint="systemd sets it for units with LoadCredential=; by hand use file: or env:",
        )
    try:
        content = (Path(folder) / name).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the credential {name} cannot be read: {error.strerror}"
        ) from error
    return _text(content, f"the credential {name}")


def _from_keyring(name: str) -> str:
    service, _, user = name.rpartition("/")
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise ConfigurationError(
            "keyring: references need the keyring package",
            hint="pip install 'zoomauto[keyring]'",
        ) from error
    try:
        value = keyring.get_password(service, user)
    except Exception as error:
        # Each backend has exceptions of its own; their texts say what is locked or absent.
        raise ConfigurationError(f"the keyring cannot be read: {error}") from error
    if value is None:
        raise ConfigurationError(
            f"the keyring has no secret for {name}", hint=f"keyring set {service} {user}"
        )
    return str(value)


def _from_command(line: str) -> str:
    command = shlex.split(line)
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        # Not the error itself as the cause: it carries what the command printed.
        del error
        raise ConfigurationError(
            f"the secret command {command[0]} took longer than {COMMAND_SECONDS} s"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"the secret command {command[0]} cannot be started: {error.strerror}"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-500:] or "it said nothing"
        raise ConfigurationError(
            f"the secret command {command[0]} ended with {done.returncode}: {said}"
        )
    return _text(done.stdout, f"the output of {command[0]}")


def _text(content: bytes, what: str) -> str:
    """Decode, and strip one line end: editors and ``pass`` add it."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # Without the cause, which carries the bytes.
        raise ConfigurationError(f"{what} is no UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


_READERS: Mapping[str, Callable[[str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "credential": _from_credential,
    "keyring": _from_keyring,
    "command": _from_command,
}
