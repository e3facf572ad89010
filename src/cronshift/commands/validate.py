"""``cronshift validate``: the modules, or a running endpoint, against the plan."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import tell_next
from cronshift.commands.environments import bypass_of, chosen, environment_of, refuse_unlinked
from cronshift.errors import ExitCode
from cronshift.model import Severity
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.engine.validation import Registration
    from cronshift.model import Finding, Plan


def validate(
    context: typer.Context,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="CRONSHIFT_ENDPOINT",
            help="Check what is served there, in Python or TypeScript, instead of the modules.",
        ),
    ] = None,
    compiles: Annotated[
        bool,
        typer.Option(
            "--compile/--no-compile",
            help="TypeScript: run the project's own tsc --noEmit (compile_timeout, 2m).",
        ),
    ] = True,
    builds: Annotated[
        bool,
        typer.Option("--build", help="Run the app's own build too, which writes what it writes."),
    ] = False,
    start: Annotated[
        bool,
        typer.Option(
            "--start", help="Start the Next.js app's own dev server, and ask every path once."
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Check the endpoint of an environment that cronshift link has written down.",
        ),
    ] = None,
) -> ExitCode:
    """Check the generated modules, or a running endpoint, against the plan and Inngest's rules.

    Python modules are imported in a process of their own, so the project's code runs there.
    TypeScript is read, and its types are checked by the project's own compiler: none of its code
    runs. An endpoint in cloud mode lists its functions to who has INNGEST_SIGNING_KEY.

    What could not be looked at is "not checked", and nothing is called valid then: "valid" is null
    with --json. --build runs the `build` script of package.json, for build_timeout (15m) at most.

    --start asks the endpoint, the dispatcher and every entry once, without a cookie and without running
    a job: what the app turns away is known bad then.

    What a move depends on beside that is listed where it is not known good, as by cronshift status.

    Exits 1 when a finding is an error (with --strict: or a warning; with --strict or --start: or a fact is
    known bad).

    Examples:
      cronshift validate
      cronshift validate --build
      cronshift validate --start
      cronshift validate --endpoint http://localhost:3000/api/inngest
      cronshift validate --env production
      cronshift validate --json | jq '.findings[].code'
    """
    from cronshift.engine.validation.building import check_build
    from cronshift.engine.validation.project import (
        has_unchecked,
        validate_endpoint,
        validate_package,
    )
    from cronshift.output.text import facts_text
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.checking import facts_of, settled, subject_of
    from cronshift.readiness.fact import Knowledge
    from cronshift.targets import target_named

    invocation: Invocation = context.obj
    plan, bypass = make_plan(invocation.project), None
    if env is not None:
        environment, typed = environment_of(invocation, env), endpoint
        endpoint = chosen(context, "endpoint", endpoint, env, environment.endpoint)
        refuse_unlinked(env, "endpoint", endpoint)
        bypass = bypass_of(invocation, environment, endpoint or "", typed)
    if endpoint is None:
        if target_named(plan.target).checks_types and compiles:
            invocation.console.say("Reading the modules, and checking their types with tsc …")
        root = invocation.project.root
        registration, findings = validate_package(root, plan, compiles=compiles)
    else:
        key = os.environ.get("INNGEST_SIGNING_KEY")
        registration, findings = asyncio.run(validate_endpoint(plan, endpoint, key, bypass))
    if builds:
        timeout = invocation.project.settings.validate.build_timeout
        app = invocation.project.root / invocation.project.resolver().app
        findings = (*findings, *check_build(app, timeout, invocation.console.say))
    worst = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    now = datetime.now(UTC)
    facts = facts_of(invocation.project, plan, now)
    if start:
        subject = subject_of(invocation.project, plan, now)
        asking = target_named(plan.target).ask_running(subject, invocation.console.say)
        facts = settled(facts, asyncio.run(asking))
    is_unready = (strict or start) and any(fact.answer is Knowledge.BAD for fact in facts)
    bad = is_unready or any(finding.severity in worst for finding in findings)
    if invocation.json:
        well = None if not bad and has_unchecked(findings) else not bad
        document = _document(registration, findings, well=well)
        invocation.console.document(document | {"facts": [fact.to_json() for fact in facts]})
    else:
        _show(invocation, plan, registration, findings)
        if any(fact.answer is not Knowledge.GOOD for fact in facts):
            invocation.console.result(facts_text(facts))
    return ExitCode.NOT_WELL if bad else ExitCode.OK


def _document(
    registration: Registration, findings: tuple[Finding, ...], *, well: bool | None
) -> dict[str, object]:
    from cronshift.output.plan_document import finding_document

    functions = registration.functions
    return {
        "version": 1,
        "valid": well,
        "app_id": registration.app_id,
        "sdk": registration.sdk,
        "mode": registration.mode,
        "functions": None if functions is None else [function.id for function in functions],
        "findings": [finding_document(finding) for finding in findings],
    }


def _show(
    invocation: Invocation, plan: Plan, registration: Registration, findings: tuple[Finding, ...]
) -> None:
    from cronshift.engine.validation.project import has_unchecked
    from cronshift.output.audit_text import findings_text

    console = invocation.console
    if findings:
        console.result(findings_text(findings))
    served = registration.functions
    count = (
        registration.count or 0
        if served is None
        else sum(
            not (function.is_failure_handler or function.tells_cancelled) for function in served
        )
    )
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    console.result(
        f"{counted(count, 'function')} for {counted(len(plan.runnable), 'job')}"
        + (f" ({registration.sdk}): " if registration.sdk else ": ")
        + _verdict(errors, is_unchecked=has_unchecked(findings))
    )
    if not errors:
        tell_next(invocation, "validate", plan=plan)


def _verdict(errors: int, *, is_unchecked: bool) -> str:
    """Return the verdict; a package that was not wholly checked is never called valid."""
    if errors:
        return f"{counted(errors, 'error')}."
    return "nothing wrong found, and not all was checked." if is_unchecked else "valid."
