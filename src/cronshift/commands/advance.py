"""``cronshift advance``: take the step that the evidence allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from cronshift.commands.carrying_out import (
    Carried,
    Confirmation,
    DeployMinutes,
    DryRun,
    Jobs,
    Yes,
    carry_out_in_time,
)
from cronshift.commands.compare import chosen
from cronshift.commands.deciding import Assume, Because, Despite, ask_about, decided
from cronshift.commands.of_flow import Flow, refuse_jobs_of_flow
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.advance import RolloutStep
    from cronshift.moving.cutover import Cutover
    from cronshift.moving.flows import FlowChange
    from cronshift.moving.rollback import Rollback
    from cronshift.readiness.checking import Decisions

_DECLINED = "You said no: every tick keeps its owner."


def advance(
    context: typer.Context,
    jobs: Jobs = None,
    flow: Flow = None,
    deploy_minutes: DeployMinutes = 15,
    despite: Despite = None,
    assume: Assume = None,
    because: Because = "",
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Take each rollout one step on, or back, where the evidence is enough.

    For the jobs and flows whose rollout was planned with cronshift cutover --stages. The evidence is that
    of cronshift compare; each step is the operation that cutover or rollback would make, and begins when
    both sides can hold the file, --deploy-minutes after the write. Where they read it from an address
    say --deploy-minutes 0, and push it: cronshift flags push. A run that has begun keeps its retries.

    Made to run again and again, in CI or on a schedule: without new evidence nothing changes, a step
    that is still to begin is waited for, and one that was interrupted here is brought to its end
    first. Steps of an --auto rollout are not asked about; others are told, and wait, where there is
    nobody to ask. A rollout that went back is over.

    Exits 1 when a job went back, or has to and waits for your word.

    Examples:
      cronshift advance
      cronshift advance prediction-check --dry-run
      cronshift advance --flow prediction-session --yes
      cronshift advance --deploy-minutes 0 && cronshift flags push --yes
    """
    from cronshift.moving.advance import flow_steps, judged, judged_flows, recover, steps
    from cronshift.output.evidence_text import verdicts_text
    from cronshift.project.rollouts_file import read_rollouts

    invocation: Invocation = context.obj
    console = invocation.console
    interrupted = None if dry_run else recover(invocation.root, datetime.now(UTC))
    if interrupted is not None:
        console.say(f"{interrupted.command} was interrupted, and is {interrupted.state} now.")
    if flow is not None:
        refuse_jobs_of_flow(jobs)
    rollouts, now = read_rollouts(invocation.root), datetime.now(UTC)
    wants_jobs, wants_flows = (
        bool(rollouts.jobs) and flow is None,
        bool(rollouts.flows) and not jobs,
    )
    judgements = judged(invocation.project, now) if wants_jobs else {}
    of_jobs = {job: verdict for job, verdict in judgements.items() if job in rollouts.jobs}
    verdicts = chosen(of_jobs, jobs or ()) if flow is None else []
    of_flows = judged_flows(invocation.project, now) if wants_flows else {}
    verdicts_of_flows = chosen(of_flows, [flow] if flow else [])
    if not (rollouts.jobs or rollouts.flows):
        console.say("No rollout is planned: cronshift cutover JOB --stages 10,50,100")
    elif not invocation.json:
        console.result(verdicts_text([*verdicts, *verdicts_of_flows]))
    taking = _Taking(
        invocation,
        deploy=timedelta(minutes=deploy_minutes),
        decisions=decided(despite, assume, because),
        yes=yes,
        dry_run=dry_run,
    )
    for step in steps(verdicts, rollouts.jobs):
        taking.take(step)
    for step in flow_steps(verdicts_of_flows, rollouts.flows):
        taking.take(step)
    if invocation.json:
        console.document(
            {
                "jobs": [judgement.to_json() for judgement in verdicts],
                "flows": [judgement.to_json() for judgement in verdicts_of_flows],
                "operations": [carried.to_json() for carried in taking.carried],
                "waiting": taking.waiting,
            }
        )
    return taking.code


class _Taking:
    """Takes steps, one after the other, and keeps what became of them."""

    def __init__(
        self,
        invocation: Invocation,
        *,
        deploy: timedelta,
        decisions: Decisions,
        yes: bool,
        dry_run: bool,
    ) -> None:
        self.carried: list[Carried] = []
        self.waiting: list[dict[str, Any]] = []
        self.code = ExitCode.OK
        self._invocation = invocation
        self._deploy = deploy
        self._decisions = decisions
        self._yes = yes
        self._dry_run = dry_run

    def take(self, step: RolloutStep) -> None:
        """Take a step, or say that it waits for the user's word."""
        console = self._invocation.console
        if not step.percent:
            self.code = ExitCode.NOT_WELL
        is_agreed = self._yes or step.is_by_itself
        if not (is_agreed or self._dry_run or console.can_ask):
            self.waiting.append(step.to_json())
            console.warn(f"{step.sentence} waits for you: {step.command}")
            return
        console.say(step.sentence, style="bold")
        confirmation = Confirmation(
            "Take this step?", yes=is_agreed, dry_run=self._dry_run, declined=_DECLINED
        )
        _, carried = carry_out_in_time(self._invocation, lambda: self._prepare(step), confirmation)
        self._invocation.forget()
        self.carried.append(carried)
        self.code = max(self.code, carried.code)
        if carried.applied and carried.operation.write_by is not None:
            console.say("Commit and deploy both sides now, or cronshift flags push.")

    def _prepare(self, step: RolloutStep) -> Cutover | Rollback | FlowChange:
        from cronshift.moving.advance import prepare_step
        from cronshift.moving.cutover import Cutover
        from cronshift.moving.flows import FlowChange
        from cronshift.readiness.checking import not_known

        prepared = prepare_step(
            self._invocation.project,
            step,
            datetime.now(UTC),
            deploy=self._deploy,
            decisions=self._decisions,
        )
        if isinstance(prepared, FlowChange):
            return prepared
        console = self._invocation.console
        for sentence in (*prepared.costs, *prepared.advice):
            console.say(sentence, style="yellow")
        if isinstance(prepared, Cutover):
            unknown = [
                fact
                for fact in not_known(prepared.facts, self._decisions)
                if fact.kind.code not in step.decisions.assume
            ]
            if not ask_about(self._invocation, unknown, only_look=self._dry_run):
                console.say(_DECLINED)
                raise typer.Exit(ExitCode.NOT_WELL)
        return prepared
