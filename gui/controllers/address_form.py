"""Host and port as the person typed them: read, and refused in words right under the field."""

from __future__ import annotations

from core.address import Address, parse_host, parse_port, part
from core.errors import AddressError
from gui.viewmodels.sentences import sentence
from gui.views.address_bar import AddressBar


def read_address(bar: AddressBar, *, for_server: bool) -> Address | None:
    """What the fields say; if it makes no sense, the field that is wrong says why.

    ``HOST:PORT`` in the field for the host is put into both.
    """
    parts = part(bar.host.get())
    if parts is not None:
        bar.fill(*parts)
    try:
        host = parse_host(bar.host.get())
    except AddressError as error:
        bar.refuse(sentence(error), host=True)
        return None
    try:
        return Address(host, parse_port(bar.port.get(), for_server=for_server))
    except AddressError as error:
        bar.refuse(sentence(error), port=True)
        return None


def glance(bar: AddressBar) -> Address | None:
    """What the fields say, without a word if it makes no sense."""
    host, port = part(bar.host.get()) or (bar.host.get(), bar.port.get())
    try:
        return Address(parse_host(host), parse_port(port, for_server=True))
    except AddressError:
        return None
