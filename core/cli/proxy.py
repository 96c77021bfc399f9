"""How a proxy is asked for on a command line."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import replace

from core.address import Address
from core.cli.common import argument, is_terminal
from core.proxy import Proxy, make_proxy, parse_proxy

PASSWORD = "TINCAN_PROXY_PASSWORD"  # noqa: S105 - the variable's name; on the command line others could read it


def add_proxy(parser: argparse.ArgumentParser) -> None:
    """Take ``--proxy``."""
    parser.add_argument(
        "--proxy",
        type=argument(parse_proxy),
        metavar="URL",
        help="dial through socks5://[USER[:PASSWORD]@]HOST[:PORT] or http://[USER[:PASSWORD]@]HOST:PORT; without "
        f"PASSWORD, {PASSWORD} in the environment has it, or it is asked for",
    )


def proxy_of(chosen: argparse.Namespace, target: Address) -> Proxy | None:
    """The proxy for connections to ``target``, with its password. Raises ``AddressError``."""
    proxy = make_proxy(chosen.proxy, target)
    if proxy is None or not proxy.user or proxy.password:
        return proxy
    password = os.environ.get(PASSWORD, "")
    if not password and is_terminal(sys.stdin):
        password = getpass.getpass(f"Password for {proxy.user} at {proxy}: ")
    return replace(proxy, password=password)
