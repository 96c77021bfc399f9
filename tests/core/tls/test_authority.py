"""Tincan's own authority: made once, kept for its owner alone, and good for who trusts its certificate."""

from __future__ import annotations

import hashlib
import ssl
import stat
import sys
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import TlsSettingsError
from core.tls.authority import Authority, own_names

HOSTS = ("localhost", "127.0.0.1", "::1", "fe80::1%eth0", "bücher.example")


def issued(authority: Authority) -> x509.Certificate:
    return authority.issue(HOSTS)._chain[0]


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    assert authority.certificate == b""
    assert authority.fingerprint == ""
    assert list(tmp_path.iterdir()) == []


def test_it_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "authority"
    made = Authority(folder).make()
    assert Authority(folder).make() == made == Authority(folder).certificate
    assert b"PRIVATE KEY" not in made
    assert made.count(b"BEGIN CERTIFICATE") == 1
    assert Authority(folder).fingerprint == hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.decode())).hexdigest()
    (file,) = folder.iterdir()
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        file.chmod(0o644)
        Authority(folder).issue(HOSTS)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_it_issues_is_for_all_these_hosts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = issued(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "xn--bcher-kva.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "fe80::1"]
    days = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    assert days <= 398  # more than that no browser takes
    assert certificate.serial_number != issued(authority).serial_number


def test_python_at_its_strictest_believes_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = tmp_path / "issued.pem"
    file.write_bytes(authority.issue(HOSTS).as_pem("secret"))
    server.load_cert_chain(file, password="secret")
    client = ssl.create_default_context(cadata=authority.certificate.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(one, other, server_hostname="localhost")
    theirs = server.wrap_bio(other, one, server_side=True)
    for _ in range(4):
        for end in (ours, theirs):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ours.getpeercert()


@pytest.mark.parametrize("spoilt", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_spoilt_is_set_aside(spoilt: bytes, tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_bytes(spoilt)
    if sys.platform != "win32":
        (tmp_path / "authority.pem").chmod(0o600)
    authority = Authority(tmp_path)
    assert isinstance(authority.fingerprint, str)
    assert b"BEGIN CERTIFICATE" in authority.make()
    assert (tmp_path / "authority.pem.bad").read_bytes() == spoilt


def test_a_key_that_belongs_to_another_is_not_used(tmp_path: Path) -> None:
    one, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    foreign = other.make()
    one.make()
    file = tmp_path / "one" / "authority.pem"
    key = file.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
    file.write_bytes(key + foreign)
    assert one.make() != foreign


def test_those_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(Authority(tmp_path).make())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["authority.pem"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TlsSettingsError, match="authority cannot be kept in"):
        Authority(tmp_path / "file" / "authority").make()


def test_this_machine_has_a_name() -> None:
    assert own_names()[0] == "localhost"
    assert all(name.isascii() or name.encode("idna") for name in own_names())  # as it stands in a certificate


def test_the_certificate_is_der_underneath(tmp_path: Path) -> None:
    pem = Authority(tmp_path).make()
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.PEM) == pem
