"""Answers one connection by rules: one message after the other, each with its pause, and what silence and time bring.

While a rule waits, or an expression is looked at on a thread of its own, the connection's next messages wait, and no
other connection does.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from core.compose import Context, Misfit
from core.errors import quoted
from core.replies import Backlog, Peer, Responder, Timed
from core.replies.rules.rule import REGEX_SECONDS, Captures, Every, ReadyRule, Said, TooSlow
from core.supervision import Worker

if TYPE_CHECKING:
    from core.replies.rules import Rules

_MOST_AT_ONCE = 100  # messages that are answered before other connections have their turn

_Asked: TypeAlias = bytes | ReadyRule | None  # a message, a rule whose time has come, or that the connection opened


class RulesResponder(Responder):
    """See the module. ``rules`` counts what fires."""

    def __init__(self, rules: Rules, peer: Peer) -> None:
        self._rules = rules
        self._peer = peer
        self._waiting: deque[_Asked] = deque()
        self._holds = 0  # what the next message waits for: a pause, an expression, other connections
        self._is_over = False
        self._backlog = Backlog(peer)
        self._too_slow: set[ReadyRule] = set()  # rules that ask nothing more of this connection
        self._variables = {"peer": str(peer.address), "number": str(peer.number)}
        self._count = 0
        self._timers: dict[ReadyRule, Timed] = {}
        self._pause: Timed | None = None
        for rule, moment in rules.by_time:
            self._wait_for(rule, moment.seconds)

    def opened(self) -> None:
        self._put(None)

    def received(self, message: bytes) -> None:
        if self._is_over:
            return  # a rule has ended what is said from here
        for rule, silence in self._rules.silences:
            self._wait_for(rule, silence.seconds)
        if self._holds or self._waiting:
            self._put(message)
        else:
            self._ask(Said(message), 0, is_answered=False)
            if self._holds:
                self._backlog.count(self._unanswered)

    def peer_finished(self, then: Callable[[], None]) -> None:
        self._backlog.finish(then, self._unanswered)

    def closed(self) -> None:
        self._is_over = True
        self._waiting.clear()
        for timer in (*self._timers.values(), *([self._pause] if self._pause is not None else [])):
            timer.cancel()
        self._timers.clear()

    # Time.

    def _wait_for(self, rule: ReadyRule, seconds: float) -> None:
        """Have a rule asked after so long; if that was asked for before, from now on."""
        if rule in self._timers:
            self._timers.pop(rule).cancel()
        self._timers[rule] = self._peer.call_later(seconds, partial(self._due, rule))

    def _due(self, rule: ReadyRule) -> None:
        del self._timers[rule]
        if isinstance(rule.trigger, Every):
            self._wait_for(rule, rule.trigger.seconds)
        if rule not in self._waiting:  # one that is late is not made up for
            self._put(rule)

    # One after the other.

    def _put(self, asked: _Asked) -> None:
        self._waiting.append(asked)
        self._work()

    def _work(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            if self._holds or not self._waiting:
                break
            self._take(self._waiting.popleft())
        else:
            if self._waiting and not self._holds:
                self._holds += 1
                self._peer.call_soon(partial(self._go_on, lambda: None))
        self._backlog.count(self._unanswered)

    @property
    def _unanswered(self) -> int:
        """Messages that wait, and the one that is being answered."""
        return len(self._waiting) + (self._holds > 0)

    def _go_on(self, call: Callable[[], None]) -> None:
        """What was waited for is there: make the call, and go on with what waits."""
        self._holds -= 1
        call()
        self._work()

    def _take(self, asked: _Asked) -> None:
        if asked is None:
            self._fire_all(self._rules.openings)
        elif isinstance(asked, ReadyRule):
            self._fire(asked, {"0": b""}, None)
        else:
            self._ask(Said(asked), 0, is_answered=False)

    def _fire_all(self, rules: list[ReadyRule]) -> None:
        if rules:
            self._fire(rules[0], {"0": b""}, partial(self._fire_all, rules[1:]) if rules[0].action.goes_on else None)

    def _ask(self, said: Said, first: int, *, is_answered: bool) -> None:
        """Have the rules from ``first`` on look at a message."""
        heard, message = self._rules.heard, said.message
        for place in range(first, 0 if self._is_over else len(heard)):
            rule, match, fits = heard[place]
            if fits is not None:
                if fits(message):
                    self._answer(said, place, {"0": message})
                    return
                continue
            if rule in self._too_slow:
                continue
            try:
                captures = match(said)
            except TooSlow:
                self._look_longer(said, place, is_answered=is_answered)
                return
            if captures is not None:
                self._answer(said, place, captures)
                return
        if not (is_answered or self._is_over):
            self._rules.count_unknown()
            self._peer.note("no rule answers this message")

    def _answer(self, said: Said, place: int, captures: Captures) -> None:
        rule = self._rules.heard[place][0]
        if rule.action.goes_on:
            self._fire(rule, captures, lambda: self._ask(said, place + 1, is_answered=True))
        else:
            self._fire(rule, captures, None)

    def _look_longer(self, said: Said, place: int, *, is_answered: bool) -> None:
        """Have an expression look at a message on a thread of its own, for as long as it may."""
        rule, match, _fits = self._rules.heard[place]
        found: list[Captures | None] = []

        def look() -> None:
            with contextlib.suppress(TooSlow):
                found.append(match(said, REGEX_SECONDS))
            tell()

        def told() -> None:
            if self._is_over:
                return  # the connection has gone meanwhile
            if not found:
                self._give_up(rule)
            if found and found[0] is not None:
                self._answer(said, place, found[0])
            else:
                self._ask(said, place + 1, is_answered=is_answered)

        def tell(_error: BaseException | None = None) -> None:
            self._peer.call_soon(partial(self._go_on, told))

        self._holds += 1
        Worker(look, "expression", tell, daemon=True).start()

    def _give_up(self, rule: ReadyRule) -> None:
        self._too_slow.add(rule)
        self._peer.note(
            f"the expression of the rule {quoted(rule.rule.name)} found no end within {REGEX_SECONDS * 1000:.0f} ms: "
            "it is not asked any more on this connection"
        )

    # Firing.

    def _fire(self, rule: ReadyRule, captures: Captures, then: Callable[[], None] | None) -> None:
        """Answer after the rule's pause, do what it does then, and go on with ``then`` if there is something."""
        self._rules.count(rule)
        least, most = rule.rule.after
        if not most:
            self._say(rule, captures)
            if then is not None:
                then()
            return

        def over() -> None:
            self._say(rule, captures)
            if then is not None:
                then()

        seconds = random.uniform(least, most) / 1000  # noqa: S311 - not for keys
        self._holds += 1
        self._pause = self._peer.call_later(seconds, partial(self._go_on, over))

    def _say(self, rule: ReadyRule, captures: Captures) -> None:
        if self._is_over:
            return
        body = rule.quoted(captures)
        if body is None:
            answer = rule.answer(self._context(rule, captures))
            if isinstance(answer, Misfit):
                why = answer.sentence.removesuffix(".")
                self._peer.note(f"the rule {quoted(rule.rule.name)} has no answer here: {why}")
                return
            self._variables.update(answer.variables)
            self._count += answer.counts
            body = answer.body
        if body:
            self._peer.send(body, rule.origin)
        if rule.action.do is not None:
            self.closed()  # first, for what is done may come back here
            rule.action.do(self._peer)

    def _context(self, rule: ReadyRule, captures: Captures) -> Context:
        if rule.is_timeless:
            return Context(variables=self._variables, captures=captures)
        return replace(Context.now(self._count, variables=self._variables), captures=captures)
