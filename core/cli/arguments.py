"""What several of the terminal programs take on their command line."""

from __future__ import annotations

import argparse

from core.wire.framing import FramingError, parse_framing


def add_frame(parser: argparse.ArgumentParser) -> None:
    """Take ``--frame``: a framing's written form, ``raw`` if there is none."""
    parser.add_argument(
        "--frame",
        dest="framing",
        type=_framing,
        default="raw",
        metavar="FRAMING",
        help="what is one message: raw (default), line, delimiter:0d0a (hex), length:2be (1, 2be, 2le, 4be, 4le, 8be, "
        "8le, varint; then ,offset=N and ,itself or ,whole), fixed:16 (then ,pad=20), gap:50 (ms of silence)",
    )


def _framing(text: str) -> str:
    try:
        return str(parse_framing(text))
    except FramingError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
