"""Errands of somebody who serves, connects and looks around with TLS, by the keyboard alone."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.gui.stories.person import Person
from tests.support.certificates import make
from tests.support.peers import Host
from tests.support.tls_peers import TlsPeer, server_context


def test_both_ends_of_one_window_talk_over_tls(person: Person) -> None:
    person.press("<Control-l>", "<Tab>")
    person.write("0")
    person.press("<Control-Shift-l>")
    person.sees("TLS on")
    person.press("<F5>")
    person.sees("Stop server", "listening on 127.0.0.1:")
    person.press("<F6>")
    person.sees('TLS 1.3, TLS_AES_256_GCM_SHA384, "127.0.0.1" proved by Tincan\'s own authority', "type the message")
    person.say("hello")
    person.press("<Control-Shift-l>")
    person.sees("TLS off")


def test_a_certificate_that_signs_itself_is_looked_at_and_trusted_by_the_keyboard(
    person: Person, tmp_path: Path
) -> None:
    own = make("somebody.test")
    with Host() as host:
        person.press("<Control-l>")
        person.write(f"tls://127.0.0.1:{host.address.port}")
        person.press("<F6>")
        context = server_context(own, tmp_path)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            TlsPeer.welcomes(host, context)
        person.sees("is signed by itself, so nobody vouches for it", "Trust this certificate for this host")
        person.push("Trust this certificate for this host")
        with TlsPeer.welcomes(host, context) as peer:
            person.sees("known by the fingerprint of its certificate")
            person.say("now I know you")
            assert peer.hear(14) == b"now I know you"
