"""The calls of GitHub's scheduled workflows, as they are written in many ways."""

from __future__ import annotations

from textwrap import indent

import pytest

from cronshift.project.workflows.reading import read_workflow

BEARER = '-H "Authorization: Bearer ${{ secrets.CRON_SECRET }}"'


def workflow(script: str, *, step: str = "", job: str = "", top: str = "") -> str:
    return (
        f"on:\n  schedule:\n    - cron: '0 3 * * *'\n{top}jobs:\n  call:\n    runs-on: ubuntu-latest\n{job}"
        f"    steps:\n      - name: call\n{step}        run: |\n{indent(script, ' ' * 10)}\n"
    )


def called(text: str) -> list[tuple[str, str, str, str | None]]:
    return [
        (each.call.method, each.call.address, each.call.path, each.unlike("CRON_SECRET", ()))
        for each in read_workflow(text, ".github/workflows/mail.yml")
    ]


@pytest.mark.parametrize(
    "script",
    [
        f'curl -fsS "https://app.example/api/mail?a=1&b=2" {BEARER}',
        f"curl --fail --max-time 30 {BEARER} \\\n  https://app.example/api/mail?a=1\\&b=2",
        (
            f'code=$(curl -so /dev/null -w "%{{http_code}}" -X GET "https://app.example/api/mail?a=1&b=2" {BEARER})\n'
            'if [ "$code" -ne 200 ]; then\n  echo "no: $code"\n  exit 1\nfi'
        ),
        f"if ! curl -f 'https://app.example/api/mail?a=1&b=2' {BEARER}; then exit 1; fi",
        f'BASE="https://app.example"\ncurl "$BASE/api/mail?a=1&b=2" {BEARER} | jq .',
        'wget -qO- --header="Authorization: Bearer ${{ secrets.CRON_SECRET }}" "https://app.example/api/mail?a=1&b=2"',
        (
            "node -e \"fetch('https://app.example/api/mail?a=1&b=2', { headers: { Authorization: "
            "'Bearer ' + process.env.CRON_SECRET } }).then((r) => process.exit(r.ok ? 0 : 1))\""
        ),
    ],
)
def test_one_call_is_read_in_whatever_way_it_is_written(script: str) -> None:
    wanted = ("GET", "https://app.example", "/api/mail?a=1&b=2", None)
    assert called(workflow(script)) == [wanted]


@pytest.mark.parametrize("address", ["http://localhost:3000", "127.0.0.1:8080", "http://0.0.0.0"])
def test_a_server_of_the_runner_is_not_the_deployed_app(address: str) -> None:
    assert called(workflow(f"curl -fsS {address}/api/mail")) == []


def test_variables_are_filled_in_where_they_are_written_down() -> None:
    text = workflow(
        'curl "$APP/$ROUTE" ' + BEARER,
        top="env:\n  APP: ${{ vars.APP_URL }}\n",
        step="        env:\n          ROUTE: api/mail\n",
    )
    assert called(text) == [("GET", "${vars.APP_URL}", "/api/mail", None)]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("curl -X POST https://a.example/api/mail", "it is made with POST"),
        ("curl -d '{}' https://a.example/api/mail", "it is made with POST"),
        ("curl -I https://a.example/api/mail", "it is made with HEAD"),
        ("wget --post-data=a=1 https://a.example/api/mail", "it is made with POST"),
        (
            "curl -H 'x-key: a' https://a.example/api/mail",
            "a header that cronshift does not: x-key",
        ),
        (
            "curl -H 'Authorization: Bearer ${{ secrets.OTHER }}' https://a.example/api/mail",
            "something else than the bearer in CRON_SECRET",
        ),
        ("curl https://a.example/api/$NAME", "put together when it runs"),
        ("curl 'https://a.example/api/mail?key=${{ secrets.KEY }}'", "put together when it runs"),
        ("for i in 1 2 3; do curl https://a.example/api/mail; done", "in a loop"),
        ("if [ $A = 1 ]; then curl https://a.example/api/mail; fi", "only under a condition"),
        ("curl -u a:b https://a.example/api/mail", "with a user or a cookie"),
        ("npm run build\ncurl https://a.example/api/mail", "a step runs npm"),
    ],
)
def test_what_cronshift_would_not_do_alike_is_the_reason_to_leave_it(script: str, why: str) -> None:
    [(_, _, path, reason)] = called(workflow(script))
    assert path.startswith("/api/")
    assert why in (reason or "")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            {"step": "        if: github.ref == 'refs/heads/main'\n"},
            "a step runs only if github.ref",
        ),
        ({"job": "    if: github.repository == 'a/b'\n"}, "a job runs only if github.repository"),
        ({"job": "    strategy:\n      matrix:\n        a: [1, 2]\n"}, "each value of a matrix"),
        ({"step": "        shell: pwsh\n"}, None),
    ],
)
def test_what_is_around_a_call_counts_too(parts: dict[str, str], why: str | None) -> None:
    reasons = [
        reason for *_, reason in called(workflow("curl https://a.example/api/mail", **parts))
    ]
    assert [(why or "nothing") in (reason or "") for reason in reasons] == ([True] if why else [])


def test_a_schedule_has_only_the_calls_that_are_made_on_it() -> None:
    step = (
        "      - if: github.event.schedule == '{0}'\n        run: curl https://a.example/api/{1}\n"
    )
    text = (
        "on:\n  schedule:\n    - cron: '0 3 * * *'\n    - cron: '0 4 * * *'\njobs:\n  call:\n    steps:\n"
        + step.format("0 3 * * *", "three")
        + step.format("0 4 * * *", "four")
        + "      - run: curl https://a.example/api/both\n"
    )
    calls = read_workflow(text, "w.yml")
    assert [(each.schedule, each.call.path) for each in calls] == [
        ("0 3 * * *", "/api/three"),
        ("0 3 * * *", "/api/both"),
        ("0 4 * * *", "/api/four"),
        ("0 4 * * *", "/api/both"),
    ]
    assert {str(each.location) for each in calls} == {"w.yml:3", "w.yml:4"}
    assert [each.called_at.line for each in calls] == [9, 12, 11, 12]


@pytest.mark.parametrize(
    ("condition", "schedules", "is_odd"),
    [
        ("github.event_name == 'workflow_dispatch' || github.event.schedule == '0 3 * * *'", ["0 3 * * *"], False),
        ("github.event_name == 'schedule' && github.event.schedule == '0 4 * * *'", ["0 4 * * *"], False),
        ("github.event.schedule == '0 3 * * *' || github.event.schedule == '0 4 * * *'", ["0 3 * * *", "0 4 * * *"], False),
        ("github.event_name == 'schedule' || github.event_name == 'push'", ["0 3 * * *", "0 4 * * *"], False),
        ("always() && github.event.schedule == '0 3 * * *'", ["0 3 * * *"], False),
        ("github.event.schedule == '0 3 * * *' && vars.ON == '1'", ["0 3 * * *", "0 4 * * *"], True),
        ("github.event_name == 'push' && (vars.A || github.event.schedule == '0 3 * * *')", ["0 3 * * *", "0 4 * * *"], True),
    ],
)  # fmt: skip
def test_a_condition_may_name_other_events_and_several_schedules(
    condition: str, schedules: list[str], is_odd: bool
) -> None:
    text = (
        "on:\n  workflow_dispatch: {}\n  schedule:\n    - cron: '0 3 * * *'\n    - cron: '0 4 * * *'\n"
        f'jobs:\n  call:\n    if: "{condition}"\n    steps:\n      - run: curl https://a.example/api/x\n'
    )
    calls = read_workflow(text, "w.yml")
    assert [each.schedule for each in calls] == schedules
    assert {"runs only if" in each.more for each in calls} == {is_odd}


def test_a_known_address_of_the_app_makes_another_one_known_bad() -> None:
    [each] = read_workflow(workflow("curl https://other.example/api/mail"), "w.yml")
    assert each.unlike("CRON_SECRET", ()) is None
    assert each.unlike("CRON_SECRET", {"https://other.example"}) is None
    assert "the app is at" in (each.unlike("CRON_SECRET", {"https://app.example"}) or "")


@pytest.mark.parametrize(
    "text",
    [
        "on: push\njobs: {}\n",
        "on:\n  schedule:\n",
        "on: [schedule]\n",
        "schedule: [\n",
        "on:\n  schedule:\n    - cron: 5\njobs: nothing\n",
        "&a [*a, schedule]\n",
        "[" * 100_000 + "schedule",
        workflow("curl https://a.example"),
        workflow('curl "'),
    ],
)
def test_what_calls_no_route_has_no_calls(text: str) -> None:
    assert called(text) == []
