"""A certificate and its key as a person has them in files: PEM or PKCS#12, with a password or without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import TlsPasswordError, TlsSettingsError
from core.tls.certificates import describe

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_PEM = b"-----BEGIN "
_DER = b"\x30"  # how PKCS#12 begins


class Issued:
    """A certificate with its chain and its key, which stays in memory. ``name`` is whom it is for."""

    def __init__(self, chain: Sequence[x509.Certificate], key: PrivateKeyTypes) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        self._chain = chain
        self._key = key
        self.name = describe(chain[0].public_bytes(Encoding.DER), 0).name

    def as_pem(self, password: str) -> bytes:
        """All of it in one text, the key encrypted."""
        from cryptography.hazmat.primitives import serialization

        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        return key + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self._chain)


def read_certificate_and_key(data: bytes, key: bytes, password: str | None, where: str) -> Issued:
    """Read a certificate, with its chain, out of ``data``, and its key out of ``key``, which may be the same.

    Raises ``TlsPasswordError`` if a password is missing or wrong, ``TlsSettingsError`` for anything else.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    secret = password.encode() if password else None
    try:
        if _PEM not in data and data.startswith(_DER):
            return _read_pkcs12(data, secret, where)
        chain = x509.load_pem_x509_certificates(data)
        return Issued(chain, _read_key(key, secret, where))
    except (ValueError, UnsupportedAlgorithm) as error:
        if isinstance(error, TlsSettingsError):
            raise
        raise TlsSettingsError(
            f"{where} has no certificate that can be read: PEM or PKCS#12 is what it may be"
        ) from error


def _read_pkcs12(data: bytes, secret: bytes | None, where: str) -> Issued:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        key, certificate, more = pkcs12.load_key_and_certificates(data, secret)
    except ValueError as error:
        if "password" in str(error).lower() or "mac" in str(error).lower():
            raise _password_error(where, secret) from error
        raise
    if key is None or certificate is None:
        raise TlsSettingsError(f"{where} has no {'key' if key is None else 'certificate'} in it, and both are needed")
    return Issued((certificate, *more), key)


def _read_key(pem: bytes, secret: bytes | None, where: str) -> PrivateKeyTypes:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PRIVATE KEY-----" not in pem:
        raise TlsSettingsError(f"{where} has no private key with it: name the file that has it, too")
    is_encrypted = b"ENCRYPTED" in pem
    try:
        return load_pem_private_key(pem, secret if is_encrypted else None)
    except TypeError as error:  # encrypted, and there is no password
        raise _password_error(where, secret) from error
    except ValueError as error:
        if is_encrypted:
            raise _password_error(where, secret) from error
        raise TlsSettingsError(f"the private key of {where} cannot be read") from error


def _password_error(where: str, secret: bytes | None) -> TlsPasswordError:
    return TlsPasswordError(
        f"the password for {where} is wrong" if secret else f"{where} needs a password, because its key is encrypted"
    )
