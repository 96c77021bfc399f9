"""How TLS is asked for on a command line."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from core.address import Destination
from core.cli.arguments import argument, named_file, own_file
from core.cli.common import ask_password, is_terminal
from core.errors import TlsPasswordError, TlsSettingsError, reason
from core.tls.settings import STARTTLS, ClientCertificates, LowestVersion, Tls, parse_pin, parse_protocols

PASSWORD = "TINCAN_KEY_PASSWORD"  # noqa: S105 - the variable's name; who starts a service has nobody to ask

_OPTIONS = (
    "ca",
    "cert",
    "key",
    "password_file",
    "pin",
    "no_verify",
    "alpn",
    "lowest",
    "key_log",
    "starttls",
    "client_certs",
)


def add_tls(parser: argparse.ArgumentParser, *, is_server: bool) -> None:
    """Take ``--tls`` and what belongs to it, which means ``--tls`` as well."""
    parser.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS, with a certificate of Tincan's own authority unless --cert names another"
        if is_server
        else "speak TLS and verify the server; tls:// before the host does the same",
    )
    whom = "clients" if is_server else "the server"
    parser.add_argument(
        "--ca", type=named_file, metavar="FILE", help=f"who may vouch for {whom}: certificates in PEM or DER"
    )
    parser.add_argument(
        "--cert", type=named_file, metavar="FILE", help="show this certificate: PEM, or PKCS#12 with its key"
    )
    parser.add_argument(
        "--key", type=named_file, metavar="FILE", help="the key of the certificate, if it has its own file"
    )
    _add_any_tls(parser)
    if is_server:
        parser.add_argument(
            "--client-cert", dest="client_certs", choices=["ask", "require"], help="want one of clients"
        )
        parser.set_defaults(pin=None, no_verify=False, starttls=None)
        return
    parser.add_argument(
        "--pin",
        type=argument(parse_pin),
        metavar="SHA256",
        help="believe the certificate with this fingerprint, and no other",
    )
    parser.add_argument("--no-verify", action="store_true", help="believe whatever the server shows")
    parser.add_argument("--starttls", choices=STARTTLS, help="ask for TLS as this protocol does")
    parser.set_defaults(client_certs=None)


def _add_any_tls(parser: argparse.ArgumentParser) -> None:
    """Take what belongs to TLS on any side."""
    parser.add_argument(
        "--password-file",
        type=named_file,
        metavar="FILE",
        help=f"its first line is the password of the key; else {PASSWORD} in the environment has it, or you are asked",
    )
    parser.add_argument("--alpn", type=argument(parse_protocols), metavar="A,B", help="protocols, the dearest first")
    parser.add_argument("--tls-min", dest="lowest", choices=[one.value for one in LowestVersion], help="default: 1.2")
    parser.add_argument(
        "--key-log",
        type=own_file,
        metavar="FILE",
        help="write the secrets there, to read a capture with (SSLKEYLOGFILE)",
    )


def add_tap_tls(parser: argparse.ArgumentParser) -> None:
    """Take what belongs to TLS on either side of a tap; ``tls://`` before an address asks for it there."""
    parser.add_argument(
        "--cert", type=named_file, metavar="FILE", help="show callers this certificate; means TLS at LISTEN"
    )
    parser.add_argument(
        "--key", type=named_file, metavar="FILE", help="the key of the certificate, if it has its own file"
    )
    parser.add_argument(
        "--client-cert",
        dest="client_certs",
        choices=["ask", "require"],
        help="want one of callers; means TLS at LISTEN",
    )
    parser.add_argument(
        "--client-ca", type=named_file, metavar="FILE", help="who may vouch for callers: certificates in PEM or DER"
    )
    parser.add_argument("--ca", type=named_file, metavar="FILE", help="who may vouch for TARGET; means TLS there")
    parser.add_argument(
        "--target-cert", type=named_file, metavar="FILE", help="show TARGET this certificate; means TLS there"
    )
    parser.add_argument("--target-key", type=named_file, metavar="FILE", help="the key of that, if it has its own file")
    parser.add_argument(
        "--pin", type=argument(parse_pin), metavar="SHA256", help="believe TARGET with this certificate, and no other"
    )
    parser.add_argument("--no-verify", action="store_true", help="believe whatever TARGET shows; means TLS there")
    _add_any_tls(parser)


def tap_tls_of(chosen: argparse.Namespace, *, at_listen: bool, at_target: bool) -> tuple[Tls | None, Tls | None]:
    """What was asked for of callers and of the target; the two flags are whether a scheme did. See ``tls_of``."""
    both = Tls(alpn=chosen.alpn or (), lowest=LowestVersion(chosen.lowest or "1.2"), key_log=chosen.key_log)
    password = _given_password(chosen.password_file)
    listens = replace(
        both, certificate=chosen.cert, key=chosen.key, password=password, ca=chosen.client_ca,
        client_certificates=ClientCertificates(chosen.client_certs or "none"),
    )  # fmt: skip
    dials = replace(
        both, ca=chosen.ca, pin=chosen.pin or "", verify=not chosen.no_verify,
        certificate=chosen.target_cert, key=chosen.target_key, password=password,
    )  # fmt: skip
    if chosen.client_ca is not None and chosen.client_certs is None:
        raise TlsSettingsError("--client-ca vouches for the certificates of callers: add --client-cert ask or require")
    wants_own = chosen.cert is not None or chosen.client_certs is not None
    wants_other = any((chosen.ca, chosen.pin, chosen.no_verify, chosen.target_cert))
    if not (at_listen or at_target or wants_own or wants_other) and (chosen.lowest or both != Tls()):
        raise TlsSettingsError("--alpn, --tls-min and --key-log are for TLS: write tls:// before LISTEN or TARGET")
    return (
        (_with_password(listens) if chosen.cert is not None else listens) if at_listen or wants_own else None,
        (_with_password(dials) if chosen.target_cert is not None else dials) if at_target or wants_other else None,
    )


def tls_of(chosen: argparse.Namespace, *, has_scheme: bool) -> Tls | None:
    """What was asked for; None if nothing of it was. Asks for a password if a key needs one.

    Raises ``TlsSettingsError``.
    """
    if not (chosen.tls or has_scheme or any(getattr(chosen, name) for name in _OPTIONS)):
        return None
    tls = Tls(
        ca=chosen.ca,
        certificate=chosen.cert,
        key=chosen.key,
        password=_given_password(chosen.password_file),
        pin=chosen.pin or "",
        verify=not chosen.no_verify,
        alpn=chosen.alpn or (),
        lowest=LowestVersion(chosen.lowest or "1.2"),
        client_certificates=ClientCertificates(chosen.client_certs or "none"),
        key_log=chosen.key_log,
        starttls=chosen.starttls or "",
    )
    return _with_password(tls) if tls.certificate is not None else tls


def tls_to(chosen: argparse.Namespace, target: Destination) -> Tls | None:
    """The same for a destination, which may be of UDP. Raises ``TlsSettingsError``."""
    tls = tls_of(chosen, has_scheme=target.tls)
    if tls is not None and target.datagrams:
        raise TlsSettingsError("TLS is for streams of bytes, and UDP has none: leave one of them out")
    return tls


def _given_password(path: Path | None) -> str | None:
    """The password of a file or of the environment, if one of them has it. Raises ``TlsSettingsError``."""
    if path is None:
        return os.environ.get(PASSWORD) or None
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise TlsSettingsError(f"the password in {path} cannot be read: {why}") from error
    return (lines[0] if lines else "") or None


def _with_password(tls: Tls) -> Tls:
    """The same, with the password of its key if that has one and somebody is there to be asked."""
    from core.tls.contexts import read_own

    if _is_pipe(tls.certificate) or _is_pipe(tls.key):  # as a shell's <(command), which can be read only once
        return tls
    try:
        read_own(tls)
    except TlsPasswordError as error:
        if tls.password or not is_terminal(sys.stdin):
            raise TlsPasswordError(f"{error}; {PASSWORD} in the environment may have it, or --password-file") from error
        return replace(tls, password=ask_password(str(tls.key or tls.certificate)))
    return tls


def _is_pipe(path: Path | None) -> bool:
    try:
        return path is not None and path.is_fifo()
    except OSError:  # such as a name that is too long: whoever reads it says why that cannot be done
        return False
