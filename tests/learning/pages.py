"""What the tests of the pages share: addresses, the moment, what a form sends."""

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.learning.factories import ENDED

LATER = ENDED + dt.timedelta(hours=1)


def url(cast, name, *args):
    return reverse(f"learning:{name}", args=[cast.school.slug, *args])


def sheet(booking, plan=None, *, covered=(), repeat=(), absent=(), sign=True, **more):
    """What the completion form sends."""
    places = booking.participations.all()
    prefix = f"plan{plan.pk if plan else 0}"
    data = {f"seat{p.pk}-minutes": booking.minutes for p in places}
    data |= {f"seat{p.pk}-attended": "on" for p in places if p.student not in absent}
    data |= {f"seat{p.pk}-presence": "absent" if p.student in absent else "came" for p in places}
    data |= {f"{prefix}-covered": list(covered), f"{prefix}-repeat": list(repeat)}
    return data | ({"sign": "on"} if sign else {}) | more


def queries_of(client, address) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
