"""The check for calls that reach nothing but their answer: a constant, a log line, a refusal.

What is written counts as well as what is followed: work behind a switch of the environment is work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import called_name
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.following import Trace
    from cronshift.handlers.flow.ledger import Ledger

_SAYING = lazy_pattern(
    # logs, clocks and numbers
    r"^(?:console|logger|log|logging|winston|pino|Date|JSON|Math|Object|Array|Number|String|Boolean|Buffer|"
    r"Intl|BigInt|parseInt|parseFloat|isNaN|performance|dayjs|moment|datetime|json|uuid|print|str|int|len|"
    r"bool|dict|list|isinstance|getattr|hasattr|RegExp|Promise(?:\.resolve)?|setTimeout|resolve)(?:\.|$)"
    r"|(?:^|\.)(?:now|today|toISOString|isoformat|strftime|randomUUID|uuid4|toString|toFixed|split|trim|strip|"
    r"startsWith|endsWith|startswith|endswith|includes|match|test|indexOf|slice|substring|replace|toLowerCase|toUpperCase|lower|"
    r"upper|encode|decode|join|padStart|map|filter|getTime|getUTC\w+|uptime|memoryUsage|cwd|timestamp)$"
    # the request, and who calls
    r"|(?:^|\.)(?:headers|cookies|query|params|args|searchParams|environ|env|req|request|event)\.(?:get|has|header|json|text)$"
    r"|^(?:headers|cookies|getHeader|getHeaders|getQuery|getRequestHeaders?|os\.getenv|getenv|Header|Query|Depends)$"
    r"|^(?:crypto\.|hashlib\.|hmac\.|secrets\.)?(?:createHash|createHmac|sha256|new|timingSafeEqual|compare_digest)(?:\.\w+)*$"
    r"|(?:^|\.)(?:is|verify|check|validate|assert|require|ensure|authorize)\w*(?:auth|secret|cron|bearer|signature|token)\w*$"
    # the answer
    r"|(?:^|\.)(?:Response|NextResponse|HttpResponse)(?:\.(?:json|redirect|error))?$"
    r"|^(?:res|resp|response|reply|_res|c|ctx|context)\.(?:status|code|sendStatus|json|send|end|text|html|redirect|type|"
    r"setHeader|set|header|body|writeHead)(?:\.(?:json|send|end|text|html|type|header|set|setHeader|redirect))*$"
    r"|^self\.(?:send_response|send_header|end_headers|send_error|wfile\.write)$"
    r"|^(?:json|data|text|error|redirect|permanentRedirect|notFound|jsonify|abort|make_response|createError|"
    r"sendRedirect|setResponseStatus|noStore|unstable_noStore|connection|\w*Response|\w*Error|\w*Exception)$"
    # a page, or a file of the site
    r"|^os\.path\.\w+$|^(?:flask\.)?(?:render_template|send_from_directory|send_file)$|\.TemplateResponse$",
    re.IGNORECASE,
)
"""Names of calls that only look at the request, say something, or make the answer."""
_MAKING = lazy_pattern(
    r"^(?:Response|NextResponse|Date|URL|URLSearchParams|Headers|Set|Map|RegExp|Promise|Text(?:En|De)coder|"
    r"Array|Intl\.\w+|\w*Error|\w*Exception)$"
)
"""What is made with ``new`` without beginning anything."""
_ENDS = (code.Return, code.Raise)


def only_says(run: Trace) -> bool:
    """Return whether all calls that are reached look at the request, say something, or answer."""
    return all(site.followed or _SAYING.search(site.name) for site in run.ledger.sites.values())


def is_idle(run: Trace) -> bool:
    """Return whether a call that is let in does nothing, in whatever is written on its way."""
    ledger = run.ledger
    if not run.is_complete or ledger.later or ledger.left() or not ledger.entered:
        return False
    if not only_says(run):
        return False
    functions = {id(function): function for function in ledger.entered.values()}
    return all(
        _is_harmless(call, ledger)
        for function in functions.values()
        for call in _calls((*function.parameters, *_alive(function.body(), ledger)), ledger)
    )


def _is_harmless(call: code.CallExpression, ledger: Ledger) -> bool:
    site = ledger.sites.get(call.place)
    if call.place in ledger.entered and (site is None or site.followed):
        return True  # it is looked at itself
    name = called_name(call.called)
    return (_MAKING if call.new else _SAYING).search(name) is not None


def _alive(body: Sequence[code.Statement], ledger: Ledger) -> Iterator[code.Statement]:
    """Yield the statements up to the one that always ends them."""
    for statement in body:
        if isinstance(statement, code.If):
            sides = ledger.decided.get(statement.place, {True, False})
            yes = tuple(_alive(statement.yes, ledger)) if True in sides else ()
            no = tuple(_alive(statement.no, ledger)) if False in sides else ()
            yield code.If(statement.test, yes, no, statement.place)
            taken = [side for side, branch in ((yes, True), (no, False)) if branch in sides]
            if all(side and isinstance(side[-1], _ENDS) for side in taken):
                return
            continue
        yield statement
        if isinstance(statement, _ENDS):
            return


def _calls(nodes: Sequence[object], ledger: Ledger) -> Iterator[code.CallExpression]:
    """Yield the calls that are written in some nodes, those in functions inside them too."""
    for node in nodes:
        if isinstance(node, code.CallExpression):
            yield node
        if isinstance(node, code.Function):
            yield from _calls((*node.parameters, *_alive(node.body(), ledger)), ledger)
        elif isinstance(node, tuple):
            yield from _calls(node, ledger)
        elif isinstance(node, Struct):
            yield from _calls([getattr(node, name) for name in node.__struct_fields__], ledger)
