"""What was asked for of TLS as OpenSSL wants it: a context, made once a session. Reads the files that are named."""

from __future__ import annotations

import io
import os
import secrets
import ssl
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.clock import monotonic
from core.errors import TlsSettingsError, reason
from core.files import settings_folder
from core.tls.authority import Authority
from core.tls.certificates import Issued, is_der, load_reader, read_certificate_and_key
from core.tls.settings import ClientCertificates, LowestVersion, Tls

_UNWAITED = getattr(os, "O_NONBLOCK", 0)  # to open a pipe would wait for its other end, and nothing ends that
_LARGEST = 1024 * 1024  # bytes of a file with certificates or keys
_PATIENCE = 20.0  # seconds for what is written to a pipe in the place of a file: a person may type a password there
_LOOK = 0.02  # seconds between two looks at it
_BUNDLES = (  # where systems keep the authorities that they trust, for a Python that was built for another system
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, slots=True)
class TlsContext:
    """A context of OpenSSL's, and what else is asked for."""

    tls: Tls
    ssl: ssl.SSLContext
    is_server: bool
    own_name: str = ""  # in the certificate that we show
    own_authority: str = ""  # the fingerprint of Tincan's own authority, if there is one

    def close(self) -> None:
        """Close the file to which secrets were written, if there is one: else it stays open as long as this lives."""
        if self.ssl.keylog_filename is not None:
            self.ssl.keylog_filename = None  # type: ignore[assignment]  # closes it, whatever typeshed says


def make_context(tls: Tls, *, is_server: bool, hosts: Sequence[str] = ()) -> TlsContext:
    """Read the files and make the context; a server without a certificate gets one of Tincan's own authority, for
    ``hosts``. Takes milliseconds. Raises ``TlsSettingsError``.
    """
    load_reader()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    is_newest = tls.lowest is LowestVersion.TLS_1_3
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if is_newest else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not is_server:
        context.hostname_checks_common_name = False
    if tls.alpn:
        context.set_alpn_protocols(list(tls.alpn))
    authority = Authority(tls.authority or settings_folder() / "authority")
    own_name = _show(context, tls, authority, hosts, is_server=is_server)
    own_authority = authority.fingerprint
    _trust(context, tls, authority, is_server=is_server)
    if tls.key_log is not None:
        _log_keys(context, tls.key_log)
    return TlsContext(tls, context, is_server, own_name, own_authority)


def _show(context: ssl.SSLContext, tls: Tls, authority: Authority, hosts: Sequence[str], *, is_server: bool) -> str:
    """Load the certificate that we show; the name in it."""
    if tls.certificate is not None:
        issued = read_own(tls)
        what = f"{tls.certificate}{f' with {tls.key}' if tls.key is not None else ''}"
        if not issued.fits:
            raise TlsSettingsError(f"{what} cannot be used: the key does not belong to the certificate")
    elif is_server:
        issued = authority.issue(hosts)
        what = "the certificate made here"
    else:
        return ""
    _load(context, issued, what)
    return issued.name


def read_own(tls: Tls) -> Issued:
    """The certificate and the key that are named. Raises ``TlsSettingsError``."""
    certificate = tls.certificate
    assert certificate is not None
    data = _read(certificate)
    key = _read(tls.key) if tls.key is not None else None
    return read_certificate_and_key(data, key, tls.password, str(certificate), str(tls.key or certificate))


_WORDS = {  # of OpenSSL's reasons for not taking a certificate with its own key
    "EE_KEY_TOO_SMALL": "its key is too short to be safe",
    "CA_KEY_TOO_SMALL": "the key of an authority in its chain is too short to be safe",
    "NO_CERTIFICATE_ASSIGNED": "its key is of a kind that cannot be used here, such as RSA-PSS",
}


def _load(context: ssl.SSLContext, issued: Issued, what: str) -> None:
    """Give OpenSSL a certificate and its key. It takes them from a file only, so the key is encrypted there."""
    password = secrets.token_hex(32)
    descriptor, name = tempfile.mkstemp(prefix="tincan-", suffix=".pem")  # for its owner alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(issued.as_pem(password))
        context.load_cert_chain(name, password=password)
    except ssl.SSLError as error:
        raise TlsSettingsError(f"{what} cannot be used: {_WORDS.get(error.reason) or _words(error)}") from error
    finally:
        Path(name).unlink(missing_ok=True)


def _trust(context: ssl.SSLContext, tls: Tls, authority: Authority, *, is_server: bool) -> None:
    """Whom the context believes, and whether the peer has to prove anything."""
    if is_server:
        wanted = tls.client_certificates
        context.verify_mode = {
            ClientCertificates.NONE: ssl.CERT_NONE,
            ClientCertificates.ASK: ssl.CERT_OPTIONAL,
            ClientCertificates.REQUIRE: ssl.CERT_REQUIRED,
        }[wanted]
        if wanted is ClientCertificates.NONE:
            return
    elif tls.pin or not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return
    if tls.ca is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what stands in the file is trusted, a root or not
        _load_authorities(context, _read(tls.ca), str(tls.ca))
        return
    own = authority.certificate
    if own:
        _load_authorities(context, own, "the certificate of Tincan's own authority")
    if not is_server:  # what the system trusts says who a web site is, and nothing about who may come in
        _load_system_trust(context)


def _load_authorities(context: ssl.SSLContext, certificates: bytes, where: str) -> None:
    known = certificates if is_der(certificates) else certificates.decode("ascii", "ignore")
    try:
        context.load_verify_locations(cadata=known)
    except (ssl.SSLError, ValueError) as error:
        what = "no certificates that can be read (PEM or DER)"
        raise TlsSettingsError(f"{where} has {what}: {_words(error)}") from error


def _load_system_trust(context: ssl.SSLContext) -> None:
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    known = ssl.get_default_verify_paths()
    if context.cert_store_stats()["x509_ca"] > 1 or known.cafile or (known.capath and any(os.scandir(known.capath))):
        return
    bundle = next((path for path in _BUNDLES if Path(path).is_file()), None)
    if bundle is not None:
        context.load_verify_locations(bundle)


def _log_keys(context: ssl.SSLContext, path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _UNWAITED, 0o600))
        context.keylog_filename = str(path)
    except OSError as error:
        raise TlsSettingsError(f"the secrets cannot be written to {path}: {reason(error)}") from error


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | _UNWAITED)) as file:
            data = _read_all(file, path)
    except OSError as error:
        raise TlsSettingsError(f"{path} cannot be read: {reason(error)}") from error
    if len(data) > _LARGEST:
        raise TlsSettingsError(f"{path} is larger than any file of certificates: {_LARGEST // 1024:,} KiB at most")
    return data


def _read_all(file: io.FileIO, path: Path) -> bytes:
    """All of a file that does not block, or more than is read of any. A pipe, as a shell's ``<(command)`` is, is
    empty where nobody writes, and who does may take a while. Raises ``TlsSettingsError``.
    """
    data, until = b"", monotonic() + _PATIENCE
    while len(data) <= _LARGEST:
        piece = file.read(_LARGEST + 1 - len(data))
        if piece == b"":
            break
        if piece is None and monotonic() > until:
            raise TlsSettingsError(f"{path} cannot be read: nobody has written all of it in {_PATIENCE:g} seconds")
        if piece is None:
            time.sleep(_LOOK)
        data += piece or b""
    return data


def _words(error: Exception) -> str:
    return (getattr(error, "reason", None) or "OpenSSL says no more").replace("_", " ").lower()
