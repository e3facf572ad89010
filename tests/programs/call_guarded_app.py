"""Call an app behind a guard once, as Vercel's cron does, and print its answer."""

from __future__ import annotations

from cronshift.runtime import Guard, JobSpec

guard = Guard(JobSpec(id="tick", path="/api/cron/tick", schedule="* * * * *"))
app = guard.wsgi(lambda environ, start_response: [b"worked"])
CALL = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/api/cron/tick",
    "HTTP_USER_AGENT": "vercel-cron/1.0",
}
print(b"".join(app(CALL, lambda status, headers, *rest: None)).decode())
