"""Where a lesson would fit: one query over multiranges, for many teachers and days at once."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from administration.models import Teacher
from bookings.buffers import buffers_of
from bookings.models import LessonType, Resource
from bookings.ports import Search
from bookings.queries.proposals import Parties

# Available − occupied, as the rules mean it (bookings.rules): what is taken away from a teacher's
# hours is widened by the buffers that the lesson itself needs of that teacher, and a kind of thing
# is there while one of its suitable things is free. Wall times become instants as in
# justdriving.kernel.clock: a doubled one means its first occurrence, a skipped one the moment at
# which the clock jumps past it. Postgres would take the second occurrence, so the offset of three
# hours before is tried first.
SQL = """
WITH day AS (
    SELECT d::date AS day, (extract(isodow FROM d) - 1)::int AS weekday
    FROM generate_series(%(first_day)s::date, %(last_day)s::date, interval '1 day') AS d
), hours AS (
    SELECT pattern.teacher_id, day.day, pattern.starts_at, pattern.ends_at
    FROM bookings_weeklyavailability AS pattern
    JOIN day ON day.weekday = pattern.weekday AND day.day >= pattern.valid_from
     AND (pattern.valid_until IS NULL OR day.day < pattern.valid_until)
    WHERE pattern.teacher_id = ANY(%(teachers)s)
      AND (pattern.department_id IS NULL OR pattern.department_id = %(department)s)
      AND NOT EXISTS (
          SELECT FROM bookings_availabilityexception AS instead
          WHERE instead.teacher_id = pattern.teacher_id AND instead."on" = day.day
      )
    UNION ALL
    SELECT teacher_id, "on", starts_at, ends_at FROM bookings_availabilityexception
    WHERE teacher_id = ANY(%(teachers)s) AND starts_at IS NOT NULL
      AND "on" BETWEEN %(first_day)s AND %(last_day)s
      AND (department_id IS NULL OR department_id = %(department)s)
), opening AS (
    SELECT opened.weekday, opened.opens_at, opened.closes_at FROM bookings_openinghours AS opened
    WHERE opened.school_id = %(school)s AND opened.department_id IS NOT DISTINCT FROM (
        SELECT department_id FROM bookings_openinghours
        WHERE school_id = %(school)s AND department_id = %(department)s LIMIT 1
    )
), closed AS (
    SELECT "on" AS day FROM bookings_closedday
    WHERE school_id = %(school)s AND (department_id IS NULL OR department_id = %(department)s)
      AND "on" BETWEEN %(first_day)s AND %(last_day)s
), due AS (
    SELECT due.resource_id,
           CASE WHEN thing.odometer_km > due.due_km THEN %(first_day)s::date - 2
                ELSE due.due_on END AS day
    FROM bookings_resourceduedate AS due
    JOIN bookings_resource AS thing ON thing.id = due.resource_id
    WHERE due.resource_id = ANY(%(things)s) AND due.blocks
      AND (due.due_on <= %(last_day)s OR thing.odometer_km > due.due_km)
), wall AS (
    SELECT day + starts_at AS wall FROM hours
    UNION SELECT day + ends_at FROM hours
    UNION SELECT day + opens_at FROM opening JOIN day USING (weekday)
    UNION SELECT day + closes_at FROM opening JOIN day USING (weekday)
    UNION SELECT day + time '0:00' FROM closed
    UNION SELECT day + 1 + time '0:00' FROM closed
    UNION SELECT day + 1 + time '0:00' FROM due
), clock AS MATERIALIZED (
    SELECT wall, CASE
        WHEN first_time AT TIME ZONE %(zone)s = wall THEN least(first_time, guess)
        WHEN guess AT TIME ZONE %(zone)s = wall THEN guess
        ELSE (
            SELECT date_trunc('minute', min(later))
            FROM generate_series(
                guess - interval '3 hours', guess + interval '3 hours', interval '1 minute'
            ) AS later
            WHERE later AT TIME ZONE %(zone)s - later AT TIME ZONE 'UTC' <> before
        )
    END AS instant
    FROM wall,
    LATERAL (SELECT wall AT TIME ZONE %(zone)s AS guess) AS guessed,
    LATERAL (
        SELECT (guess - interval '3 hours') AT TIME ZONE %(zone)s
            - (guess - interval '3 hours') AT TIME ZONE 'UTC' AS before
    ) AS earlier,
    LATERAL (SELECT (wall - before) AT TIME ZONE 'UTC' AS first_time) AS tried
), worked AS (
    SELECT hours.teacher_id, range_agg(tstzrange(begins.instant, ends.instant)) AS spans
    FROM hours
    JOIN clock AS begins ON begins.wall = hours.day + hours.starts_at
    JOIN clock AS ends ON ends.wall = hours.day + hours.ends_at
    WHERE begins.instant < ends.instant
    GROUP BY hours.teacher_id
), open AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM opening) THEN coalesce((
        SELECT range_agg(tstzrange(opens.instant, closes.instant))
        FROM opening
        JOIN day USING (weekday)
        JOIN clock AS opens ON opens.wall = day.day + opening.opens_at
        JOIN clock AS closes ON closes.wall = day.day + opening.closes_at
        WHERE opens.instant < closes.instant
    ), '{}') ELSE tstzmultirange(%(window)s::tstzrange) END
    - coalesce((
        SELECT range_agg(tstzrange(begins.instant, ends.instant))
        FROM closed
        JOIN clock AS begins ON begins.wall = closed.day + time '0:00'
        JOIN clock AS ends ON ends.wall = closed.day + 1 + time '0:00'
    ), '{}') AS spans
), attended AS (
    SELECT coalesce(range_agg(taken.period), '{}') AS spans
    FROM unnest(%(students)s::bigint[]) AS student(user_id)
    CROSS JOIN LATERAL (
        SELECT booking_id, period FROM bookings_occupancy
        WHERE is_exclusive AND user_id = student.user_id AND period && %(window)s::tstzrange
        UNION ALL
        SELECT booking_id, period FROM bookings_occupancy
        WHERE NOT is_exclusive AND user_id = student.user_id AND period && %(window)s::tstzrange
    ) AS taken
    WHERE taken.booking_id <> ALL(%(changing)s::bigint[])
), thing AS MATERIALIZED (
    SELECT thing.id, thing.kind, used.lessons,
           tstzmultirange(%(window)s::tstzrange) - coalesce(used.spans, '{}')
               - coalesce(broken.spans, '{}') AS spans
    FROM unnest(
        %(things)s::bigint[], %(kinds)s::text[],
        %(before_things)s::interval[], %(after_things)s::interval[]
    ) AS thing(id, kind, before, after)
    CROSS JOIN LATERAL (
        SELECT count(*) AS lessons,
               range_agg(
                   tstzrange(lower(period) - thing.after, upper(period) + thing.before)
               ) AS spans
        FROM bookings_occupancy
        WHERE is_exclusive AND resource_id = thing.id AND period && %(window)s::tstzrange
          AND booking_id <> ALL(%(changing)s::bigint[])
    ) AS used
    CROSS JOIN LATERAL (
        SELECT range_agg(span) AS spans
        FROM (
            SELECT tstzrange(lower(period) - thing.after, upper(period) + thing.before) AS span
            FROM bookings_resourceoutage
            WHERE resource_id = thing.id AND period && %(window)s::tstzrange
            UNION ALL
            SELECT tstzrange(clock.instant - thing.after, NULL)
            FROM due JOIN clock ON clock.wall = due.day + 1 + time '0:00'
            WHERE due.resource_id = thing.id
        ) AS down
    ) AS broken
), part AS MATERIALIZED (
    SELECT thing.id, thing.kind, free FROM thing, unnest(thing.spans) AS free
    WHERE upper(free) - lower(free) >= %(length)s
), common AS MATERIALIZED (
    SELECT open.spans * coalesce(equipped.spans, open.spans) - attended.spans AS spans
    FROM open, attended, (
        SELECT range_intersect_agg(coalesce(kind.spans, '{}')) AS spans
        FROM bookings_lessontypeneed AS needed
        LEFT JOIN (SELECT kind, range_agg(free) AS spans FROM part GROUP BY kind) AS kind
          ON kind.kind = needed.kind
        WHERE needed.lesson_type_id = %(lesson_type)s
    ) AS equipped
)
SELECT 'teacher', teacher.id, 0, free.lowers, free.uppers
FROM common, unnest(
    %(teachers)s::bigint[], %(users)s::bigint[],
    %(before_teachers)s::interval[], %(after_teachers)s::interval[]
) AS teacher(id, user_id, before, after)
JOIN worked ON worked.teacher_id = teacher.id
CROSS JOIN LATERAL (
    SELECT range_agg(span) AS spans
    FROM (
        SELECT tstzrange(lower(period) - teacher.after, upper(period) + teacher.before) AS span
        FROM bookings_occupancy
        WHERE is_exclusive AND user_id = teacher.user_id AND period && %(window)s::tstzrange
          AND booking_id <> ALL(%(changing)s::bigint[])
        UNION ALL
        SELECT tstzrange(lower(period) - teacher.after, upper(period) + teacher.before)
        FROM bookings_occupancy
        WHERE NOT is_exclusive AND user_id = teacher.user_id AND period && %(window)s::tstzrange
          AND booking_id <> ALL(%(changing)s::bigint[])
        UNION ALL
        SELECT period FROM bookings_absence
        WHERE teacher_id = teacher.id AND period && %(window)s::tstzrange
    ) AS missed
) AS missed
CROSS JOIN LATERAL (
    SELECT array_agg(date_part('epoch', lower(free))) AS lowers,
           array_agg(date_part('epoch', upper(free))) AS uppers
    FROM unnest(worked.spans * common.spans - coalesce(missed.spans, '{}')) AS free
    WHERE upper(free) - lower(free) >= %(length)s
) AS free
UNION ALL
SELECT 'thing', thing.id, thing.lessons, free.lowers, free.uppers
FROM thing LEFT JOIN (
    SELECT id, array_agg(date_part('epoch', lower(free))) AS lowers,
           array_agg(date_part('epoch', upper(free))) AS uppers
    FROM part GROUP BY id
) AS free ON free.id = thing.id
"""


class Spans:
    """Times of one owner, apart and in order; both bounds in seconds since 1970, UTC ``[)``."""

    __slots__ = ("lowers", "uppers")

    def __init__(self, lowers: Sequence[float] | None, uppers: Sequence[float] | None) -> None:
        self.lowers: Sequence[float] = lowers or ()
        self.uppers: Sequence[float] = uppers or ()

    def hold(self, lower: float, upper: float) -> bool:
        """Whether one of them holds the whole of a period."""
        place = bisect_right(self.lowers, lower)
        return place > 0 and upper <= self.uppers[place - 1]


NEVER = Spans((), ())


@dataclass(frozen=True, slots=True)
class Free:
    """When a lesson of one length fits, as far as the calendar knows. Keys: teacher, resource id.

    A teacher's times are those at which the teacher works and is free, the school is open, the
    students are free and a thing of each needed kind is. ``lessons`` counts what a resource is
    used for during the search.
    """

    teachers: Mapping[int, Spans]
    things: Mapping[int, Spans]
    lessons: Mapping[int, int]

    def of_teacher(self, teacher_id: int) -> Spans:
        return self.teachers.get(teacher_id, NEVER)


def free_spans(
    parties: Parties, search: Search, days: tuple[date, date], length: timedelta
) -> Free:
    """Where lessons of a length fit between the first and the last of ``days``. One query."""
    teachers: dict[int, Spans] = {}
    things: dict[int, Spans] = {}
    lessons: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(SQL, _parameters(parties, search, days, length))
        for kind, owner, used, lowers, uppers in cursor:
            if kind == "teacher":
                teachers[owner] = Spans(lowers, uppers)
            else:
                things[owner] = Spans(lowers, uppers)
                lessons[owner] = used
    return Free(teachers, things, lessons)


def _parameters(
    parties: Parties, search: Search, days: tuple[date, date], length: timedelta
) -> dict[str, Any]:
    first_day, last_day = days
    return {
        "first_day": first_day,
        "last_day": last_day,
        "zone": search.zone.key,
        "school": parties.lesson_type.school_id,
        "department": parties.department_id,
        "lesson_type": parties.lesson_type.pk,
        "teachers": [teacher.pk for teacher in search.teachers],
        "users": [teacher.membership.user_id for teacher in search.teachers],
        "students": [student.membership.user_id for student in search.students],
        "things": [resource.pk for resource in search.resources],
        "kinds": [resource.kind for resource in search.resources],
        **_buffers("teachers", parties.lesson_type, search.teachers),
        **_buffers("things", parties.lesson_type, search.resources),
        "length": length,
        "window": f"[{search.lower.isoformat()},{search.upper.isoformat()})",
        "changing": sorted(search.changing),
    }


def _buffers(
    whose: str, lesson_type: LessonType, owners: Sequence[Teacher] | Sequence[Resource]
) -> dict[str, list[timedelta]]:
    """What a lesson of this type keeps free before and after, one by one for these owners."""
    buffers = [buffers_of(lesson_type, owner) for owner in owners]
    return {
        f"before_{whose}": [before for before, _after in buffers],
        f"after_{whose}": [after for _before, after in buffers],
    }
