"""Checks of the caller that several modules share."""

import hmac
import os

from fastapi import Header, HTTPException


def is_secret(value):
    expected = os.environ.get("CRON_SECRET", "")
    return bool(expected) and hmac.compare_digest(value, f"Bearer {expected}")


async def cron_only(authorization: str = Header("")):
    if not is_secret(authorization):
        raise HTTPException(status_code=401, detail="no")


def is_cron(handler):
    return is_secret(handler.headers.get("Authorization", ""))
