"""Print src/engine/session_table.py as exchange_calendars' XNYS knows it.

Run as ``.venv/bin/python infra/session_table.py > src/engine/session_table.py``.
"""

from collections import defaultdict
from datetime import date, timedelta

from exchange_calendars import get_calendar

FIRST, LAST = date(2005, 1, 3), date(2030, 12, 31)

HEAD = '''"""Weekdays without a session and sessions that end at 13:00, as month and day, year by year.

Written by infra/session_table.py from exchange_calendars' XNYS; run it again rather than edit.
"""

from datetime import date

'''


def weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def table(name: str, days: list[date]) -> str:
    by_year: dict[int, list[str]] = defaultdict(list)
    for day in days:
        by_year[day.year].append(f"{day:%m%d}")
    rows = "".join(f'    {year}: "{" ".join(found)}",\n' for year, found in sorted(by_year.items()))
    return f"{name}: dict[int, str] = {{\n{rows}}}\n"


def main() -> None:
    calendar = get_calendar("XNYS", start="2005-01-01", end="2030-12-31")
    sessions = {stamp.date() for stamp in calendar.sessions}
    early = sorted(stamp.date() for stamp in calendar.early_closes)
    closed = [day for day in weekdays(FIRST, LAST) if day not in sessions]
    bounds = f"FIRST_SESSION, LAST_SESSION = {date_text(FIRST)}, {date_text(LAST)}\n\n"
    print(HEAD + bounds + table("CLOSED", closed) + "\n" + table("EARLY_CLOSES", early), end="")


def date_text(day: date) -> str:
    return f"date({day.year}, {day.month}, {day.day})"


if __name__ == "__main__":
    main()
