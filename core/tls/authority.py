"""Tincan's own authority: makes certificates for servers on this machine, so that TLS can be tried at once.

It is one file in the settings folder, its key and its certificate, for its owner alone. It is made when it is first
needed, and whoever is to believe its certificates is given the certificate, never the key.
"""

from __future__ import annotations

import base64
import datetime
import getpass
import hashlib
import ipaddress
import os
import platform
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import TlsSettingsError, reason
from core.files import make_own_folder, read_kept, set_aside
from core.tls.certificates import Issued

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

NAME = "Tincan's own authority"

_FILE = "authority.pem"
_LARGEST = 64 * 1024  # bytes
_AUTHORITY_DAYS, _DAYS = 3650, 397  # the second is the most that browsers take
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Authority:
    """The authority that is kept in a folder. Nothing is made before ``issue`` or ``make``. Not shared."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    @property
    def certificate(self) -> bytes:
        """Its certificate as PEM, for those who are to trust it; nothing if there is no authority yet."""
        try:
            text = read_kept(self._path, _LARGEST)
        except (OSError, ValueError):
            return b""
        begin, end = text.find(_BEGIN), text.find(_END)
        return (text[begin : end + len(_END)] + "\n").encode() if 0 <= begin < end else b""

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its certificate, in hexadecimal; empty if there is no authority yet."""
        lines = self.certificate.split(b"\n")[1:-2]
        try:
            return hashlib.sha256(base64.b64decode(b"".join(lines))).hexdigest() if lines else ""
        except ValueError:
            return ""

    def make(self) -> bytes:
        """Make it, if it is not there; its certificate as PEM. Raises ``TlsSettingsError``."""
        self._ensure()
        return self.certificate

    def issue(self, hosts: Iterable[str]) -> Issued:
        """Make a certificate, and a key for it, for these hosts and addresses. Raises ``TlsSettingsError``."""
        from cryptography.hazmat.primitives.asymmetric import ec

        certificate, key = self._ensure()
        own = ec.generate_private_key(ec.SECP256R1())
        return Issued((_server_certificate(hosts, own, certificate, key), certificate), own)

    def _ensure(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            if self._path.exists() and (found := self._read()) is not None:
                return found
            make_own_folder(self._path.parent)
            self._write(_new_authority())
            found = self._read()
        except OSError as error:
            raise TlsSettingsError(f"Tincan's own authority cannot be kept in {self._path}: {reason(error)}") from error
        if found is None:
            raise TlsSettingsError(f"Tincan's own authority in {self._path} cannot be read")
        return found

    def _read(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        """What is kept; None if it is no longer good, which is set aside."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if sys.platform != "win32" and self._path.stat().st_mode & 0o077:
            self._path.chmod(0o600)
        try:
            pem = read_kept(self._path, _LARGEST).encode()
            certificate, key = x509.load_pem_x509_certificate(pem), load_pem_private_key(pem, None)
            is_good = certificate.not_valid_after_utc > _now() + datetime.timedelta(days=_DAYS)
            if isinstance(key, ec.EllipticCurvePrivateKey) and is_good and certificate.public_key() == key.public_key():
                return certificate, key
        except (ValueError, TypeError):
            pass
        set_aside(self._path)
        return None

    def _write(self, text: bytes) -> None:
        """Keep it, unless another Tincan was faster: then its is the one."""
        descriptor, name = tempfile.mkstemp(prefix=_FILE, suffix=".new", dir=self._path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(name, self._path)
            except FileExistsError:
                return
            except OSError:  # a file system without links
                Path(name).replace(self._path)
        finally:
            Path(name).unlink(missing_ok=True)


def own_names() -> tuple[str, ...]:
    """The names by which this machine calls itself."""
    name = platform.node()
    return tuple(dict.fromkeys(filter(None, ("localhost", name, f"{name}.local" if "." not in name else ""))))


def _new_authority() -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [
        x509.NameAttribute(NameOID.COMMON_NAME, NAME),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, _whose()[:64]),
    ]
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    subject = x509.Name(attributes)
    certificate = (
        _begun(subject, subject, key, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _server_certificate(
    hosts: Iterable[str],
    own: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = [_general_name(host) for host in dict.fromkeys(hosts)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value)[:64])])
    issuer_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _begun(subject, authority.subject, own, _DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        .sign(key, hashes.SHA256())
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    from cryptography import x509

    begins = _now() - datetime.timedelta(days=1)  # the clock of whoever verifies it may be late
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _general_name(host: str) -> x509.DNSName | x509.IPAddress:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode("ascii") if not host.isascii() else host)


def _whose() -> str:
    """Whose authority it is: its certificate may come to lie beside others of its kind."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user whom the system does not know
        user = "somebody"
    return f"{user} on {platform.node()}"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
