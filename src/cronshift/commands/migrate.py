"""``cronshift migrate``: generate the functions; nothing changes owner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    DryRun,
    SavePlan,
    Yes,
    keep_plan,
    tell_next,
    warn_of_unreadable,
)
from cronshift.commands.completion import finding_codes, job_names
from cronshift.errors import ExitCode
from cronshift.model import Severity
from cronshift.targets import target_names

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.commands.invocation import Invocation
    from cronshift.moving.migration import Migration


def migrate(
    context: typer.Context,
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="JOB", help="All when none is named.", autocompletion=job_names),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help=f"What to generate: {' or '.join(target_names())}; kept in cronshift.toml. "
            "Without it, what suits the app."
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The folder to write, inside the project; kept so too."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files changed by hand, after a backup.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE[:JOB]",
            help="Move a job with a finding, and keep that in cronshift.toml; may be repeated.",
            autocompletion=finding_codes,
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Mend handlers and middleware where text alone can; put in the guard."
        ),
    ] = False,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="Call a job otherwise; its module, settings and epochs go with it. Repeatable.",
        ),
    ] = None,
    workflow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Make jobs of the schedules of a GitHub workflow that only calls routes (CS559), and keep"
            " that in cronshift.toml; may be repeated.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Show only, and exit 1 when something would change.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Generate an Inngest function for every cron entry, as code you can read and keep.

    Vercel goes on calling its routes: generating and even deploying the functions moves no job
    before their app is synced with Inngest.

    A handler that does not await its work, swallows its errors or does not answer GET is left out
    and shown, unless --fix mends it (awaiting the work; shown as a diff) or --accept takes it as it
    is. Jobs that are in the package already stay there.

    Files that you changed by hand are left alone unless you say --force, which keeps a backup.
    Exits 1 when a job asked for is left out for a finding, after doing the others.

    Examples:
      cronshift migrate --dry-run
      cronshift migrate --fix --dry-run
      cronshift migrate --accept CS204:prediction-check --yes
      cronshift migrate prediction-check --yes
      cronshift migrate --out src/jobs --force
      cronshift migrate --target python
      cronshift migrate --rename usage-reports-3f2a1b=weekly-usage
      cronshift migrate --workflow .github/workflows/nightly.yml
      cronshift migrate --check
    """
    from cronshift import operations
    from cronshift.moving.migration import prepare_migration

    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.project.root
    dry_run = dry_run or check
    operations.refuse_unfinished(root)
    warn_of_unreadable(invocation)
    migration = prepare_migration(
        invocation.project,
        jobs or (),
        datetime.now(UTC),
        target=target,
        out=out,
        force=force,
        only_look=dry_run,
        accept=accept or (),
        fix=fix,
        rename=rename or (),
        workflows=workflow or (),
    )
    operation, written = migration.operation, False
    only_shown = dry_run or save_plan is not None
    if not invocation.json:
        _show(invocation, migration, force=force)
    if operation.changes and save_plan is not None:
        keep_plan(invocation, operation, save_plan)
    elif operation.changes and not dry_run and _is_agreed(invocation, yes=yes):
        operation = operations.apply(root, operation)
        written = True
        for copy in migration.copies:
            console.say(f"kept {copy}")
        _tell_what_is_left(invocation, migration)
    elif not operation.changes and migration.changes:
        console.say("Everything is generated already; nothing was changed.")
    elif not operation.changes:
        console.say("Nothing was generated, and nothing changed.")
    if invocation.json:
        console.document(_document(root, migration, written=written))
    declined = bool(operation.changes) and not written and not only_shown
    is_behind = check and any(change.action != "unchanged" for change in migration.changes)
    is_behind = is_behind or (check and bool(operation.changes))
    bad = migration.left_out or declined or is_behind
    return ExitCode.NOT_WELL if bad else ExitCode.OK


def _is_agreed(invocation: Invocation, *, yes: bool) -> bool:
    agreed = invocation.console.confirm("Write these files?", yes=yes)
    if not agreed:
        invocation.console.say("You said no: no file was written.")
    return agreed


def _tell_what_is_left(invocation: Invocation, migration: Migration) -> None:
    """Print the facts that the move still depends on, and the next command.

    Where nothing could be generated, what is told of the jobs left out says what comes next.
    """
    from cronshift.moving.renaming import proposals
    from cronshift.output.text import facts_text
    from cronshift.plan.planning import make_plan
    from cronshift.project import load_project
    from cronshift.readiness.checking import facts_of
    from cronshift.readiness.fact import Knowledge

    console, before = invocation.console, invocation.project
    project = load_project(before.root, invocation.config)
    plan = make_plan(project)
    facts = facts_of(project, plan, datetime.now(UTC)) if migration.changes else ()
    if not invocation.json and any(fact.answer is not Knowledge.GOOD for fact in facts):
        console.say("Before cronshift cutover:")
        console.result(facts_text(facts))
    for name in proposals(plan):
        console.say(f"{name} may have a better name: cronshift migrate --rename {name}=NAME")
    if migration.changes or migration.mending is None:
        tell_next(invocation)


def _show(invocation: Invocation, migration: Migration, *, force: bool) -> None:
    from cronshift.output.audit_text import findings_text
    from cronshift.output.text import changes_summary, left_out_text, mending_text
    from cronshift.plan.findings.inngest import PASSED_OVER

    console = invocation.console
    left_out = {job.id for job in migration.left_out}
    stopping = [finding for finding in migration.plan.findings if finding.job in left_out]
    everybodys = [
        finding
        for finding in migration.plan.findings
        if finding.job is None
        and (finding.severity is Severity.ERROR or finding.code == PASSED_OVER.code)
    ]
    if stopping or everybodys:
        console.result(findings_text([*everybodys, *stopping]))
    if stopping:
        console.result(left_out_text(stopping))
    for finding in migration.doubtful:
        console.warn(
            f"{finding.job} stays in the package although {finding.code} is found: fix it."
        )
    for acceptance in migration.idle:
        is_accepted = any(acceptance.covers(finding) for finding in migration.plan.suppressed)
        console.warn(
            f"--accept {acceptance}: {'accepted already' if is_accepted else 'hides nothing'}."
        )
    if migration.mending is not None and not migration.guarded:
        console.result(mending_text(migration.mending))
    for image in migration.own_edits:
        console.diff(image.diff())
    for change in migration.changes:
        if change.action in {"update", "edited"} or (change.action == "create" and console.verbose):
            console.diff(change.diff())
    console.result(changes_summary(migration.changes, migration.own_edits, force=force))


def _document(root: Path, migration: Migration, *, written: bool) -> dict[str, object]:
    from cronshift.output.plan_document import finding_document, plan_document
    from cronshift.project.ownership_file import read_ownership

    changes = [{"path": change.path, "action": str(change.action)} for change in migration.changes]
    mending = migration.mending
    return {
        **plan_document(migration.plan, datetime.now(UTC), ownership=read_ownership(root)),
        "changes": changes,
        "left_out": [job.id for job in migration.left_out],
        "doubtful": [finding_document(finding) for finding in migration.doubtful],
        "accepted": [
            {"code": suppression.code, "job": suppression.job} for suppression in migration.accepted
        ],
        "hides_nothing": [str(acceptance) for acceptance in migration.idle],
        "repaired": [finding_document(finding) for finding in mending.mended] if mending else [],
        "not_repaired": [
            {**finding_document(finding), "why": why} for finding, why in mending.unmended
        ]
        if mending
        else [],
        "edits": [
            {"path": image.path, "diff": "".join(image.diff())} for image in migration.own_edits
        ],
        "operation": migration.operation.id if written else None,
        "written": written,
    }
