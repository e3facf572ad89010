from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.model import CronEntry, Location
from cronshift.plan.job_ids import job_ids
from cronshift.project.slug import slug

if TYPE_CHECKING:
    from random import Random


def entry(path: str, schedule: str = "0 6 * * *") -> CronEntry:
    return CronEntry(path, schedule, Location("vercel.json", 1), "crons[0]")


def ids(*entries: CronEntry) -> list[str]:
    return list(job_ids(entries))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/cron/prediction-check", "prediction-check"),
        ("/api/cron", "cron"),
        ("/cron", "cron"),
        ("/api/survivor/automation", "survivor-automation"),
        ("/api/cron-jobs/expired-exports", "expired-exports"),
        ("/api/cron/sendWarmLeadsEmails", "send-warm-leads-emails"),
        ("/api/cron/x/", "x"),
        ("/api/trpc/properties.getAll?batch=1", "trpc-properties-get-all"),
    ],
)
def test_an_id_comes_from_the_path(path: str, expected: str) -> None:
    assert ids(entry(path)) == [expected]


def test_a_path_without_words_gets_a_digest() -> None:
    assert re.fullmatch(r"job-[0-9a-f]{6}", ids(entry("/"))[0])


def test_entries_of_one_path_are_told_apart_by_what_differs_in_the_query() -> None:
    assert ids(
        entry("/cron/usage-reports?frequency=Daily"),
        entry("/cron/usage-reports?frequency=Weekly"),
        entry("/cron/usage-reports"),
    ) == ["usage-reports-daily", "usage-reports-weekly", "usage-reports"]


def test_a_shared_part_of_the_query_does_not_enter_the_id() -> None:
    assert ids(entry("/cron/r?v=2&f=a"), entry("/cron/r?v=2&f=b")) == ["r-a", "r-b"]


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (("a=1&b=x", "a=2&b=y"), ["r-1", "r-2"]),
        (("a=1&b=x", "a=1&b=y", "a=2&b=x"), ["r-1-x", "r-1-y", "r-2-x"]),
        (("v=2&input=%7B%22long%22%3A1%7D&f=a", "v=2&input=%7B%22long%22%3A2%7D&f=b"), ["r-a", "r-b"]),
        (("a=1&a=2", "a=1&a=3"), ["r-1-2", "r-1-3"]),
    ],
)  # fmt: skip
def test_the_query_decides_only_as_much_as_it_must(
    queries: tuple[str, ...], expected: list[str]
) -> None:
    assert ids(*(entry(f"/cron/r?{query}") for query in queries)) == expected


def test_a_long_id_is_cut_between_words() -> None:
    path = "/api/cron/" + "-".join(["recalculate"] * 10)
    (long,) = ids(entry(path))
    assert re.fullmatch(r"recalculate(-recalculate)+-[0-9a-f]{6}", long)
    assert len(long) <= 48


def test_entries_of_one_path_and_query_are_told_apart_by_the_schedule() -> None:
    assert ids(
        entry("/api/cron/exports", "0 2 * * *"),
        entry("/api/cron/exports", "0 3 * * *"),
        entry("/api/cron/zombie", "0 * * * *"),
        entry("/api/cron/zombie", "*/5 9 * * 2"),
    ) == ["exports-h2", "exports-h3", "zombie-m0", "zombie-mevery-5-h9-w2"]


def test_entries_that_are_the_same_in_everything_are_numbered() -> None:
    assert ids(entry("/api/cron/a"), entry("/api/cron/a")) == ["a", "a-2"]


def test_different_paths_with_one_short_name_use_the_whole_path() -> None:
    assert ids(entry("/api/cron/sync"), entry("/api/sync")) == ["api-cron-sync", "api-sync"]


def test_paths_that_read_alike_get_a_digest() -> None:
    one, two = ids(entry("/api/fooBar"), entry("/api/foo-bar"))
    assert one != two
    assert one.startswith("api-foo-bar-")


def test_an_id_the_user_gave_is_not_given_again() -> None:
    assert job_ids([entry("/api/cron/sync")], taken={"sync"})[0].startswith("sync-")


paths = st.one_of(
    st.text(max_size=40).map(lambda text: "/" + text),
    st.sampled_from(["/api/a", "/api/cron/a", "/a", "/a?x=1", "/a?x=2", "/a-2", "/a-h2", "/A"]),
)
entries = st.lists(
    st.builds(entry, paths, st.sampled_from(["0 2 * * *", "0 3 * * *", "* * * * *", "bad"])),
    max_size=12,
)


@given(entries)
def test_ids_are_unique_and_plain(entries: list[CronEntry]) -> None:
    names = job_ids(entries)
    assert len(set(names)) == len(entries)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and len(name) <= 120 for name in names)


@given(entries, st.randoms())
def test_ids_do_not_depend_on_the_order_of_the_entries(
    entries: list[CronEntry], random: Random
) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)

    def named(some: list[CronEntry]) -> list[tuple[str, str, str]]:
        return sorted(
            (e.path, e.schedule, name) for e, name in zip(some, job_ids(some), strict=True)
        )

    assert named(entries) == named(shuffled)


@given(st.text())
def test_a_slug_is_never_empty_and_never_long(text: str) -> None:
    assert 0 < len(slug(text)) <= 80
