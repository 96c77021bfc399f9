"""The files that are named for TLS: read, or refused in words before anything is listened on or dialled."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.errors import TlsPasswordError, TlsSettingsError
from core.tls.contexts import make_context, read_own
from core.tls.settings import ClientCertificates, LowestVersion, Tls
from tests.support.certificates import Made, make, make_authority
from tests.support.sink import PATIENCE
from tests.support.systems import only_posix


@pytest.fixture(scope="module")
def own() -> Made:
    return make()


def served(folder: Path, **changes: object) -> Tls:
    return Tls(authority=folder / "made", **changes)  # type: ignore[arg-type]


def test_a_certificate_comes_in_one_file_or_two_or_as_pkcs12(own: Made, tmp_path: Path) -> None:
    certificate, key = own.write(tmp_path)
    both, packed, locked = tmp_path / "both.pem", tmp_path / "own.p12", tmp_path / "locked.pem"
    both.write_bytes(own.key_pem() + own.pem)
    packed.write_bytes(own.as_pkcs12("secret"))
    locked.write_bytes(own.pem + own.key_pem("secret"))
    for tls in (
        served(tmp_path, certificate=certificate, key=key),
        served(tmp_path, certificate=both),
        served(tmp_path, certificate=packed, password="secret"),
        served(tmp_path, certificate=locked, password="secret"),
        served(tmp_path, certificate=both, password="for nothing"),
    ):
        context = make_context(tls, is_server=True)
        assert context.own_name == "localhost"
        assert context.is_server


@only_posix("Windows has no pipes in folders")
def test_a_file_may_be_a_pipe_which_nobody_waits_for(own: Made, tmp_path: Path) -> None:
    pipe, log = tmp_path / "pipe", tmp_path / "log"
    for path in (pipe, log):
        os.mkfifo(path)  # type: ignore[attr-defined,unused-ignore]
    with pytest.raises(TlsSettingsError, match="no certificate"):
        read_own(served(tmp_path, certificate=pipe))
    with pytest.raises(TlsSettingsError, match=r"secrets cannot be written to .*ENXIO"):
        make_context(served(tmp_path, key_log=log), is_server=False)

    reader, writer = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), os.open(pipe, os.O_WRONLY)  # type: ignore[attr-defined,unused-ignore]
    os.write(writer, own.pem)

    def go_on() -> None:
        os.write(writer, own.key_pem())
        os.close(writer)

    goes_on = threading.Thread(target=go_on)
    goes_on.start()
    assert read_own(served(tmp_path, certificate=pipe)).name == "localhost"
    goes_on.join(PATIENCE)
    os.close(reader)


@pytest.mark.parametrize("kind", ["pkcs12", "pem"])
@pytest.mark.parametrize(("password", "words"), [("", "needs a password"), ("wrong", "the password for .* is wrong")])
def test_a_password_that_is_missing_or_wrong_is_asked_for(
    kind: str, password: str, words: str, own: Made, tmp_path: Path
) -> None:
    file = tmp_path / "own"
    file.write_bytes(own.as_pkcs12("secret") if kind == "pkcs12" else own.pem + own.key_pem("secret"))
    with pytest.raises(TlsPasswordError, match=words):
        read_own(served(tmp_path, certificate=file, password=password))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no certificate|no private key"),
        (b"rubbish", "no certificate|no private key"),
        (b"\x30\x82rubbish", "no certificate that can be read"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate that can be read"),
    ],
)
def test_what_is_no_certificate_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    file.write_bytes(content)
    with pytest.raises(TlsSettingsError, match=words):
        make_context(served(tmp_path, certificate=file), is_server=True)


@only_posix("Windows has no pipes in folders")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(own: Made, tmp_path: Path) -> None:
    certificate, _key = own.write(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for tls in (served(tmp_path, certificate=pipe), served(tmp_path, certificate=certificate, key=pipe)):
        with pytest.raises(TlsSettingsError, match=r"no certificate|no private key"):
            make_context(tls, is_server=True)
    with pytest.raises(TlsSettingsError, match="no certificates that can be read"):
        make_context(served(tmp_path, ca=pipe), is_server=False)


@only_posix("Windows has no pipes in folders")
def test_a_pipe_is_read_to_its_end_and_not_for_ever(own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = own.write(tmp_path)
    pipe, secret = tmp_path / "pipe", key.read_bytes()
    os.mkfifo(pipe)
    named = served(tmp_path, certificate=certificate, key=pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(reader), pipe.open("wb", buffering=0) as writer:  # as the shell has it of <(pass show key)
        writer.write(secret[:100])
        monkeypatch.setattr("core.tls.contexts._PATIENCE", 0.1)
        with pytest.raises(TlsSettingsError, match="nobody has written all of it"):
            read_own(named)

        def go_on(_seconds: float) -> None:
            writer.write(secret)
            writer.close()

        monkeypatch.setattr("core.tls.contexts.time.sleep", go_on)
        assert read_own(named).name == "localhost"


def test_a_key_that_is_missing_foreign_or_spoilt_is_named(own: Made, tmp_path: Path) -> None:
    certificate, _key = own.write(tmp_path)
    _other, foreign = make().write(tmp_path, "other")
    spoilt = tmp_path / "spoilt.key"
    spoilt.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    of_another_kind = tmp_path / "ed25519.key"
    of_another_kind.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for key, words in (
        (None, "own.pem has no private key with it"),
        (certificate, "own.pem has no private key that can be read"),
        (foreign, "the key does not belong to the certificate"),
        (of_another_kind, "the key does not belong to the certificate"),
        (spoilt, "spoilt.key cannot be read"),
    ):
        with pytest.raises(TlsSettingsError, match=words):
            make_context(served(tmp_path, certificate=certificate, key=key), is_server=True)


def test_a_password_is_asked_for_the_file_that_has_the_key(own: Made, tmp_path: Path) -> None:
    certificate, key = own.write(tmp_path)
    key.write_bytes(own.key_pem("secret"))
    with pytest.raises(TlsPasswordError, match=r"own\.key needs a password"):
        read_own(served(tmp_path, certificate=certificate, key=key))


def test_a_key_that_is_named_counts_before_the_one_of_a_pkcs12_file(own: Made, tmp_path: Path) -> None:
    _certificate, key = own.write(tmp_path)
    _other, foreign = make().write(tmp_path, "other")
    file = tmp_path / "own.p12"
    file.write_bytes(own.as_pkcs12(""))
    assert make_context(served(tmp_path, certificate=file, key=key), is_server=True).own_name == "localhost"
    with pytest.raises(TlsSettingsError, match="the key does not belong to the certificate"):
        make_context(served(tmp_path, certificate=file, key=foreign), is_server=True)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("EE_KEY_TOO_SMALL", "its key is too short to be safe"),
        ("NO_CERTIFICATE_ASSIGNED", "its key is of a kind that cannot be used here"),
        ("BAD_WEATHER", "bad weather"),
    ],
)
def test_why_openssl_does_not_take_a_key_is_said_in_words(
    reason: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: Made
) -> None:
    certificate, key = own.write(tmp_path)
    refused = ssl.SSLError(f"[SSL: {reason}]")
    refused.reason = reason

    def refuse(*_arguments: object, **_named: object) -> None:
        raise refused

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", refuse)
    with pytest.raises(TlsSettingsError, match=f"own.key cannot be used: {words}"):
        make_context(served(tmp_path, certificate=certificate, key=key), is_server=True)


def test_no_key_is_left_in_a_file(own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL takes a key from a file alone: it is encrypted there, and gone afterwards."""
    seen: list[bytes] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, name: str, password: str) -> None:
        seen.append(Path(name).read_bytes())
        load(context, name, password=password)

    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    make_context(served(tmp_path), is_server=True, hosts=("localhost",))
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in seen[0]
    assert list(temporary.iterdir()) == []


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, content in (("empty.pem", b""), ("rubbish.pem", b"rubbish"), ("cut.cer", b"\x30\x82")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TlsSettingsError, match=f"{name} has no certificates"):
            make_context(served(tmp_path, ca=tmp_path / name), is_server=False)
    with pytest.raises(TlsSettingsError, match="cannot be read"):
        make_context(served(tmp_path, ca=tmp_path), is_server=False)
    (tmp_path / "large.pem").write_bytes(bytes(1024 * 1024 + 1))
    with pytest.raises(TlsSettingsError, match="larger than any file"):
        make_context(served(tmp_path, ca=tmp_path / "large.pem"), is_server=False)


def test_authorities_may_be_der_as_windows_exports_them(tmp_path: Path) -> None:
    pem, _ = make_authority().write(tmp_path, "ca")
    (tmp_path / "ca.cer").write_bytes(ssl.PEM_cert_to_DER_cert(pem.read_text("ascii")))
    known = [make_context(served(tmp_path, ca=file), is_server=False).ssl for file in (pem, tmp_path / "ca.cer")]

    assert known[1].get_ca_certs(binary_form=True) == known[0].get_ca_certs(binary_form=True) != []


def test_a_client_verifies_unless_it_is_told_not_to(own: Made, tmp_path: Path) -> None:
    context = make_context(served(tmp_path), is_server=False).ssl
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    for tls in (served(tmp_path, verify=False), served(tmp_path, pin=own.fingerprint)):
        context = make_context(tls, is_server=False).ssl
        assert context.verify_mode is ssl.CERT_NONE


def test_a_server_asks_for_certificates_as_it_was_told(tmp_path: Path) -> None:
    ca, _ = make_authority().write(tmp_path, "ca")
    for wanted, mode in (
        (ClientCertificates.NONE, ssl.CERT_NONE),
        (ClientCertificates.ASK, ssl.CERT_OPTIONAL),
        (ClientCertificates.REQUIRE, ssl.CERT_REQUIRED),
    ):
        tls = served(tmp_path, ca=ca, client_certificates=wanted)
        assert make_context(tls, is_server=True, hosts=("localhost",)).ssl.verify_mode is mode


def test_only_tls_1_3_is_only_tls_1_3(tmp_path: Path) -> None:
    context = make_context(served(tmp_path, lowest=LowestVersion.TLS_1_3), is_server=False).ssl
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_secrets_go_to_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "keys"
    assert make_context(served(tmp_path, key_log=log), is_server=False).ssl.keylog_filename == str(log)
    if sys.platform != "win32":
        assert log.stat().st_mode & 0o777 == 0o600
    assert make_context(served(tmp_path), is_server=False).ssl.keylog_filename is None
    with pytest.raises(TlsSettingsError, match="the secrets cannot be written to"):
        make_context(served(tmp_path, key_log=tmp_path), is_server=False)
