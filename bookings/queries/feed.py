"""The calendar's grid as JSON, put together by the database: one query however many lessons."""

from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, Q, Value

from administration.models import Membership
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.queries.calendar import EVERYTHING, CalendarFilters, filtered_bookings

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
NAMED = 2
"""A lesson with more seats than this is known by its class, not by its students' names."""

COLUMNS = (
    "id",
    "period",
    "teacher_id",
    "lesson_type_id",
    "status",
    "capacity",
    "held_until",
    "entered_afterwards",
    "group_id",
    "template_id",
    "movable",
)

# The first query says what this member may see (visible_to); all the rest hangs on its rows. Flat
# lists, not lists in lists: grouping 2,000 lessons costs more than reading them, and joining the
# groups again would be quadratic on the day the planner takes the week for a handful of lessons. By
# column, not by row: Postgres looks the type of a value up once for a list, and anew in every row.
SQL = """
WITH seen AS MATERIALIZED ({seen}),
taking AS (
    SELECT place.id, place.booking_id, place.student_id, seen.capacity
    FROM seen
    JOIN bookings_participation AS place
      ON place.booking_id = seen.id AND place.school_id = %(school)s
    WHERE place.status <> %(cancelled)s OR seen.status = %(cancelled_lesson)s
)
SELECT json_build_object(
    'lessons', (
        SELECT json_build_object(
            'id', coalesce(json_agg(id), '[]'),
            'start', coalesce(json_agg("start"), '[]'),
            'end', coalesce(json_agg("end"), '[]'),
            'teacher', coalesce(json_agg(teacher), '[]'),
            'type', coalesce(json_agg("type"), '[]'),
            'status', coalesce(json_agg(status), '[]'),
            'seats', coalesce(json_agg(seats), '[]'),
            'name', coalesce(json_agg("name"), '[]'),
            'held', coalesce(json_agg(held), '[]'),
            'afterwards', coalesce(json_agg(afterwards), '[]'),
            'movable', coalesce(json_agg(movable), '[]')
        )
        FROM (
            SELECT seen.id,
                   lower(seen.period) AT TIME ZONE %(zone)s::text AS "start",
                   upper(seen.period) AT TIME ZONE %(zone)s::text AS "end",
                   seen.teacher_id AS teacher,
                   seen.lesson_type_id AS "type",
                   seen.status,
                   seen.capacity AS seats,
                   coalesce(class.name, template.name, '') AS "name",
                   CASE WHEN seen.status = %(pending)s
                        THEN seen.held_until AT TIME ZONE %(zone)s::text END AS held,
                   seen.entered_afterwards AS afterwards,
                   seen.movable
            FROM seen
            LEFT JOIN bookings_studentgroup AS class ON class.id = seen.group_id
            LEFT JOIN bookings_sessiontemplate AS template ON template.id = seen.template_id
            ORDER BY lower(seen.period), seen.id
        ) AS lesson
    ),
    'who', (
        SELECT json_build_object(
            'lesson', coalesce(json_agg(booking_id), '[]'),
            'value', coalesce(json_agg(full_name), '[]')
        )
        FROM (
            SELECT taking.booking_id, person.full_name
            FROM taking
            JOIN administration_student AS student
              ON student.id = taking.student_id AND student.school_id = %(school)s
            JOIN administration_membership AS member
              ON member.id = student.membership_id AND member.school_id = %(school)s
            JOIN administration_user AS person ON person.id = member.user_id
            WHERE taking.capacity <= %(named)s
            ORDER BY taking.id
        ) AS named
    ),
    'taken', (
        SELECT json_build_object(
            'lesson', coalesce(json_agg(booking_id), '[]'),
            'value', coalesce(json_agg(places), '[]')
        )
        FROM (
            SELECT booking_id, count(*) AS places
            FROM taking
            WHERE capacity > %(named)s
            GROUP BY booking_id
        ) AS counted
    ),
    'things', (
        SELECT json_build_object(
            'lesson', coalesce(json_agg(booking_id), '[]'),
            'value', coalesce(json_agg(resource_id), '[]')
        )
        FROM bookings_bookingresource
        WHERE %(things)s::boolean AND booking_id IN (SELECT id FROM seen)
    )
)::text
"""


def events_json(
    member: Membership,
    lower: datetime,
    upper: datetime,
    filters: CalendarFilters = EVERYTHING,
    *,
    with_things: bool = False,
) -> str:
    """The bookings this member sees that touch ``[lower, upper)`` (UTC), as JSON. One query.

    ``{lessons, who, taken, things}``, each a list for every column. ``lessons``, in order: ``id``,
    ``start``, ``end`` (wall times of the school), ``teacher``, ``type``, ``status``, ``seats``,
    ``name`` of the class or the weekly session, ``held`` when a request lapses, ``afterwards``,
    ``movable`` whether this member may move it. The others pair ``lesson`` with ``value``: ``who``
    the students of lessons of up to ``NAMED`` seats, ``taken`` how many places of larger ones are,
    ``things`` (if asked for) the resources.
    """
    seen = filtered_bookings(member, lower, upper, filters).annotate(movable=_movable(member))
    sql, parameters = seen.order_by().values(*COLUMNS).query.sql_with_params()
    names = [f"seen_{number}" for number in range(len(parameters))]
    values = {
        **dict(zip(names, parameters, strict=True)),
        "school": member.school_id,
        "zone": member.school.zone.key,
        "named": NAMED,
        "cancelled": ParticipationStatus.CANCELLED,
        "cancelled_lesson": BookingStatus.CANCELLED,
        "pending": BookingStatus.PENDING,
        "things": with_things,
    }
    marked = sql % tuple(f"%({name})s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(SQL.replace("{seen}", marked), values)
        row = cursor.fetchone()
    found: str = row[0]
    return found


def _movable(member: Membership) -> Q | Value:
    """What the move policy says of staff: open lessons, the office every one, teachers theirs."""
    if not member.is_staff_role:
        return Value(False, output_field=BooleanField())  # noqa: FBT003 -- an SQL literal
    own = Q() if member.is_office else Q(teacher__membership=member)
    return Q(status__in=OPEN) & own
