"""Opening a session with an SFTP server, and what its failures mean."""

import asyncio
import errno
import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncssh

from zoomauto.destinations.sftp.options import SftpOptions, local_path
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.ports.secrets import Secrets

_CONNECT_SECONDS = 30
#: A server that says nothing for three of these is gone.
_KEEPALIVE_SECONDS = 20


@asynccontextmanager
async def open_session(
    options: SftpOptions, secrets: Secrets
) -> AsyncIterator[asyncssh.SFTPClient]:
    """Log in and open SFTP; whatever the server does afterwards is one of our own errors."""
    connection = await _connected(options, secrets)
    try:
        async with connection:
            try:
                client = await connection.start_sftp_client()
            except (asyncssh.ChannelOpenError, asyncssh.SFTPError) as error:
                raise ConfigurationError(f"{options.place} offers no SFTP: {error}") from error
            async with client:
                yield client
    except (asyncssh.Error, ConnectionError, TimeoutError) as error:
        raise meaning(error, options) from error


def meaning(error: Exception, options: SftpOptions) -> ZoomautoError:
    """Say what a failure in an open session means for the run."""
    place = f"{options.path} at {options.place}"
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return disk_full(options)
    if isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPWriteProtect):
        return Unreachable(
            f"{place} cannot be written: {error.reason}",
            hint=f"see that {options.user} may write there",
        )
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return Unreachable(
            f"{place} is not there: {error.reason}", hint=f"make the folder above {options.path}"
        )
    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection) or not isinstance(
        error, asyncssh.SFTPError
    ):
        return TemporaryError(f"the connection to {options.place} broke: {error}")
    return TemporaryError(f"{place} failed: {error.reason}")


def disk_full(options: SftpOptions) -> DiskFull:
    """Make the error for a server without space."""
    return DiskFull(
        f"{options.path} at {options.place} is full", hint=f"free some space on {options.host}"
    )


async def _connected(options: SftpOptions, secrets: Secrets) -> asyncssh.SSHClientConnection:
    """Log in. Nothing but the options counts: no agent, no configuration of ssh."""
    known = _known_hosts(options)
    try:
        return await asyncssh.connect(
            options.host,
            options.port,
            username=options.user,
            known_hosts=known,
            config=None,
            agent_path=None,
            gss_host=None,
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_CONNECT_SECONDS,
            keepalive_interval=_KEEPALIVE_SECONDS,
            **_credentials(options, secrets),
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise await _untrusted(options, known) from error
    except asyncssh.PermissionDenied as error:
        raise AuthenticationError(
            f"{options.place} refused to log us in: {error.reason}", hint=_hint(options)
        ) from error
    except asyncssh.KeyExchangeFailed as error:
        raise ConfigurationError(f"{options.place} knows no way we know: {error}") from error
    except (asyncssh.Error, OSError) as error:
        raise Unreachable(f"{options.place} cannot be reached: {_reason(error)}") from error


def _credentials(options: SftpOptions, secrets: Secrets) -> dict[str, Any]:
    if options.key_file is None:
        return {"client_keys": None, "password": secrets.get("password").reveal()}
    return {"client_keys": [_key(options.key_file, secrets)]}


def _key(name: str, secrets: Secrets) -> asyncssh.SSHKey:
    """Read a private key; its passphrase is asked for only when it has one."""
    path = local_path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the key file {path} cannot be read: {error.strerror}") from error
    try:
        return asyncssh.import_private_key(content)
    except asyncssh.KeyImportError as error:
        if "passphrase" not in str(error).lower():
            raise ConfigurationError(f"{path} holds no private key: {error}") from error
    try:
        return asyncssh.import_private_key(content, secrets.get("passphrase").reveal())
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise AuthenticationError(
            f"the secret passphrase does not open {path}: {error}", hint="see the secret passphrase"
        ) from error


def _known_hosts(options: SftpOptions) -> asyncssh.SSHKnownHosts:
    """Read the host keys to trust; a file that is not there trusts nobody."""
    path = local_path(options.known_hosts)
    try:
        return asyncssh.import_known_hosts(path.read_text("utf-8", "replace"))
    except FileNotFoundError:
        return asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be used as known_hosts: {error}") from error


async def _untrusted(options: SftpOptions, known: asyncssh.SSHKnownHosts) -> AuthenticationError:
    """Say whether the host key is unknown or another one, and how to mend that."""
    offered = await _fingerprint(options)
    path = shlex.quote(str(local_path(options.known_hosts)))
    name = options.host if options.port == 22 else f"[{options.host}]:{options.port}"  # noqa: PLR2004
    scan = f"ssh-keyscan -p {options.port} {shlex.quote(options.host)} >> {path}"
    if any(known.match(options.host, "", options.port)[:2]):
        return AuthenticationError(
            f"{options.place} has another host key than {path} says{offered}: it was made anew, or"
            " somebody is in between; nothing was sent",
            hint=f"ask whoever runs it, then: ssh-keygen -f {path} -R {shlex.quote(name)}; {scan}",
        )
    return AuthenticationError(
        f"the host key of {options.place} is not in {path}{offered}; nothing was sent",
        hint=f"compare the fingerprint with the server's own, then: {scan}",
    )


async def _fingerprint(options: SftpOptions) -> str:
    with suppress(asyncssh.Error, OSError):
        async with asyncio.timeout(_CONNECT_SECONDS):
            key = await asyncssh.get_server_host_key(options.host, options.port, config=None)
            if key is not None:
                return f" (it offers {key.get_fingerprint()})"
    return ""


def _hint(options: SftpOptions) -> str:
    if options.key_file is None:
        return f"see that {options.user} may log in with the secret password"
    return f"see that {options.key_file} belongs to a key in authorized_keys of {options.user}"


def _reason(error: BaseException) -> str:
    """Give an error's own words; a time-out and some refusals have none."""
    if isinstance(error, asyncssh.Error):
        return error.reason
    # asyncio's own text names addresses and no reason.
    code = error.errno if isinstance(error, OSError) else None
    if code in errno.errorcode:
        return os.strerror(code or 0)
    return str(error) or f"no answer within {_CONNECT_SECONDS} s"
