from __future__ import annotations

import pytest

from cronshift.runtime.schedule import Schedule

COMMON = {
    "* * * * *": "Every minute",
    "*/10 * * * *": "Every 10 minutes",
    "0,30 * * * *": "Every 30 minutes",
    "0 * * * *": "Every hour",
    "0 */4 * * *": "Every 4 hours",
    "30 */2 * * *": "At 30 minutes past the hour, every 2 hours",
    "0 6 * * *": "At 06:00",
    "30 3 * * *": "At 03:30",
    "0 0,12 * * *": "At 00:00 and 12:00",
    "0 0 * * 0": "At 00:00, only on Sunday",
    "0 22 * * 1-5": "At 22:00, Monday through Friday",
    "*/5 9-17 * * mon-fri": "Every 5 minutes, between 09:00 and 17:59, Monday through Friday",
    "0-10 11 * * *": "Every minute between 11:00 and 11:10",
    "0 8 1 1,4,7,10 *": "At 08:00, on day 1 of the month, only in January, April, July, and October",
    "TZ=Europe/Paris 30 3 * * *": "At 03:30 (Europe/Paris)",
}
EXACT = {
    "*/45 * * * *": "At 0 and 45 minutes past the hour",
    "5/15 * * * *": "At 5, 20, 35, and 50 minutes past the hour",
    "1,,2 * * * *": "At 1 and 2 minutes past the hour",
    "0 1-3,12 * * *": "At 01:00, 02:00, 03:00 and 12:00",
    "0 0 */10 * *": "At 00:00, on day 1, 11, 21, and 31 of the month",
    "0 0 * * 1-5/2": "At 00:00, only on Monday, Wednesday, and Friday",
    "0 0 * * 5/2": "At 00:00, only on Friday",
    "0 0 ? * mon": "At 00:00, only on Monday",
    "0 0 30 2 *": "Never",
    ", * * * *": "Never",
}
BOTH_DAYS = {
    "0 0 1 * 1": "At 00:00, on day 1 of the month or on Monday",
    "0 0 1 * 1-5": "At 00:00, on day 1 of the month or Monday through Friday",
    "0 0 1 */6 1,3": "At 00:00, on day 1 of the month or on Monday and Wednesday, only in January and July",
    "0 0 */16 * */5": "At 00:00, on day 1 and 17 of the month or on Sunday and Friday",
    "0 0 */1 * 1": "At 00:00, only on Monday",
    "0 0 1-31 * 1": "At 00:00",
    "0 0 1 * 0-6": "At 00:00",
    "0 0 , * 1": "At 00:00, only on Monday",
    "0 0 1 * ,": "At 00:00, on day 1 of the month",
}


@pytest.mark.parametrize(("trigger", "sentence"), COMMON.items())
def test_common_schedules_read_as_one_would_say_them(trigger: str, sentence: str) -> None:
    assert Schedule.parse(trigger).describe() == sentence


@pytest.mark.parametrize(("trigger", "sentence"), EXACT.items())
def test_spellings_with_a_meaning_of_their_own_are_told_by_it(trigger: str, sentence: str) -> None:
    assert Schedule.parse(trigger).describe() == sentence


@pytest.mark.parametrize(("trigger", "sentence"), BOTH_DAYS.items())
def test_two_day_fields_are_told_as_the_engine_joins_them(trigger: str, sentence: str) -> None:
    assert Schedule.parse(trigger).describe() == sentence
