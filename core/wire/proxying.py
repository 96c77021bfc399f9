"""What is said to a proxy before it passes bytes on: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT (RFC 9110).

Bytes in, bytes out. What the target says may come right behind the proxy's last word, in the same segment. So each
conversation says how many bytes may be received next without taking any of that: the rest stays with the system.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import struct
from abc import ABC, abstractmethod

from core.address import Address
from core.errors import Explanation, Fault, ProxyError, printable, quoted
from core.proxy import HTTP, Proxy, check_target

_LONGEST_HEAD = 64 * 1024  # bytes of an HTTP answer that may come without its end
_NO_SUCH_PROXY = "it is another kind of proxy, or none"
_OTHER_KIND = "Check its port, and whether it is a SOCKS5 or an HTTP proxy"
_HIDDEN = b"***"
_TELLING = 4  # bytes of a secret that are not there by chance, at the end of what was said its beginning
_SHOWN = 100  # characters of what is no answer


def handshake_with(proxy: Proxy, target: Address) -> ProxyHandshake:
    """What is to be said to that proxy for a connection to ``target``. Raises ``AddressError``."""
    check_target(target)
    return (HttpConnect if proxy.kind == HTTP else Socks5)(proxy, target)


class ProxyHandshake(ABC):
    """One such conversation, a client's side. It ``is_done`` once the next byte is the target's.

    ``begin`` and ``feed`` return what to send now. They raise ``ProxyError``, explained, where nothing comes of it.
    """

    def __init__(self, proxy: Proxy, target: Address) -> None:
        self.proxy = proxy
        self.target = target
        self.is_done = False
        self.garbage = b""  # what was no answer of such a proxy, as far as it was taken in
        self._has_logged_in = False  # before it asks: user and password were sent by themselves
        self._has_asked = False  # for the target

    @abstractmethod
    def begin(self) -> bytes:
        """What is said first."""

    @property
    @abstractmethod
    def most(self) -> int:
        """How many bytes may be received next; all of them are the proxy's. Not 0 before it ``is_done``."""

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """Take in what the proxy sent, at most ``most`` bytes."""

    def closed(self) -> ProxyError:
        """What it means that the proxy closed the connection here, before it ``is_done``."""
        closed = f"the proxy {self.proxy} closed the connection"
        if self._has_logged_in and not self._has_asked:
            cause = "it does not take this user and password, and some say so like this"
            what = f"{closed} instead of an answer to user and password"
            return ProxyError(Explanation(what, (cause,), "Check both", Fault.PEER))
        if not self._has_asked:
            causes = (_NO_SUCH_PROXY, "it does not let you in")
            what = f"{closed} before it could be asked for {self.target}"
            return ProxyError(Explanation(what, causes, _OTHER_KIND, Fault.PEER))
        if self._is_in_an_answer:
            what = f"{closed} in the middle of its answer about {self.target}"
            return ProxyError(Explanation(what, (), "Ask whoever runs the proxy", Fault.PEER))
        causes = ("it could not reach the target, which some, as ssh -D, say like this", "it does not allow it")
        what = f"{closed} without an answer about {self.target}"
        return ProxyError(Explanation(what, causes, "Check host and port of the target", Fault.NETWORK))

    def timed_out(self) -> ProxyError:
        """What it means that the time was over here, before it ``is_done``."""
        if self._has_asked:
            what = f"the proxy {self.proxy} did not answer in time about {self.target}"
            causes = ("the proxy waits for the target in vain", _NO_SUCH_PROXY)
        else:
            what = f"the proxy {self.proxy} did not answer in time, and could not be asked for {self.target}"
            causes = (_NO_SUCH_PROXY, "it has no room for one more")
        return ProxyError(Explanation(what, causes, "Check host and port of both", Fault.NETWORK))

    def _refused(self, why: str, advice: str = "") -> ProxyError:
        """The proxy does not do its part."""
        return ProxyError(Explanation(f"the proxy {self.proxy} {why}", (), advice, Fault.PEER))

    def _login_refused(self, why: str = "") -> ProxyError:
        """The proxy does not let this user in."""
        if self.proxy.password:
            return self._refused(f"does not take this user and password{why}")
        return self._refused(f"does not take this user without a password{why}", "Give its password, too")

    def _unreachable(self, why: str, advice: str = "Check host and port") -> ProxyError:
        """The proxy did its part, and the target is to blame, or the network behind the proxy."""
        what = f"the proxy {self.proxy} could not reach {self.target}: {why}"
        return ProxyError(Explanation(what, (), advice, Fault.NETWORK))

    @property
    @abstractmethod
    def _is_in_an_answer(self) -> bool:
        """Whether the proxy has said something that is not complete."""

    def no_proxy(self, said: bytes) -> ProxyError:
        """What it means that the proxy said this."""
        self.garbage = said
        return self._refused(f"does not speak {self._name}: it said {self._shown(said.strip())}", _OTHER_KIND)

    def _shown(self, said: bytes) -> str:
        """What the proxy said, to be read: without the password, which an echo has in it.

        Nothing of it beside a short password: the words around each mark would give that away.
        """
        password = self.proxy.password.encode()
        if 0 < len(password) < _TELLING:
            return quoted(_HIDDEN.decode(), _SHOWN)
        for secret in (_login(self.proxy), password) if password else ():
            said = _without(said, secret)
        return quoted(said.decode("ascii", "backslashreplace"), _SHOWN)

    _name: str


_NO_LOGIN, _PASSWORD, _NONE = 0, 2, 0xFF  # methods
_IPV4, _NAME, _IPV6 = 1, 3, 4  # kinds of addresses
_SIZES = {_IPV4: 4, _IPV6: 16}

_GENERAL_FAILURE = 1
_BY_PROXY = {
    2: "does not allow it by its rules",
    7: "does not know the command CONNECT",
    8: "does not know this kind of address",
}
_BY_TARGET = {
    3: "its network cannot be reached",
    4: "the host cannot be reached, or its name is not known",
    5: "the connection was refused, so nothing listens there",
    6: "the way there is too long (TTL expired)",
}


class Socks5(ProxyHandshake):
    """Greeting, user and password if the proxy wants them, request, reply. The proxy looks names up."""

    _name = "SOCKS5"

    def begin(self) -> bytes:
        self._held = b""
        self._size, self._hear = 2, self._hear_method
        methods = bytes([_NO_LOGIN, _PASSWORD]) if self.proxy.user else bytes([_NO_LOGIN])
        return struct.pack("BB", 5, len(methods)) + methods

    @property
    def _is_in_an_answer(self) -> bool:
        return bool(self._held)

    @property
    def most(self) -> int:
        return 0 if self.is_done else self._size - len(self._held)

    def feed(self, data: bytes) -> bytes:
        self._held += data
        versions = (1, 5) if self._hear == self._hear_login else (5,)  # some give that of SOCKS, not RFC 1929's own
        if self._held[0] not in versions:
            raise self.no_proxy(self._held)
        if len(self._held) < self._size:
            return b""
        return self._hear()

    def _hear_method(self) -> bytes:
        method, self._held = self._held[1], b""
        if method == _NO_LOGIN:
            return self._request()
        if method == _PASSWORD and self.proxy.user:
            user, password = self.proxy.user.encode(), self.proxy.password.encode()
            self._size, self._hear = 2, self._hear_login
            self._has_logged_in = True
            return bytes([1, len(user)]) + user + bytes([len(password)]) + password
        if method == _NONE and not self.proxy.user:
            raise self._refused("wants a user and a password", "Write socks5://USER:PASSWORD@HOST:PORT")
        if method == _NONE:
            raise self._refused("takes no user and password, and wants another proof of who you are")
        raise self._refused(f"chose a way to log in that was not offered ({method})", _OTHER_KIND)

    def _hear_login(self) -> bytes:
        status, self._held = self._held[1], b""
        if status:
            raise self._login_refused()
        return self._request()

    def _request(self) -> bytes:
        self._size, self._hear = 2, self._hear_code
        self._has_asked = True
        return bytes([5, 1, 0]) + _packed(self.target) + struct.pack("!H", self.target.port)

    def _hear_code(self) -> bytes:
        """With an error some proxies leave out what has no meaning then."""
        reply = self._held[1]
        if reply == _GENERAL_FAILURE:
            raise self._unreachable("it gives no reason (general failure)", "Check host and port, and the proxy")
        if reply in _BY_TARGET:
            raise self._unreachable(_BY_TARGET[reply])
        if reply:
            raise self._refused(f"does not connect to {self.target}: it {_BY_PROXY.get(reply, f'gave code {reply}')}")
        self._size, self._hear = 5, self._hear_address
        return b""

    def _hear_address(self) -> bytes:
        """Five bytes, then the whole: the fifth is the length of a name."""
        kind = self._held[3]
        if kind not in (_IPV4, _NAME, _IPV6):
            raise self.no_proxy(self._held)
        self._size = 4 + _SIZES.get(kind, 1 + self._held[4]) + 2
        self.is_done = len(self._held) == self._size
        return b""


def _packed(target: Address) -> bytes:
    """The address as SOCKS5 has it: an IP address as it is, a name for the proxy to look up."""
    try:
        ip = ipaddress.ip_address(target.host)
    except ValueError:
        name = target.ascii_host.encode("ascii")
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if ip.version == 4 else _IPV6]) + ip.packed


_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})(?: ([^\r\n]*))?\r?\n", re.ASCII)
_BEGINNING = b"HTTP/"
_WANTS_LOGIN = {401, 407}  # RFC 9110, section 15.5.8; tinyproxy says 401 to a wrong password
_LOGINS = re.compile(rb"^Proxy-Authenticate:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_DETAIL = re.compile(rb"^(?:X-Squid-Error|Proxy-Status):[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)  # RFC 9209
_ITS_OWN_FAULT = {501, 505}  # RFC 9110, section 15.6; by others of 500 and more it says that it reached nobody


class HttpConnect(ProxyHandshake):
    """A CONNECT and the head of its answer, with Basic authentication (RFC 7617) if there is a user."""

    _name = "HTTP"

    def begin(self) -> bytes:
        self._head = b""
        self._came = 0  # bytes, with the heads of answers that are none yet
        self._has_asked = True
        host = f"[{self.target.host}]" if ":" in self.target.host else self.target.ascii_host
        place = f"{host}:{self.target.port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if self.proxy.user:
            lines.append(f"Proxy-Authorization: Basic {_login(self.proxy).decode('ascii')}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")

    @property
    def _is_in_an_answer(self) -> bool:
        return bool(self._head)

    @property
    def most(self) -> int:
        """The end of the head is an empty line, of CR LF or of LF alone, so at least so many are still missing."""
        if self.is_done:
            return 0
        return 1 if self._head.endswith((b"\n", b"\n\r")) else 2

    def feed(self, data: bytes) -> bytes:
        self._head += data
        self._came += len(data)
        beginning = self._head[: len(_BEGINNING)]
        if not _BEGINNING.startswith(beginning):
            raise self.no_proxy(self._head)
        if self._came > _LONGEST_HEAD:
            longest = f"{_LONGEST_HEAD:,} bytes"
            raise self._refused(f"gave an answer whose head is longer than {longest}", "Ask whoever runs the proxy")
        if self._head.endswith((b"\n\n", b"\n\r\n")):
            self._hear()
        return b""

    def _hear(self) -> None:
        found = _STATUS.match(self._head)
        if found is None:
            raise self.no_proxy(self._head.partition(b"\n")[0])
        code = int(found[1])
        details = [(found[2] or b"").strip(), *(each.strip() for each in _DETAIL.findall(self._head))]
        shown = " ".join([str(code), *(self._shown(each) for each in details if each)])
        if 100 <= code < 200:  # another head follows
            self._head = b""
        elif 200 <= code < 300:
            self.is_done = True
        elif code in _WANTS_LOGIN and self._foreign_logins:
            raise self._refused(
                f"wants another login ({self._foreign_logins}) than Basic, the only one that Tincan has"
            )
        elif code in _WANTS_LOGIN and not self.proxy.user:
            raise self._refused(f"wants a user and a password: {shown}", "Write http://USER:PASSWORD@HOST:PORT")
        elif code in _WANTS_LOGIN:
            raise self._login_refused(f": {shown}")
        elif code >= 500 and code not in _ITS_OWN_FAULT:
            raise self._unreachable(shown)
        else:
            advice = "Many allow port 443 alone" if code in (403, 405) else ""
            raise self._refused(f"does not connect to {self.target}: {shown}", advice)

    @property
    def _foreign_logins(self) -> str:
        """What the answer offers instead of Basic authentication; empty if it offers that, or says nothing of it."""
        offered = [each.decode("ascii", "backslashreplace") for each in _LOGINS.findall(self._head)]
        names = [each.split(maxsplit=1)[0].strip(",") for each in offered if each.strip()]
        return "" if re.search(r"\bbasic\b", " ".join(offered), re.IGNORECASE) else printable(", ".join(names))[:_SHOWN]


def _login(proxy: Proxy) -> bytes:
    """User and password as Basic authentication has them."""
    return base64.b64encode(f"{proxy.user}:{proxy.password}".encode())


def _without(said: bytes, secret: bytes) -> bytes:
    """What was said with something else in place of a secret, and of the first part of it at the end."""
    said = said.replace(secret, _HIDDEN)
    for size in range(len(secret) - 1, _TELLING - 1, -1):
        if said.endswith(secret[:size]):
            return said[:-size] + _HIDDEN
    return said
