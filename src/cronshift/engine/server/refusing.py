"""The refusals of an endpoint: causes whose answers look alike, told apart.

The answers of the SDKs were measured (inngest-js 3.54 and 4.24, inngest-py 0.5.19): without a signing
key in cloud mode v3 answers 401 and v4 500, neither with the SDK's header; a framework that leaves the
body unread makes the SDK refuse every call as unauthorized, in dev mode too.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from cronshift.errors import CronshiftError, NotWellError
from cronshift.runtime.wire import BYPASS_VARIABLE

if TYPE_CHECKING:
    import httpx

SDK_HEADER = "x-inngest-sdk"
_LOGIN_HOST = "vercel.com"
_LOGIN_PAGE = ("_vercel_sso_nonce", "vercel.com/sso-api", "vercel authentication")
_UNAUTHORIZED = {"message": "Unauthorized"}  # the SDKs' own answer
_NO_BODY = "request body middleware"  # the SDK's own words, of v3 and v4


def refusal(url: str, response: httpx.Response, content: Any, *, has_key: bool) -> None:
    """Raise for an answer that no function of the endpoint gave.

    Args:
        url: the endpoint's.
        response: what came back.
        content: its body, as JSON where it is that.
        has_key: whether the request was signed.

    Raises:
        CronshiftError: with the cause, as far as the answer tells it.
    """
    if is_protected(url, response):
        raise protected(url)
    if response.is_redirect:
        raise CronshiftError(
            f"{url} redirects to {response.headers['location']!r:.200}.",
            reason="endpoint-redirects",
            hint="Let the app's middleware pass /api/inngest: Inngest does not follow.",
        )
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise _unauthorized(url, content, has_key=has_key)
    if lacks_body(response, content):
        raise no_body(url)
    if SDK_HEADER in response.headers:
        return
    if content == {"code": "internal_server_error"}:
        raise NotWellError(
            f"{url} fails before it looks at what is asked, as the SDK does in cloud mode without a"
            " signing key.",
            reason="endpoint-without-key",
            hint="Set INNGEST_SIGNING_KEY where the endpoint runs, or INNGEST_DEV=1 for local work.",
        )
    raise CronshiftError(
        f"{url} is no Inngest endpoint: it answered {response.status_code} without {SDK_HEADER}.",
        reason="not-an-inngest-endpoint",
        hint="The SDK's serve() is usually mounted at /api/inngest.",
    )


def is_protected(url: str, response: httpx.Response) -> bool:
    """Return whether Vercel's deployment protection answered in the app's stead."""
    if response.is_redirect:
        target = urlsplit(urljoin(url, response.headers["location"]))
        return target.hostname == _LOGIN_HOST and target.path.startswith("/sso")
    if SDK_HEADER in response.headers:
        return False
    if response.headers.get("x-vercel-mitigated"):
        return True
    is_refused = response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    is_page = "html" in response.headers.get("content-type", "")
    page = response.text.lower() + str(response.headers.get_list("set-cookie")).lower()
    return is_refused and is_page and any(sign in page for sign in _LOGIN_PAGE)


def protected(url: str) -> NotWellError:
    """Return the error for an address behind Vercel's deployment protection."""
    return NotWellError(
        f"{url} is behind Vercel's deployment protection, which turns callers away before the app.",
        reason="deployment-protected",
        hint=f"Set {BYPASS_VARIABLE} to the project's secret (Deployment Protection, Protection Bypass"
        " for Automation); Inngest's Vercel integration asks for the same.",
    )


def lacks_body(response: httpx.Response, content: Any) -> bool:
    """Return whether the SDK got no body; of one that knows the caller, it refuses him for that."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return bool(content == _UNAUTHORIZED)
    return isinstance(content, dict) and _NO_BODY in str(content.get("message"))


def no_body(url: str) -> NotWellError:
    """Return the error for an endpoint whose framework leaves the body of a request unread."""
    return NotWellError(
        f"{url} never gets the body of a request as it was sent, so that it refuses every call of a function.",
        reason="no-body-parser",
        hint="Put the framework's body parser before serve(): app.use(express.json({ limit: '4mb' })).",
    )


def _unauthorized(url: str, content: Any, *, has_key: bool) -> CronshiftError:
    if content != _UNAUTHORIZED:
        return CronshiftError(
            f"{url} is turned away as unauthorized by what stands before the SDK.",
            reason="unauthorized",
            hint="Let the app's middleware, and the host's protection, pass /api/inngest.",
        )
    if has_key:
        return CronshiftError(
            f"{url} does not take INNGEST_SIGNING_KEY as it is set here: it has another, or none.",
            reason="unauthorized",
            hint="Set INNGEST_SIGNING_KEY to the endpoint's key, here and where the endpoint runs.",
        )
    return CronshiftError(
        f"{url} refuses the request as unauthorized: it is in cloud mode, and none was signed.",
        reason="unauthorized",
        hint="Set INNGEST_SIGNING_KEY to the endpoint's key, or run it with INNGEST_DEV=1.",
    )
