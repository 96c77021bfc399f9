"""Errors in people's words: what happened, why it may have, what to try, and whose fault it is."""

from __future__ import annotations

import errno
import os
import re
import socket

import pytest

from core.address import Address
from core.errors import (
    AddressError,
    ConnectError,
    ConnectionEnded,
    Explanation,
    Fault,
    JournalError,
    ListenError,
    SendError,
    TincanError,
    reason,
)
from core.explanations import Doing, error_name, explain

HERE = Address("127.0.0.1", 5555)


def test_an_explanation_reads_as_a_paragraph() -> None:
    explanation = Explanation("it broke", ("rain", "snow"), "wait for spring")

    assert str(explanation) == "It broke. Likely causes: rain; snow. Wait for spring."


@pytest.mark.parametrize(
    ("explanation", "text"),
    [
        (Explanation("it broke"), "It broke."),
        (Explanation("it broke!"), "It broke!"),
        (Explanation("it broke", ("rain",)), "It broke. Likely cause: rain."),
        (Explanation("it broke", advice="Mend it."), "It broke. Mend it."),
    ],
)
def test_what_is_not_known_is_not_said(explanation: Explanation, text: str) -> None:
    assert str(explanation) == text


@pytest.mark.parametrize(
    ("doing", "number", "says", "fault"),
    [
        (Doing.LISTENING, errno.EADDRINUSE, "127.0.0.1:5555 is already in use", Fault.PERSON),
        (Doing.LISTENING, errno.EACCES, "does not let you listen on 127.0.0.1:5555", Fault.PERSON),
        (Doing.LISTENING, errno.EADDRNOTAVAIL, "is not an address of this machine", Fault.PERSON),
        (Doing.LISTENING, errno.EAFNOSUPPORT, "no support for the kind of address", Fault.OURS),
        (Doing.CONNECTING, errno.EAFNOSUPPORT, "no support for the kind of address", Fault.OURS),
        (Doing.CONNECTING, errno.ECONNREFUSED, "nothing answers at 127.0.0.1:5555", Fault.NETWORK),
        (Doing.CONNECTING, errno.ETIMEDOUT, "no answer from 127.0.0.1:5555 in time", Fault.NETWORK),
        (Doing.CONNECTING, errno.EHOSTUNREACH, "127.0.0.1:5555 cannot be reached", Fault.NETWORK),
        (Doing.CONNECTING, errno.EHOSTDOWN, "127.0.0.1:5555 cannot be reached", Fault.NETWORK),
        (Doing.CONNECTING, errno.ENETDOWN, "no network leads from here to 127.0.0.1:5555", Fault.NETWORK),
        (Doing.CONNECTING, errno.ECONNABORTED, "broke the connection off while it was being made", Fault.PEER),
        (Doing.CONNECTING, errno.ENETUNREACH, "no network leads from here to 127.0.0.1:5555", Fault.NETWORK),
        (Doing.CONNECTING, errno.EACCES, "does not let you connect to 127.0.0.1:5555", Fault.OURS),
        (Doing.CONNECTING, errno.EADDRNOTAVAIL, "cannot be connected to from here", Fault.PERSON),
        (Doing.CONNECTING, errno.EINVAL, "127.0.0.1:5555 cannot be connected to", Fault.PERSON),
        (Doing.LISTENING, errno.EINVAL, "127.0.0.1:5555 cannot be listened on", Fault.PERSON),
        (Doing.SENDING, errno.EINVAL, "nothing can be sent to 127.0.0.1:5555", Fault.PERSON),
        (Doing.CONNECTING, errno.ECONNRESET, "broke the connection off while it was being made", Fault.PEER),
        (Doing.TALKING, errno.ECONNRESET, "127.0.0.1:5555 reset the connection", Fault.PEER),
        (Doing.TALKING, errno.ECONNABORTED, "with 127.0.0.1:5555 was aborted by this machine", Fault.NETWORK),
        (Doing.TALKING, errno.ENETRESET, "no longer answers", Fault.NETWORK),
        (Doing.TALKING, errno.ENETDOWN, "127.0.0.1:5555 can no longer be reached", Fault.NETWORK),
        (Doing.TALKING, errno.EHOSTDOWN, "127.0.0.1:5555 can no longer be reached", Fault.NETWORK),
        (Doing.TALKING, errno.ESHUTDOWN, "127.0.0.1:5555 has closed the connection", Fault.PEER),
        (Doing.TALKING, errno.EPIPE, "has closed the connection", Fault.PEER),
        (Doing.TALKING, errno.ETIMEDOUT, "no longer answers", Fault.NETWORK),
        (Doing.TALKING, errno.EHOSTUNREACH, "127.0.0.1:5555 can no longer be reached", Fault.NETWORK),
        (Doing.TALKING, errno.ENETUNREACH, "127.0.0.1:5555 can no longer be reached", Fault.NETWORK),
        (Doing.RECORDING, errno.ENOSPC, "the disk is full", Fault.OURS),
        (Doing.LISTENING, errno.EMFILE, "as many connections and files open as the system allows", Fault.OURS),
        (Doing.CONNECTING, errno.ENFILE, "all programs together have as many files open", Fault.OURS),
        (Doing.CONNECTING, errno.EPERM, "does not let you connect to 127.0.0.1:5555", Fault.OURS),
        (Doing.SENDING, errno.EPERM, "a firewall on this machine kept back", Fault.OURS),
        (Doing.SENDING, errno.EACCES, "does not let you send to 127.0.0.1:5555", Fault.PERSON),
        (Doing.SENDING, errno.EAFNOSUPPORT, "no support for the kind of address", Fault.OURS),
        (Doing.SENDING, errno.EADDRNOTAVAIL, "127.0.0.1:5555 cannot be reached from here", Fault.PERSON),
        (Doing.SENDING, errno.ENETRESET, "its time to live ran out", Fault.NETWORK),
        (Doing.RECORDING, errno.ENOMEM, "out of memory", Fault.OURS),
        (Doing.TALKING, errno.ENOBUFS, "out of memory for connections", Fault.OURS),
    ],
)
def test_the_same_number_means_what_was_being_done(doing: Doing, number: int, says: str, fault: Fault) -> None:
    explanation = explain(OSError(number, os.strerror(number)), doing, HERE)

    assert says in explanation.what
    assert explanation.fault is fault
    assert explanation.causes
    assert explanation.advice
    assert "{where}" not in str(explanation)


def test_memory_that_a_journal_lacks_is_not_said_to_lack_for_connections() -> None:
    assert "connections" not in explain(OSError(errno.ENOMEM, "Cannot allocate memory"), Doing.RECORDING, HERE).what


@pytest.mark.parametrize("doing", [Doing.CONNECTING, Doing.SENDING])
def test_a_host_that_is_not_reached_may_be_behind_a_firewall_that_says_so(doing: Doing) -> None:
    assert "a firewall rejects it" in explain(OSError(errno.EHOSTUNREACH, "No route to host"), doing, HERE).causes


@pytest.mark.parametrize(
    ("doing", "number"),
    [
        (Doing.LISTENING, errno.EADDRNOTAVAIL),
        (Doing.CONNECTING, errno.EADDRNOTAVAIL),
        (Doing.CONNECTING, errno.EAFNOSUPPORT),
        (Doing.SENDING, errno.EADDRNOTAVAIL),
    ],
)
def test_an_address_that_cannot_be_used_may_be_of_ipv6_on_a_machine_without_it(doing: Doing, number: int) -> None:
    assert "it is of IPv6, which is switched off on this machine" in explain(OSError(number, ""), doing, HERE).causes


@pytest.mark.parametrize("doing", [Doing.LISTENING, Doing.CONNECTING, Doing.SENDING])
def test_an_address_that_makes_no_sense_may_lack_its_interface(doing: Doing) -> None:
    assert "a link-local IPv6 address needs" in str(explain(OSError(errno.EINVAL, ""), doing, HERE))


def test_who_opened_too_many_files_is_this_program_or_all_of_them() -> None:
    mine, everybody = (explain(OSError(number, ""), Doing.LISTENING, HERE) for number in (errno.EMFILE, errno.ENFILE))
    assert "this program" in mine.what
    assert "this program" not in everybody.what
    assert "ulimit" not in everybody.advice


WINSOCK = {
    "EACCES": 10013,
    "EINVAL": 10022,
    "EMFILE": 10024,
    "EAFNOSUPPORT": 10047,
    "EADDRINUSE": 10048,
    "EADDRNOTAVAIL": 10049,
    "ENETDOWN": 10050,
    "ENETUNREACH": 10051,
    "ENETRESET": 10052,
    "ECONNABORTED": 10053,
    "ECONNRESET": 10054,
    "ENOBUFS": 10055,
    "ENOTCONN": 10057,
    "ESHUTDOWN": 10058,
    "ETIMEDOUT": 10060,
    "ECONNREFUSED": 10061,
    "EHOSTDOWN": 10064,
    "EHOSTUNREACH": 10065,
}


@pytest.fixture
def _winsock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of errors as Python has them on Windows, where the numbers of sockets stand beside those of POSIX."""
    for name, code in WINSOCK.items():
        monkeypatch.setitem(errno.errorcode, code, f"WSA{name}")


@pytest.mark.usefixtures("_winsock")
@pytest.mark.parametrize("doing", [Doing.LISTENING, Doing.CONNECTING, Doing.TALKING])
@pytest.mark.parametrize("name", WINSOCK)
def test_an_error_of_windows_sockets_is_explained_as_that_of_posix(doing: Doing, name: str) -> None:
    there = explain(OSError(WINSOCK[name], "its words"), doing, HERE)
    here = explain(OSError(getattr(errno, name), "its words"), doing, HERE)

    assert error_name(OSError(WINSOCK[name], "its words")) == name
    assert (there.causes, there.advice, there.fault) == (here.causes, here.advice, here.fault)
    assert there.what.replace("WSA", "") == here.what.replace("WSA", "")


@pytest.mark.parametrize("doing", [Doing.CONNECTING, Doing.SENDING])
def test_a_network_may_be_unreachable_from_here_or_from_a_router_on_the_way(doing: Doing) -> None:
    explanation = explain(OSError(errno.ENETUNREACH, ""), doing, HERE)

    assert explanation.what == "no network leads from here to 127.0.0.1:5555"
    assert "this machine is offline" in explanation.causes
    assert "a router on the way knows no way there (ICMP network unreachable)" in explanation.causes


@pytest.mark.usefixtures("_winsock")
def test_the_aborted_connection_of_windows_is_no_reset_of_the_peer() -> None:
    why = explain(OSError(10053, "aborted"), Doing.TALKING, HERE)

    assert why.what == "the connection with 127.0.0.1:5555 was aborted by this machine"
    assert why.causes[0].startswith("what was sent was not acknowledged in time")
    assert "reset" not in str(why)


@pytest.mark.usefixtures("_winsock")
@pytest.mark.parametrize(
    ("number", "winerror", "says"),
    [
        (errno.EACCES, 32, "used by another process (WinError 32)"),  # errno is only the nearest in POSIX
        (errno.EINVAL, 1117, "used by another process (WinError 1117)"),
        (10054, 10054, "used by another process (WSAECONNRESET)"),
        (errno.EXDEV, 10018, "used by another process (EXDEV)"),
        (errno.EXDEV, None, "used by another process (EXDEV)"),
    ],
)
def test_an_error_of_windows_itself_has_the_number_that_people_search_for(
    number: int, winerror: int | None, says: str
) -> None:
    error = OSError(number, "used by another process")
    error.winerror = winerror  # type: ignore[attr-defined, unused-ignore]

    assert reason(error) == says


def test_a_time_limit_of_our_own_reads_like_the_system_s() -> None:
    ours = explain(TimeoutError(), Doing.CONNECTING, HERE)

    assert ours == explain(OSError(errno.ETIMEDOUT, "Connection timed out"), Doing.CONNECTING, HERE)


@pytest.mark.parametrize("doing", Doing)
def test_every_deed_can_run_out_of_time(doing: Doing) -> None:
    explanation = explain(TimeoutError("slow"), doing, HERE)

    assert str(HERE) in str(explanation)


@pytest.mark.parametrize(
    ("doing", "attempt"),
    [
        (Doing.LISTENING, "could not listen on here"),
        (Doing.CONNECTING, "could not connect to here"),
        (Doing.TALKING, "the connection with here broke"),
        (Doing.RECORDING, "could not write the journal here"),
    ],
)
@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (OSError(errno.EXDEV, "Cross-device link"), "Cross-device link (EXDEV)"),
        (OSError(123456, "strange"), "strange"),
        (OSError("no number"), "OSError: no number"),
        (MemoryError(), "this machine is out of memory"),
        (ZeroDivisionError("oops"), "ZeroDivisionError: oops"),
    ],
)
def test_what_nobody_foresaw_still_says_what_was_attempted(
    doing: Doing, attempt: str, error: Exception, detail: str
) -> None:
    assert explain(error, doing, "here").what == f"{attempt}: {detail}"


@pytest.mark.parametrize("error", [ListenError, ConnectError])
def test_an_error_that_was_explained_is_not_explained_again(error: type[ListenError | ConnectError]) -> None:
    explanation = Explanation("it broke", ("rain",))

    assert explain(error(explanation), Doing.TALKING) is explanation
    assert str(error(explanation)) == str(explanation)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (AddressError, Fault.PERSON),
        (SendError, Fault.OURS),
        (ConnectionEnded, Fault.PEER),
        (JournalError, Fault.OURS),
    ],
)
def test_an_error_of_ours_knows_whose_fault_it_is(error: type[TincanError], fault: Fault) -> None:
    assert explain(error("what it says"), Doing.TALKING) == Explanation("what it says", fault=fault)


@pytest.mark.parametrize(
    ("number", "where", "says", "fault"),
    [
        (socket.EAI_AGAIN, Address("example.org", 1), "the name example.org could not be looked up", Fault.NETWORK),
        (socket.EAI_FAIL, "example.org", "the name example.org could not be looked up", Fault.NETWORK),
        (socket.EAI_NONAME, Address("exampel.org", 1), "there is no machine called exampel.org", Fault.PERSON),
        (socket.EAI_NONAME, Address("fe80::1%nope", 1), "fe80::1%nope names a network interface", Fault.PERSON),
    ],
)
@pytest.mark.case("C-30")
def test_a_name_that_cannot_be_looked_up_says_why(number: int, where: object, says: str, fault: Fault) -> None:
    explanation = explain(socket.gaierror(number, "resolver's words"), Doing.CONNECTING, where)

    assert explanation.what.startswith(says)
    assert explanation.fault is fault


def test_braces_in_a_place_are_left_alone() -> None:
    explanation = explain(OSError(errno.ENOSPC, "full"), Doing.RECORDING, "/tmp/{0.__class__}")

    assert re.search("disk is full", str(explanation))


def test_an_attempt_to_connect_tells_whether_it_was_given_up() -> None:
    assert ConnectError(Explanation("gave up"), cancelled=True).cancelled
    assert not ConnectError(Explanation("gave up")).cancelled
