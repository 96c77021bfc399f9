"""What can be asked for of TLS, and what makes no sense."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from core.errors import Fault, TlsSettingsError
from core.tls.settings import ClientCertificates, LowestVersion, Tls, parse_pin, parse_protocols

DIGITS = "00112233445566778899aabbccddeeff" * 2


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        DIGITS.upper(),
        f"SHA256:{DIGITS}",
        ":".join(DIGITS[place : place + 2] for place in range(0, 64, 2)),
        f" {DIGITS[:32]} {DIGITS[32:]}\n",
    ],
)
def test_a_fingerprint_is_read_however_it_is_written(text: str) -> None:
    assert parse_pin(text) == DIGITS
    assert Tls(pin=text).pin == DIGITS


@pytest.mark.parametrize("text", ["", "00", DIGITS + "0", "x" * 64, DIGITS[:-1] + "é"])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(TlsSettingsError, match="64 hexadecimal digits") as caught:
        parse_pin(text)
    assert caught.value.fault is Fault.PERSON


def test_protocols_are_a_list_without_doubles() -> None:
    assert parse_protocols("h2, http/1.1,h2") == ("h2", "http/1.1")
    for text in ("", "a,,b", "ü", "x" * 256, "a\tb"):
        with pytest.raises(TlsSettingsError, match="ALPN"):
            parse_protocols(text)


def test_one_text_is_no_list_of_protocols() -> None:
    with pytest.raises(TypeError, match=r"^alpn has to be tuple or list, and this is str$"):
        Tls(alpn="h2")  # type: ignore[arg-type]


def test_a_version_and_a_wish_for_certificates_may_be_text() -> None:
    tls = Tls(lowest="1.3", client_certificates="require")  # type: ignore[arg-type]
    assert (tls.lowest, tls.client_certificates) == (LowestVersion.TLS_1_3, ClientCertificates.REQUIRE)
    with pytest.raises(ValueError, match=r"1\.4"):
        Tls(lowest="1.4")  # type: ignore[arg-type]


def test_what_makes_no_sense_together_is_refused_at_once() -> None:
    with pytest.raises(TlsSettingsError, match="name its certificate"):
        Tls(key=Path("k"))
    with pytest.raises(TlsSettingsError, match="is none of smtp, imap, postgres, ldap"):
        Tls(starttls="pop3")
    with pytest.raises(TlsSettingsError, match="a pin is what is verified"):
        Tls(pin=DIGITS, verify=False)


@pytest.mark.parametrize("name", [".example", "a\0b", "ä" * 70, "a b"])
def test_a_name_that_no_server_can_have_is_refused_at_once(name: str) -> None:
    with pytest.raises(TlsSettingsError, match="the name of the server: "):
        Tls(server_name=name)


def test_it_is_a_value_that_shows_no_secret() -> None:
    tls = Tls(certificate=Path("c"), password="open sesame")
    assert "sesame" not in repr(tls)
    assert tls == Tls(certificate=Path("c"), password="open sesame")
    with pytest.raises(FrozenInstanceError):
        tls.verify = False  # type: ignore[misc]
