"""Answers by rules: a table that a person writes, asked from the top for every message. The first that fits answers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import TincanError, quoted
from core.files import is_there
from core.replies import Peer, Reply, Responder

if TYPE_CHECKING:
    from core.replies.rules.rule import ReadyRule
    from core.replies.rules.rule_set import RuleSet


class Fired(NamedTuple):
    """How often a rule has fired, and when last, in nanoseconds since 1970 (0 if it never did)."""

    times: int = 0
    last: int = 0


class Rules(Reply):
    """Answers by a table of rules, on each connection for itself. Raises ``SavedError`` for one that cannot be."""

    name = "rules"
    title = "by rules…"
    note = "what the rules say:"
    order = 5
    has_responders = True
    takes = "a file of rules, or the name of one of those that are always there"

    def __init__(self, rules: RuleSet) -> None:
        from core.replies.rules.rule import Every, Heard, Opens, Silence

        self.rules = rules
        self.argument = rules.name
        self.ready: tuple[ReadyRule, ...] = rules.ready()
        on = [rule for rule in self.ready if rule.rule.is_on]
        self.openings = [rule for rule in on if isinstance(rule.trigger, Opens)]
        self.heard = [(rule, rule.trigger.match, rule.trigger.fits) for rule in on if isinstance(rule.trigger, Heard)]
        self.by_time = [(rule, rule.trigger) for rule in on if isinstance(rule.trigger, Silence | Every)]
        self.silences = [(rule, moment) for rule, moment in self.by_time if isinstance(moment, Silence)]
        self.framing: str = rules.framing
        self.hears_http = rules.hears_http
        self.fired: dict[str, Fired] = {}  # by the rules' names; for any thread to read
        self.unknown = Fired()  # messages that no rule answers

    @classmethod
    def made(cls, argument: str) -> Reply:
        """The table of a file, or of that name. Raises ``TincanError``."""
        return cls(find_rule_set(argument))

    def responder(self, peer: Peer) -> Responder:
        from core.replies.rules.responder import RulesResponder

        return RulesResponder(self, peer)

    def count_on(self, before: Rules) -> None:
        """Count on from another table, by the names of the rules; before this one is in use."""
        known = before.fired.copy()  # at once: the server's thread goes on counting
        self.fired = {rule.name: known[rule.name] for rule in self.rules.rules if rule.name in known}
        self.unknown = before.unknown

    def count(self, rule: ReadyRule) -> None:
        """A rule has fired. The server's thread."""
        name = rule.rule.name
        self.fired[name] = Fired(self.fired.get(name, Fired()).times + 1, time.time_ns())

    def count_unknown(self) -> None:
        """A message has come that no rule answers. The server's thread."""
        self.unknown = Fired(self.unknown.times + 1, time.time_ns())


def find_rule_set(argument: str) -> RuleSet:
    """The table that is always there under this name, or that of a file. Raises ``TincanError``."""
    from core.replies.rules.rule_set import import_rule_set
    from core.replies.rules.starters import STARTERS

    starter = next((each for each in STARTERS if each.name.casefold() == argument.casefold()), None)
    if starter is not None:
        return starter
    path = Path(argument)
    if not argument or not is_there(path):
        names = ", ".join(each.name for each in STARTERS)
        raise TincanError(f"there are no rules {quoted(argument)}: name a file, or one of {names}")
    return import_rule_set(path)
