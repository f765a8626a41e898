#!/usr/bin/env bash
# Libraries: icalendar 7.3.2 as the writer, python-dateutil 2.9.0.post0 as a reader of the file.
# Expected: after add_missing_timezones() the calendar carries the rules of its time zones, so each reader sees a payment at
#   09:00 in Berlin at 09:00 in Berlin.
# Seen: the VTIMEZONE lists single transitions until 2037, although the zone has a simple yearly rule. From the summer of 2038
#   a reader that uses the definition in the file is one hour late. Reading the file back with icalendar hides this, because
#   icalendar ignores the definition and looks up the name of the zone.
# Why it matters: a 30-year mortgage that starts in 2026 has 18 summers after the last transition. The default end does not
#   depend on the events in the calendar. The only sign is a COMMENT property in the file.
# Source: DEFAULT_LAST_DATE and Timezone.from_tzinfo() in icalendar/cal/timezone.py, Calendar.add_missing_timezones() in
#   icalendar/cal/calendar.py; introduced in https://github.com/collective/icalendar/pull/741; the same defect fixed in
#   another library: https://github.com/libical/libical/issues/256.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check icalendar==7.3.2 python-dateutil==2.9.0.post0 tzdata==2026.6

"$work/venv/bin/python" -I - <<'PY'
import datetime as dt
import io
import sys
from zoneinfo import ZoneInfo

import icalendar
from dateutil import tz

event = icalendar.Event.new(uid="mortgage@example.org", summary="Mortgage")
event.add("dtstart", dt.datetime(2026, 7, 1, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")))
event.add("rrule", {"freq": "yearly", "count": 30})
calendar = icalendar.Calendar.new(prodid="-//example//loans//EN")
calendar.add_component(event)
calendar.add_missing_timezones()
text = calendar.to_ical().decode()

zones = {
    "icalendar": icalendar.Calendar.from_ical(text).events[0].start.tzinfo,
    "dateutil": tz.tzical(io.StringIO(text)).get("Europe/Berlin"),
}
seen = {}
print("expected: the payment is at 07:00 UTC each July, from 2026 to 2055, with each reader")
for reader, zone in zones.items():
    payments = [dt.datetime(year, 7, 1, 9, 0, tzinfo=zone).astimezone(dt.timezone.utc) for year in range(2026, 2056)]
    seen[reader] = [payment.year for payment in payments if payment.hour != 7]
    late = f"at {payments[-1]:%H:%M} UTC from {seen[reader][0]} to {seen[reader][-1]}" if seen[reader] else "at 07:00 UTC"
    print(f"seen:     {reader:9} {late}")
described = {"icalendar": [], "dateutil": list(range(2038, 2056))}
sys.exit(None if seen == described else "The behavior has changed.")
PY
