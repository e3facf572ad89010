"""MEND: what ``--fix`` makes of a project's own sources; each text is judged again before it counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.findings import ASKED_FIRST
from cronshift.findings.behaviour import STUB_GET, SWALLOWED
from cronshift.findings.inngest import INTERCEPTED
from cronshift.findings.routing import WRONG_METHOD
from cronshift.handlers import Resolver
from cronshift.middleware_edit import NotExactError, leave_out
from cronshift.model import Severity
from cronshift.operations import Edit
from cronshift.operations.files import content, inside
from cronshift.planning import make_plan
from cronshift.repairing import NotRepairableError, spliced, splices_of
from cronshift.surveying import ENDPOINT, plain_routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cronshift.model import Finding, Plan
    from cronshift.project import Project
    from cronshift.repairing import Splice

MENDABLE = ASKED_FIRST | {INTERCEPTED.code}
"""The findings that ``--fix`` looks at; not all of them can be mended as text."""

_YOURS = {
    SWALLOWED.code: "whether to throw the error on or to answer 500 is yours to say",
    STUB_GET.code: "which function does the work is yours to say",
    WRONG_METHOD.code: "a GET has to be written",
}


@dataclass(frozen=True, slots=True)
class Mending:
    """What can be mended.

    Attributes:
        plan: the project's plan once it is.
        texts: what sources will hold, by their paths.
        mended: the findings that are gone then.
        unmended: the others that were looked at, and why they stay.
        edits: what writes the texts.
    """

    plan: Plan
    texts: Mapping[str, str] = field(default_factory=dict)
    mended: tuple[Finding, ...] = ()
    unmended: tuple[tuple[Finding, str], ...] = ()
    edits: tuple[Edit, ...] = ()


def mend(project: Project, plan: Plan, findings: Iterable[Finding]) -> Mending:
    """Return what can be mended of ``findings``; nothing is written.

    A source whose finding is still there when its new text is judged, or that has another one
    then, is left as it is.

    Raises:
        RefusedError: for a source behind a symbolic link.
    """
    read = _Sources(project.root)
    splices: defaultdict[str, set[Splice]] = defaultdict(set)
    texts: dict[str, str] = {}
    mended: list[Finding] = []
    unmended: list[tuple[Finding, str]] = []
    for finding in findings:
        file = finding.location.file if finding.location else ""
        try:
            if finding.code in _YOURS:
                raise NotRepairableError(_YOURS[finding.code])  # noqa: TRY301 - as the others
            text = read.text(file)
            if finding.code == INTERCEPTED.code:
                texts[file] = leave_out(text, file, [ENDPOINT], _routes(project)).text
            else:
                splices[file] |= splices_of(text, file, finding)
                texts[file] = spliced(text, splices[file])
            mended.append(finding)
        except (NotRepairableError, NotExactError) as error:
            unmended.append((finding, str(error)))
    while texts:
        after = make_plan(project, texts)
        failed = _failed(plan, after, mended, texts)
        if not failed:
            edits = tuple(read.edit(file, text) for file, text in sorted(texts.items()))
            return Mending(after, texts, tuple(mended), tuple(unmended), edits)
        texts = {file: text for file, text in texts.items() if file not in failed}
        unmended += [
            (one, "judged again, it is not well") for one in mended if _file(one) in failed
        ]
        mended = [one for one in mended if _file(one) not in failed]
    return Mending(plan, unmended=tuple(unmended))


class _Sources:
    """The sources of a project as they are, so that an edit is based on what was judged."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: dict[str, bytes | None] = {}

    def text(self, file: str) -> str:
        """Return a source's text.

        Raises:
            NotRepairableError: if it is not there, or not UTF-8.
        """
        if file not in self._held:
            self._held[file] = content(inside(self._root, file))
        try:
            return (self._held[file] or b"").decode()
        except UnicodeDecodeError:
            raise NotRepairableError("the file is not UTF-8") from None

    def edit(self, file: str, text: str) -> Edit:
        """Return the edit that makes a source hold ``text``."""
        return Edit(file, text.encode(), summary=f"repair {file}", based_on=self._held[file])


def _routes(project: Project) -> list[str]:
    return plain_routes(Resolver(project.root, project.sources[0].document))


def _failed(
    before: Plan, after: Plan, mended: Sequence[Finding], texts: Mapping[str, str]
) -> set[str]:
    """Return the files that are not better for their new text; all, where that cannot be told."""
    known = {_key(one) for one in before.findings} - {_key(one) for one in mended}
    bad = [one for one in after.findings if _is_bad(one) and _key(one) not in known]
    files = {_file(one) for one in bad}
    return files & set(texts) or (set(texts) if files else set())


def _is_bad(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR or finding.code in ASKED_FIRST


def _key(finding: Finding) -> tuple[str, str | None, str, int]:
    line = finding.location.line if finding.location else 0
    return finding.code, finding.job, _file(finding), line


def _file(finding: Finding) -> str:
    return finding.location.file if finding.location else ""
