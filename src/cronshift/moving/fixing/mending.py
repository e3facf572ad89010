"""MEND: the repairs of ``--fix`` in a project's own sources; each text is judged again first."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.handlers.middleware import NotExactError, leave_out
from cronshift.handlers.repository import OUTSIDE
from cronshift.model import Severity
from cronshift.moving.fixing.awaiting import NotRepairableError, splices_of
from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.plan.findings import ASKED_FIRST
from cronshift.plan.findings.behaviour import NOT_AWAITED, STUB_GET, SWALLOWED
from cronshift.plan.findings.fronts import ENTRY_INTERCEPTED, INTERCEPTED, plain_routes, turned_away
from cronshift.plan.findings.routing import WRONG_METHOD
from cronshift.plan.planning import make_plan
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cronshift.model import Finding, Plan
    from cronshift.project import Project
    from cronshift.vercel.splicing import Splice

MENDABLE = ASKED_FIRST | {INTERCEPTED.code}
"""The findings that ``--fix`` looks at; not all of them can be mended as text."""

_AS_TEXT = {NOT_AWAITED.code, INTERCEPTED.code}
_OTHERS = "how the handler is to go on is yours to say"
_YOURS = {
    SWALLOWED.code: "whether to throw the error on or to answer 500 is yours to say",
    STUB_GET.code: "which function does the work is yours to say",
    WRONG_METHOD.code: "a GET has to be written",
    ENTRY_INTERCEPTED.code: "whether the job is meant to run is yours to say",
}


class Mending(Struct, frozen=True):
    """The mending of a project's sources, worked out and not yet written.

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
    """Return the mending of ``findings``, as far as it is possible; nothing is written.

    A source whose finding is still there when its new text is judged, or that has another one
    then, is left as it is.

    Raises:
        RefusedError: for a source behind a symbolic link.
    """
    tried = _Tried(project, plan.called_paths)
    for finding in findings:
        tried.add(finding)
    # Beside work that is awaited, what is not would pass for a side matter, and be lost from sight.
    stuck = {_file(finding) for finding, _ in tried.unmended if finding.code == NOT_AWAITED.code}
    tried.drop(stuck, "something else in its file cannot be repaired")
    while tried.texts:
        edited = {file: text.encode() for file, text in tried.texts.items()}
        after = make_plan(replace(project, edited={**project.edited, **edited}))
        failed = _failed(plan, after, tried.mended, tried.texts)
        if not failed:
            return Mending(
                after, tried.texts, tuple(tried.mended), tuple(tried.unmended), tried.edits()
            )
        tried.drop(failed, "judged again, it is not well")
    return Mending(plan, unmended=tuple(tried.unmended))


class _Tried:
    """The attempts so far: the texts, and the outcome for each finding."""

    def __init__(self, project: Project, paths: Sequence[str]) -> None:
        self._project = project
        self._paths = paths
        self._held: dict[str, bytes | None] = {}
        self._splices: defaultdict[str, set[Splice]] = defaultdict(set)
        self.texts: dict[str, str] = {}
        self.mended: list[Finding] = []
        self.unmended: list[tuple[Finding, str]] = []

    def add(self, finding: Finding) -> None:
        """Try to mend one more finding.

        Raises:
            RefusedError: for a source behind a symbolic link.
        """
        file = _file(finding)
        try:
            if finding.code not in _AS_TEXT:
                raise NotRepairableError(_YOURS.get(finding.code, _OTHERS))  # noqa: TRY301 - as the others
            if file.startswith(OUTSIDE):
                raise NotRepairableError("its file is outside the project")  # noqa: TRY301
            text = self._text(file)
            if finding.code == INTERCEPTED.code:
                resolver = self._project.resolver()
                standing = turned_away(resolver, self._paths)
                self.texts[file] = leave_out(
                    text, file, list(standing), plain_routes(resolver)
                ).text
            else:
                self._splices[file] |= splices_of(text, file, finding)
                self.texts[file] = spliced(text, self._splices[file])
            self.mended.append(finding)
        except (NotRepairableError, NotExactError) as error:
            self.unmended.append((finding, str(error)))

    def drop(self, files: Collection[str], why: str) -> None:
        """Leave files as they are, after all."""
        self.texts = {file: text for file, text in self.texts.items() if file not in files}
        self.unmended += [(finding, why) for finding in self.mended if _file(finding) in files]
        self.mended = [finding for finding in self.mended if _file(finding) not in files]

    def edits(self) -> tuple[Edit, ...]:
        """Return the edits that write the sources' new texts, based on those that were judged."""
        return tuple(
            Edit(file, text.encode(), summary=f"repair {file}", based_on=Seen(self._held[file]))
            for file, text in sorted(self.texts.items())
        )

    def _text(self, file: str) -> str:
        if file not in self._held:
            self._held[file] = content(inside(self._project.root, file))
        try:
            return (self._held[file] or b"").decode()
        except UnicodeDecodeError:
            raise NotRepairableError("the file is not UTF-8") from None


def _failed(
    before: Plan, after: Plan, mended: Sequence[Finding], texts: Mapping[str, str]
) -> set[str]:
    """Return the files that are not better for their new text; all, where that cannot be told."""
    keys_before = {_key(finding) for finding in before.findings} - {
        _key(finding) for finding in mended
    }
    bad = [
        finding
        for finding in after.findings
        if _is_bad(finding) and _key(finding) not in keys_before
    ]
    files = {_file(finding) for finding in bad}
    return files & set(texts) or (set(texts) if files else set())


def _is_bad(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR or finding.code in ASKED_FIRST


def _key(finding: Finding) -> tuple[str, str | None, str, int]:
    line = finding.location.line if finding.location else 0
    return finding.code, finding.job, _file(finding), line


def _file(finding: Finding) -> str:
    return finding.location.file if finding.location else ""
