"""What is kept of a conversation over TLS holds neither the key of a certificate nor its password."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.address import Address
from core.journal.export.formats import all_formats
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.tls.settings import Tls
from core.workbench import Workbench
from tests.support.certificates import Made, make
from tests.support.story import View

PASSWORD = "correct-horse-battery-staple"
WRONG = "not-the-right-one-either"


def secrets_of(made: Made) -> dict[str, bytes]:
    """By what a leak would show: the passwords, and the key in the forms in which programs write it."""
    pem = made.key_pem().splitlines()
    private = made.key.private_numbers().private_value
    return {
        "the password": PASSWORD.encode(),
        "the wrong password": WRONG.encode(),
        "the key, in PEM": pem[2],
        "the key, in DER": made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())[30:62],
        "its number": private.to_bytes((private.bit_length() + 7) // 8, "big")[:32],
        "its number, in hex": b"%x" % private,
        "its number, in digits": b"%d" % private,
        "a private key": b"PRIVATE KEY",
    }


def leaks(files: dict[str, bytes], secrets: dict[str, bytes]) -> list[str]:
    return [f"{name} has {what}" for name, data in files.items() for what, secret in secrets.items() if secret in data]


def kept_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.case("C-87")
def test_a_journal_its_exports_the_log_and_the_key_log_have_no_key_and_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, logged_errors: list[object]
) -> None:
    caplog.set_level(logging.DEBUG)
    made = make()
    own, kept = tmp_path / "own.p12", tmp_path / "kept"
    own.write_bytes(made.as_pkcs12(PASSWORD))
    kept.mkdir()
    workbench = Workbench(kept / "journal.tincan")
    view = View(workbench)
    try:
        tls = Tls(certificate=own, password=PASSWORD, key_log=kept / "keys.log")
        server = workbench.serve(Address("127.0.0.1", 0), reply="echo", tls=tls)
        port = view.wait_for_state(server, lambda state: bool(state.addresses)).addresses[0].port
        mine = Tls(verify=False, certificate=own, password=PASSWORD, key_log=kept / "my-keys.log")
        client = workbench.connect(Address("127.0.0.1", port), tls=mine)
        view.wait_for_state(client, lambda state: bool(state.connections and state.connections[0].tls))
        workbench.send(client, b"hello")
        view.wait_for_state(client, lambda state: state.bytes_in == 5)
        for wrong in (WRONG, None):
            refused = workbench.serve(Address("127.0.0.1", 0), tls=Tls(certificate=own, password=wrong))
            failed = view.wait_for_state(refused, lambda state: state.failure is not None)
            assert "password" in str(failed.failure)
        repr(tls), repr(mine)
        caplog.messages.append(repr(tls) + repr(mine))
    finally:
        assert workbench.close(20) == []
    for form in all_formats():
        with opens_reading(kept / "journal.tincan", client, Lens())(threading.Event()) as source:
            export(source, kept / f"export{form.ending}.{form.name}", form)

    files = {**kept_in(kept), "the log": "\n".join((caplog.text, *caplog.messages)).encode()}
    assert len(files) >= 4 + len(all_formats())
    assert b"hello" in files["journal.tincan"], "what is looked through is what was kept"
    assert files["keys.log"].startswith(b"# ") or b"TRAFFIC_SECRET" in files["keys.log"]
    assert leaks(files, secrets_of(made)) == []
    logged_errors.clear()


def test_what_is_looked_for_would_be_found() -> None:
    made = make()
    everything = made.key_pem() + made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    found = leaks({"a file": everything + PASSWORD.encode()}, secrets_of(made))

    assert {"a file has the password", "a file has the key, in PEM", "a file has the key, in DER"} <= set(found)
    assert {"a file has a private key", "a file has its number"} <= set(found)
