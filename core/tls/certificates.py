"""Certificates as a person reads them, and as one has them in files with their keys: PEM or PKCS#12.

Needs the package ``cryptography``, which whoever starts TLS has imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import TlsPasswordError, TlsSettingsError, printable
from core.tls.facts import Certificate, day

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_LONGEST_NAME = 256  # characters
_MOST_NAMES = 100
_PEM = b"-----BEGIN "
_DER = b"\x30"  # how it begins, of certificates and of PKCS#12: the tag of a SEQUENCE


def is_der(data: bytes) -> bool:
    """Whether it may be DER, and is no PEM."""
    return _PEM not in data and data.startswith(_DER)


def describe_chain(chain: Sequence[bytes], now: float) -> tuple[Certificate, ...]:
    """Each certificate of a chain, given as DER, with what is wrong with it at the moment ``now`` (s since 1970)."""
    return tuple(describe(der, now) for der in chain)


def describe(der: bytes, now: float) -> Certificate:
    """One certificate. Of what cannot be read, everything but the fingerprint is empty."""
    from cryptography import x509

    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        found = x509.load_der_x509_certificate(der)
        subject, issuer = found.subject, found.issuer
        names = _names(found)
        begins = int(found.not_valid_before_utc.timestamp())
        ends = int(found.not_valid_after_utc.timestamp())
        name = _common_name(subject) or (names[0] if names else _clean(subject.rfc4514_string()))
        return Certificate(
            subject=_clean(subject.rfc4514_string()),
            issuer=_clean(issuer.rfc4514_string()),
            name=name,
            issuer_name=_common_name(issuer) or _clean(issuer.rfc4514_string()),
            names=names,
            begins=begins,
            ends=ends,
            key=_key(found),
            fingerprint=fingerprint,
            remark=_remark(begins, ends, now, is_own=subject == issuer),
        )
    except (ValueError, TypeError, Warning):  # a warning, where they are errors: it means a certificate that is none
        return Certificate("", "", "a certificate that cannot be read", "", (), 0, 0, "", fingerprint, "cannot be read")


def load_reader() -> None:
    """Import now what reads certificates: that takes longer than a handshake. Raises ``TlsSettingsError``."""
    try:
        import cryptography.hazmat.primitives.asymmetric.rsa
        import cryptography.x509  # noqa: F401
    except ImportError as error:
        raise TlsSettingsError(
            "TLS needs the package cryptography, which this Python does not have: pip install cryptography"
        ) from error


def _remark(begins: int, ends: int, now: float, *, is_own: bool) -> str:
    if now > ends:
        return f"expired on {day(ends)}"
    if now < begins:
        return f"not valid before {day(begins)}"
    return "signed by itself" if is_own else ""


def _common_name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return _clean(str(found[0].value)) if found else ""


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The hosts and addresses that it is for, in the order in which it has them."""
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    of_interest = (one for one in found if isinstance(one, x509.DNSName | x509.IPAddress | x509.RFC822Name))
    return tuple(_clean(str(one.value)) for one in of_interest)[:_MOST_NAMES]


def _key(certificate: x509.Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return ""
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size:,} bits"
        case ec.EllipticCurvePublicKey():
            return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size:,} bits"
        case _:
            return type(key).__name__.removesuffix("PublicKey")


_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def _clean(text: str) -> str:
    """What a certificate says, printable and not too long."""
    shown = printable(text[:_LONGEST_NAME])
    return shown if len(text) <= _LONGEST_NAME else shown + "…"


class Issued:
    """A certificate with its chain and its key, which stays in memory. ``name`` is whom it is for."""

    def __init__(self, chain: Sequence[x509.Certificate], key: PrivateKeyTypes) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        self._chain = chain
        self._key = key
        self.name = describe(chain[0].public_bytes(Encoding.DER), 0).name

    @property
    def fits(self) -> bool:
        """Whether the key is that of the certificate. OpenSSL does not say so of keys of two kinds."""
        from cryptography.exceptions import UnsupportedAlgorithm

        try:
            return bool(self._chain[0].public_key() == self._key.public_key())
        except UnsupportedAlgorithm:  # a kind that OpenSSL may know
            return True

    def as_pem(self, password: str) -> bytes:
        """All of it in one text, the key encrypted."""
        from cryptography.hazmat.primitives import serialization

        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        return key + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self._chain)


def read_certificate_and_key(
    data: bytes, key: bytes | None, password: str | None, where: str, key_where: str
) -> Issued:
    """Read a certificate, with its chain, out of ``data``, and its key out of ``key``, or else out of ``data`` as well.

    Raises ``TlsPasswordError`` if a password is missing or wrong, ``TlsSettingsError`` for anything else.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    secret = password.encode(errors="surrogateescape") if password else None  # the environment's may be no UTF-8
    try:
        if is_der(data):
            return _read_pkcs12(data, key, secret, where, key_where)
        chain = x509.load_pem_x509_certificates(data)
        return Issued(chain, _read_key(data if key is None else key, secret, key_where, is_named=key is not None))
    except (ValueError, UnsupportedAlgorithm) as error:
        if isinstance(error, TlsSettingsError):
            raise
        raise TlsSettingsError(
            f"{where} has no certificate that can be read: PEM or PKCS#12 is what it may be"
        ) from error


def _read_pkcs12(data: bytes, key: bytes | None, secret: bytes | None, where: str, key_where: str) -> Issued:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        own, certificate, more = pkcs12.load_key_and_certificates(data, secret)
    except TypeError as error:  # the password is no UTF-8
        raise _password_error(where, secret) from error
    except ValueError as error:
        if "password" in str(error).lower() or "mac" in str(error).lower():
            raise _password_error(where, secret) from error
        raise
    if key is not None:
        own = _read_key(key, secret, key_where, is_named=True)
    found = certificate or (more[0] if own is not None and more else None)  # without a key, none of them is the first
    if own is None or found is None:
        raise TlsSettingsError(f"{where} has no {'key' if own is None else 'certificate'} in it, and both are needed")
    return Issued((found, *(one for one in more if one is not found)), own)


def _read_key(pem: bytes, secret: bytes | None, where: str, *, is_named: bool) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PRIVATE KEY-----" not in pem:
        if is_named:
            raise TlsSettingsError(f"{where} has no private key that can be read: PEM is what it may be")
        raise TlsSettingsError(f"{where} has no private key with it: name the file that has it, too")
    is_encrypted = b"ENCRYPTED" in pem
    try:
        return load_pem_private_key(pem, secret if is_encrypted else None)
    except TypeError as error:  # encrypted, and there is no password
        raise _password_error(where, secret) from error
    except UnsupportedAlgorithm as error:
        raise TlsSettingsError(f"the private key of {where} is of a kind that cannot be read") from error
    except ValueError as error:
        if is_encrypted:
            raise _password_error(where, secret) from error
        raise TlsSettingsError(f"the private key of {where} cannot be read") from error


def _password_error(where: str, secret: bytes | None) -> TlsPasswordError:
    return TlsPasswordError(
        f"the password for {where} is wrong" if secret else f"{where} needs a password, because its key is encrypted"
    )
