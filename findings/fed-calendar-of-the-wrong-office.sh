#!/usr/bin/env bash
# Libraries: workalendar 17.0.0 and holidays 0.109.
# Expected: workalendar's FederalReserveSystem lists the days on which the Federal Reserve settles no payments, the same
#   days as the market XFED of holidays.
# Seen: the class describes the office of the Board of Governors. The Board closes on the Friday before a holiday that falls
#   on a Saturday, but the Federal Reserve Banks are open and settle on that Friday. The calendars differ on five working
#   days from 2026 to 2030, 3 July 2026 among them.
# Why it matters: a due date or a forecast of an ACH payment that uses the class is late by one working day. Three
#   calendar days pass, because the Friday stands before a weekend. Tests with ordinary weeks do not show it.
# Source: docstring of FederalReserveSystem in workalendar/usa/core.py; docstring of FederalReserve in
#   holidays/financial/federal_reserve.py, which cites https://www.federalreserve.gov/aboutthefed/k8.htm; the same confusion
#   in other libraries: https://github.com/18F/us-federal-holidays/issues/3.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check workalendar==17.0.0 holidays==0.109

"$work/venv/bin/python" -I - <<'PY'
import datetime as dt
import sys

import holidays
from workalendar.usa import FederalReserveSystem

banks = holidays.financial_holidays("XFED", years=range(2026, 2031))
board = FederalReserveSystem()
days = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(5 * 365 + 1)]
differing = [str(day) for day in days if banks.is_working_day(day) != board.is_working_day(day)]

sent = dt.date(2026, 7, 2)
settled = banks.get_nth_working_day(sent, 1)
forecast = board.add_working_days(sent, 1)

print("expected: no differing day, and a payment of 2 July 2026 settles on 3 July in both")
print(f"seen:     {', '.join(differing)} are open in holidays and closed in workalendar")
print(f"seen:     it settles on {settled} in holidays and on {forecast} in workalendar")
as_described = (
    differing == ["2026-07-03", "2027-06-18", "2027-12-24", "2027-12-31", "2028-11-10"]
    and all(banks.is_working_day(dt.date.fromisoformat(day)) for day in differing)
    and (settled, forecast) == (dt.date(2026, 7, 3), dt.date(2026, 7, 6))
)
sys.exit(None if as_described else "The behavior has changed.")
PY
