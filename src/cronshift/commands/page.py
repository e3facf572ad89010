"""The page of ``cronshift --help``: every command on one screen, by the stages of the way."""

from __future__ import annotations

PAGE = """\
Usage: cronshift [OPTIONS] COMMAND …   Moves scheduled jobs, Vercel → Inngest

Look      audit, explain     every entry and what is wrong; what a code means
          next, status       what to do now; who owns each job, what is next
Prepare   init, migrate      cronshift.toml; Inngest functions: nothing moves
          baseline, validate take over what moved by hand; is all as planned?
          run, serve, sync   one job, here; serve the functions; register them
          link, setup        where an environment is; set it up, step by step
Watch     doctor             is everything that runs there well?
          observe, report    do both sides see each tick? the move on one page
Move      cutover, rollback  give ticks to Inngest, or by stages; all to Vercel
          compare, advance   is it as good as before? then a step on, or back
          pause, resume-job  nobody runs a job's ticks, until you say so
End       finalize, forget   remove what is left of Vercel cron; of cronshift

Of        ticks, runs        list, replay; list, show
          dead-letters       list, show, replay, drop: the runs that failed
          sessions           orphans, refunds, recover, status, scaffold
          alerts, monitors   check, test; list, create
          flags, operations  export, push; list, show, apply, resume, abandon

Options   -C DIR, --config FILE, --json, -q, -v, --no-color, --version, -h
          cronshift COMMAND --help explains one. Start with: cronshift audit
"""
_WITH_VALUES = frozenset({"-C", "--directory", "--config"})


def is_page_wanted(words: list[str]) -> bool:
    """Return whether help is asked for, and no command is named that it could be of."""
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUES:
            next(rest, None)
        elif not word.startswith("-"):
            return False
    return not {"-h", "--help"}.isdisjoint(words)
