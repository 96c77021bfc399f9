r"""Tables of rules to begin with: each plays something that real programs talk to, and shows another way to answer.

Sources: SCPI-99 (IVI Foundation) for the instrument, RFC 5321 for SMTP, redis.io/docs/reference/protocol-spec for
RESP, Modbus Messaging on TCP/IP V1.0b for Modbus, RFC 9112 for HTTP.
"""

from __future__ import annotations

from core.compose import Draft, Encoding, Format
from core.replies.letter import GOODBYE, GREETING
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet


def _text(text: str) -> Draft:
    return Draft(text, Format.ESCAPES)


def _registers(count: int) -> Rule:
    """What is answered where so many registers are read: 42, 43, 44 and so on."""
    values = " ".join(f"{42 + number:04x}" for number in range(count))
    answer = Draft(rf"\{{id}} 0000 \{{unit}} 03 {2 * count:02x} {values}", Format.HEX, Encoding.LATIN_1)
    pattern = rf"^(?P<id>..)\x00\x00(?P<unit>.)\x03..\x00\x{count:02x}$"
    return Rule(f"read {count}", "regex", pattern, answer)


def _refusal(function: int) -> Rule:
    """What is answered to a function that this device has not: exception 1 (illegal function)."""
    answer = Draft(rf"\{{id}} 0000 \{{unit}} {0x80 | function:02x} 01", Format.HEX, Encoding.LATIN_1)
    return Rule(f"function {function}", "regex", rf"^(?P<id>..)\x00\x00(?P<unit>.)\x{function:02x}", answer)


LETTER = RuleSet(
    "letter",
    (
        Rule("greeting", "opens", "", _text(GREETING.decode())),
        Rule("goodbye", "equals", GOODBYE.decode(), then="close"),
        Rule("letter", "any", "", _text(r"\{random:1,letters}")),
    ),
    about="The tutorial's server: a greeting, a random letter for each message, an end on stop.",
)

SCPI = RuleSet(
    "SCPI instrument",
    (
        Rule("who are you", "equals", "*IDN?", _text("Tincan,Model 1,0,1.0")),
        Rule("reset", "regex", r"^\*(RST|CLS)$"),
        Rule("is it done", "equals", "*OPC?", _text("1")),
        Rule(
            "voltage", "regex", r"(?i)^MEAS(URE)?:VOLT(AGE)?(:DC)?\?", _text(r"\{random:from=49800,to=50200,places=4}")
        ),
        Rule("current", "regex", r"(?i)^MEAS(URE)?:CURR(ENT)?(:DC)?\?", _text(r"\{random:from=990,to=1010,places=3}")),
        Rule("output", "regex", r"(?i)^OUTP(UT)?(:STATE)? (ON|OFF|0|1)$"),
        Rule("error", "regex", r"(?i)^SYST(EM)?:ERR(OR)?(:NEXT)?\?", _text('0,"No error"')),
        Rule("any other question", "contains", "?", _text('-113,"Undefined header"')),
    ),
    framing="line",
    about="A power supply that measures about 5 V, for PyVISA and the like.",
)

THERMOMETER = RuleSet(
    "thermometer",
    (
        Rule("temperature", "equals", "T?", _text(r"\{random:from=215,to=220,places=1} C"), after=(20, 200)),
        Rule("target", "regex", r"^T=(?P<target>-?\d+(\.\d+)?)$", _text(r"OK \{target} C")),
        Rule("silence", "silence", "60000", _text("BYE"), then="close"),
        Rule("any other", "any", "", _text(r"ERROR \{0}")),
    ),
    framing="line",
    about="A thermometer that talks in lines, thinks for a moment, and leaves after a minute of silence.",
)

SMTP = RuleSet(
    "SMTP",
    (
        Rule("greeting", "opens", "", _text("220 tincan.example ESMTP")),
        Rule(
            "hello", "regex", r"(?i)^EHLO (?P<name>\S+)", _text("250-tincan.example greets \\{name}\\r\\n250 8BITMIME")
        ),
        Rule("old hello", "regex", r"(?i)^HELO (?P<name>\S+)", _text(r"250 tincan.example greets \{name}")),
        Rule("sender", "regex", r"(?i)^MAIL FROM:", _text("250 2.1.0 OK")),
        Rule("recipient", "regex", r"(?i)^RCPT TO:", _text("250 2.1.5 OK")),
        Rule("mail follows", "regex", "(?i)^DATA$", _text("354 end with a line that is a full stop")),
        Rule("mail is complete", "equals", ".", _text(r"250 2.0.0 taken as \{uuid}")),
        Rule("nothing", "regex", "(?i)^(NOOP|RSET)", _text("250 2.0.0 OK")),
        Rule("goodbye", "regex", "(?i)^QUIT$", _text("221 2.0.0 bye"), then="close"),
        Rule("a line of the mail", "any"),
    ),
    framing="delimiter:0d0a",
    about="A mail server that takes every mail and keeps it in the conversation.",
)

REDIS = RuleSet(
    "Redis",
    (
        Rule("ping", "regex", r"(?i)^(\*1\r\n\$4\r\n)?PING\r\n$", _text("+PONG\\r\\n")),
        Rule("set", "regex", r"(?is)^\*\d+\r\n\$3\r\nSET\r\n", _text("+OK\\r\\n")),
        Rule(
            "get", "regex", r"(?is)^\*2\r\n\$3\r\nGET\r\n\$\d+\r\n(?P<key>.*)\r\n$",
            _text("$\\{length:add=-4}\\r\\nvalue of \\{key}\\r\\n"),
        ),
        Rule("any other", "any", "", _text("-ERR unknown command\\r\\n")),
    ),
    about="Answers PING, SET and GET as Redis shapes them; it keeps no values.",
)  # fmt: skip

MODBUS = RuleSet(
    "Modbus/TCP",
    (
        *(_registers(count) for count in (1, 2, 4, 8, 10, 16)),
        Rule(
            "write one", "regex", r"^..\x00\x00.\x06....$", Draft(r"\{0}", Format.HEX, Encoding.LATIN_1)
        ),
        Rule(
            "write several", "regex", r"^(?P<id>..)\x00\x00(?P<unit>.)\x10(?P<place>....)",
            Draft(r"\{id} 0000 \{unit} 10 \{place}", Format.HEX, Encoding.LATIN_1),
        ),
        *(_refusal(function) for function in (1, 2, 4, 5, 15)),
    ),
    framing="length:2be,offset=4",
    about="Holding registers that read 42, 43, 44 and so on, in blocks of 1, 2, 4, 8, 10 or 16.",
)  # fmt: skip

HTTP = RuleSet(
    "HTTP",
    (
        Rule("head", "begins", "HEAD ", _text("HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")),
        Rule(
            "any page", "regex", r"^(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1",
            _text(
                "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n"
                "Content-Length: \\{length:add=-4}\\r\\n\\r\\n\\{method} \\{path}\\n"
            ),
        ),
    ),
    about="Answers 200 OK to whatever is asked, and says what that was.",
    hears_http=True,
)  # fmt: skip

ECHO = RuleSet(
    "slow echo",
    (Rule("echo", "any", "", _text(r"\{0}"), after=(300, 300)),),
    about="Every message comes back after 0.3 seconds.",
)

STARTERS = (LETTER, SCPI, THERMOMETER, SMTP, REDIS, MODBUS, HTTP, ECHO)
"""The tables that are there before anybody has written one."""
