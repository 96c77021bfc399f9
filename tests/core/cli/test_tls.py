"""TLS in the terminal: what is asked for, what is told, and the exit codes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.__main__ import parse
from core.address import Address
from core.cli import arguments as arguments_module
from core.cli import tls as tls_module
from core.cli.options import Options
from core.compose.profiles import Profile, export_profiles
from core.errors import HandshakeError
from core.tls.settings import ClientCertificates, LowestVersion, Tls
from core.wire.starttls import make_starttls
from tests.core.cli.test_terminal import Terminal
from tests.support.certificates import Made, make, make_authority
from tests.support.peers import Host, Peer
from tests.support.sink import PATIENCE
from tests.support.stage import serving
from tests.support.systems import only_posix
from tests.support.tls_peers import TlsPeer, client_context, server_context

PIN = "ab" * 32


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Terminal]:
    monkeypatch.setattr("core.tls.contexts.settings_folder", lambda: tmp_path / "settings")
    made = Terminal(monkeypatch)
    yield made
    made.close()


@pytest.fixture
def authority() -> Made:
    return make_authority()


def asked(arguments: str) -> Tls | None:
    options = parse(arguments.split())
    assert isinstance(options, Options)
    return options.tls


@pytest.mark.parametrize(
    ("arguments", "tls"),
    [
        ("connect h:1", None),
        ("connect h:1 --tls", Tls()),
        ("connect tls://h:1", Tls()),
        ("connect https://h/", Tls()),
        ("connect h:1 --ca ca.pem", Tls(ca=Path("ca.pem"))),
        (f"connect h:1 --pin SHA256:{PIN.upper()}", Tls(pin=PIN)),
        ("connect h:1 --no-verify", Tls(verify=False)),
        (
            "connect h:1 --tls --alpn h2,http/1.1 --tls-min 1.3",
            Tls(alpn=("h2", "http/1.1"), lowest=LowestVersion.TLS_1_3),
        ),
        ("connect h:1 --starttls imap --key-log keys", Tls(starttls="imap", key_log=Path("keys"))),
        ("serve 1 --tls", Tls()),
        ("serve tls://:1", Tls()),
        ("serve 1 --client-cert require --ca ca", Tls(ca=Path("ca"), client_certificates=ClientCertificates.REQUIRE)),
    ],
)
def test_what_is_asked_for_is_understood(arguments: str, tls: Tls | None) -> None:
    assert asked(arguments) == tls


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("connect h:1 --pin abc", "“abc” is not a SHA-256 fingerprint"),
        ("connect h:1 --alpn a,,b", "ALPN"),
        ("connect h:1 --key k", "a key alone proves nothing"),
        (f"connect h:1 --pin {PIN} --no-verify", "a pin is what is verified"),
        ("connect h:1 --starttls pop3", "invalid choice: 'pop3'"),
        ("serve 1 --no-verify", "unrecognized arguments: --no-verify"),
        ("connect h:1 --cert /no/such/file", f"{Path('/no/such/file')} cannot be read"),
        (f"connect h:1 --cert {'a' * 300}", "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(arguments: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments.split())
    assert leaving.value.code == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "serve 1 --journal X --key-log X",
        "serve 1 --cert X --key-log ./X",
        "serve 1 --rules X --key-log X",
        "connect h:1 --ca X --key-log X",
        "connect h:1 --journal X --key-log X-wal",
        "connect h:1 --password-file X --key-log X",
        "tap tls://1 h:1 --client-ca X --key-log X",
        "test X h:1 --key-log X",
        "test other X --junit X",
        "replay X h:1 --key-log X",
        "load X h:1 --key-log X",
    ],
)
def test_secrets_are_written_over_nothing_that_is_read_or_written_as_well(
    arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        parse(arguments.split())
    assert leaving.value.code == 2
    err = capsys.readouterr().err
    assert "is named twice, and would be lost: choose another name" in err
    assert err.count("\n") == 1


@only_posix("Windows has no pipes in folders")
def test_a_certificate_in_a_pipe_is_left_for_the_session_to_read(tmp_path: Path) -> None:
    pipe, own = tmp_path / "pipe", make()
    os.mkfifo(pipe)  # type: ignore[attr-defined,unused-ignore]
    keeps = os.open(pipe, os.O_RDWR)
    try:
        os.write(keeps, own.pem + own.key_pem())
        tls = asked(f"serve 1 --cert {pipe}")
        assert tls == Tls(certificate=pipe)
        assert os.read(keeps, 1 << 16) == own.pem + own.key_pem()
    finally:
        os.close(keeps)


def test_a_password_is_asked_for_or_taken_from_the_environment(
    authority: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.p12"
    file.write_bytes(authority.as_pkcs12("secret"))
    monkeypatch.setattr(tls_module, "is_terminal", lambda _stream: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "secret" if str(file) in prompt else "")
    assert asked(f"serve 1 --cert {file}") == Tls(certificate=file, password="secret")
    monkeypatch.setattr(tls_module, "is_terminal", lambda _stream: False)
    with pytest.raises(SystemExit):
        asked(f"serve 1 --cert {file}")
    assert "needs a password, because its key is encrypted; TINCAN_KEY_PASSWORD" in capsys.readouterr().err
    (tmp_path / "password").write_text("secret\nand more\n", encoding="utf-8")
    with_file = asked(f"serve 1 --cert {file} --password-file {tmp_path / 'password'}")
    assert with_file == Tls(certificate=file, password="secret")
    (tmp_path / "password").write_text("secret\n", encoding="utf-8-sig")  # as some editors of Windows have it
    assert asked(f"serve 1 --cert {file} --password-file {tmp_path / 'password'}") == with_file
    with pytest.raises(SystemExit):
        asked(f"serve 1 --cert {file} --password-file {tmp_path / 'nothing'}")
    assert "nothing cannot be read: " in capsys.readouterr().err
    monkeypatch.setenv("TINCAN_KEY_PASSWORD", "secret")
    assert asked(f"serve 1 --cert {file}") == Tls(certificate=file, password="secret")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (EOFError(), "no password for {whose} was typed"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, ""), "the password for {whose} is no text in the encoding of this"),
    ],
)
@pytest.mark.parametrize("arguments", ["serve 1 --cert {file}", "connect h:1 --proxy socks5://anna@p"])
def test_a_person_may_type_no_password(
    arguments: str,
    error: Exception,
    says: str,
    authority: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def ask(_prompt: str) -> str:
        raise error

    file = tmp_path / "own.p12"
    file.write_bytes(authority.as_pkcs12("secret"))
    for module in (tls_module, arguments_module):
        monkeypatch.setattr(module, "is_terminal", lambda _stream: True)
    monkeypatch.setattr("getpass.getpass", ask)
    with pytest.raises(SystemExit) as leaving:
        parse(arguments.format(file=file).split())
    assert leaving.value.code == 2
    whose = file if "serve" in arguments else "anna at socks5://p:1080"
    assert says.format(whose=whose) in capsys.readouterr().err


@only_posix("the environment of Windows is text")
@pytest.mark.parametrize("kind", ["pkcs12", "pem"])
def test_a_wrong_password_of_the_environment_may_be_any_bytes(
    kind: str, authority: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own"
    file.write_bytes(authority.as_pkcs12("secret") if kind == "pkcs12" else authority.pem + authority.key_pem("secret"))
    monkeypatch.setenv("TINCAN_KEY_PASSWORD", "\udcff")
    with pytest.raises(SystemExit):
        asked(f"serve 1 --cert {file}")
    assert f"the password for {file} is wrong" in capsys.readouterr().err


def test_both_programs_talk_and_say_who_proved_what(terminal: Terminal, tmp_path: Path) -> None:
    with serving("echo", framing="line", tls=Tls(authority=tmp_path / "settings" / "authority")) as (server, _):

        def scene() -> None:
            terminal.types(b"hello\n")
            terminal.out.wait_for("SERVER: hello")
            terminal.ends_input()

        code = terminal.run("connect", f"localhost:{server.addresses[0].port}", "--tls", "--frame", "line", scene=scene)
    assert code == 0
    assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER", "SERVER: hello"]
    assert ', "localhost" proved by Tincan\'s own authority, ' in terminal.err.getvalue()


def test_a_server_of_one_line_speaks_tls(terminal: Terminal) -> None:
    def scene() -> None:
        port = terminal.port()
        with Peer.calls(peer_address(port)) as plain:
            plain.say(b"hello\n")
            plain.hear_all()
        with TlsPeer.greets(peer_address(port), client_context()) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
            peer.part().close()

    assert terminal.run("serve", "127.0.0.1:0", "--tls", "--once", "--reply", "echo", scene=scene) == 0
    assert terminal.out.lines == ["SERVER CONNECTED TO CLIENT", "CLIENT MESSAGE: hello"]
    told = terminal.err.getvalue()
    assert "#1 closed: the client speaks plain text and no TLS" in told
    assert "#2: TLS 1.3, TLS_AES_256_GCM_SHA384" in told


def peer_address(port: int) -> Address:
    return Address("127.0.0.1", port)


@pytest.mark.case("C-73")
def test_a_server_that_is_not_believed_is_told_once_and_is_exit_code_1(
    terminal: Terminal, tmp_path: Path, authority: Made
) -> None:
    certificate, key = make(by=authority).write(tmp_path)
    with serving("letter", tls=Tls(certificate=certificate, key=key)) as (server, _):
        code = terminal.run("connect", str(server.addresses[0]), "--tls")
    assert code == 1
    assert terminal.out.lines == []
    told = terminal.err.getvalue()
    assert told.count("is from “A test's authority”, which nothing here trusts") == 1
    assert "--ca" in told


@contextmanager
def answering(own: Made, folder: Path, name: str, answers: list[tuple[bytes, bytes]]) -> Iterator[Host]:
    """A server that says what it must before TLS, and an echo after it."""
    context = server_context(own, folder)

    def serve(host: Host) -> None:
        with host.accept(Peer) as plain:
            for wanted, answer in answers:
                assert plain.hear(len(wanted)) == wanted
                plain.say(answer)
            with TlsPeer(context.wrap_socket(plain.sock, server_side=True)) as peer:
                while data := peer.sock.recv(100):
                    peer.say(data)
                peer.part().close()

    with Host() as host:
        thread = threading.Thread(target=serve, args=(host,))
        thread.start()
        yield host
        thread.join(PATIENCE)


@pytest.mark.parametrize("name", ["smtp", "imap", "postgres", "ldap"])
def test_tls_begins_as_the_protocol_has_it(name: str, terminal: Terminal, authority: Made, tmp_path: Path) -> None:
    begin = make_starttls(name).begin()
    answers = {
        "smtp": [
            (b"", b"220-TLS 1.3\r\n220 hi\r\n"),
            (b"EHLO tincan\r\n", b"250 STARTTLS\r\n"),
            (b"STARTTLS\r\n", b"220 go\r\n"),
        ],
        "imap": [(b"", b"* OK hi\r\n"), (b"t1 STARTTLS\r\n", b"t1 OK go\r\n")],
        "postgres": [(begin, b"S")],
        "ldap": [(begin, bytes.fromhex("300c02010178070a010004000400"))],
    }[name]
    ca, _ = authority.write(tmp_path, "ca")
    with answering(make(by=authority), tmp_path, name, answers) as host:

        def scene() -> None:
            terminal.types(b"protected\n")
            terminal.out.wait_for("SERVER: protected")
            terminal.ends_input()

        target = f"localhost:{host.address.port}"
        assert terminal.run("connect", target, "--starttls", name, "--ca", str(ca), "--frame", "line", scene=scene) == 0
    assert terminal.out.lines == ["CLIENT CONNECTED TO SERVER", "SERVER: protected"]
    told = terminal.err.lines[: terminal.err.lines.index("TLS begins here, and we are its client")]
    assert told
    assert all(line.startswith("in the clear: ") for line in told)
    assert "TLS begins here, and we are its client" in terminal.err.getvalue()


def test_what_comes_behind_the_answer_is_an_injection(terminal: Terminal) -> None:
    with Host() as host:

        def scene() -> None:
            with host.accept(Peer) as peer:
                peer.say(b"220 hi\r\n")
                peer.hear(13)
                peer.say(b"250 STARTTLS\r\n")
                peer.hear(10)
                peer.say(b"220 go\r\n250 injected\r\n")
                peer.hear_all()

        assert terminal.run("connect", str(host.address), "--starttls", "smtp", scene=scene) == 1
    told = terminal.err.getvalue()
    assert "14 bytes from the server came too early, in the clear, and count for nothing: “250 injected" in told
    assert "CVE-2011-0411" in told
    assert terminal.out.lines == []


def test_a_refusal_is_the_servers_own_words(terminal: Terminal) -> None:
    with pytest.raises(HandshakeError, match="refuses"):
        make_starttls("smtp").feed(b"554 go away\r\n")
    with Host() as host:

        def scene() -> None:
            with host.accept(Peer) as peer:
                peer.say(b"554 go away\r\n")
                peer.hear_all()

        assert terminal.run("connect", str(host.address), "--starttls", "smtp", scene=scene) == 1
    assert "because the SMTP server refuses: “554 go away”" in terminal.err.getvalue()


def test_a_profile_that_says_so_speaks_tls(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    export_profiles(path, [Profile("meter", tls=True), Profile("plain")])

    assert asked(f"connect h:1 --profile meter --profiles {path}") == Tls()
    assert asked(f"connect h:1 --profile plain --profiles {path}") is None
