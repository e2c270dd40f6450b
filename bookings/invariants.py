"""What must always hold in the calendar."""

from justdriving.kernel.invariants import Invariant

# Whose time the bookings themselves say is taken; the occupancy table is not asked.
IMPLIED = """
    active AS (
        SELECT id, school_id, teacher_id, period AS lesson,
               buffer_before_minutes AS before, buffer_after_minutes AS after
        FROM bookings_booking
        WHERE status IN ('pending', 'confirmed', 'completed', 'no_show')
    ),
    implied AS (
        SELECT b.school_id, b.id AS booking_id, m.user_id, NULL::bigint AS resource_id,
               tstzrange(lower(b.lesson) - b.before * interval '1 minute',
                         upper(b.lesson) + b.after * interval '1 minute') AS period,
               false AS is_student
        FROM active AS b
        JOIN administration_teacher AS t ON t.id = b.teacher_id
        JOIN administration_membership AS m ON m.id = t.membership_id
        UNION ALL
        SELECT b.school_id, b.id, m.user_id, NULL, b.lesson, true
        FROM active AS b
        JOIN bookings_participation AS p ON p.booking_id = b.id AND p.status <> 'cancelled'
        JOIN administration_student AS s ON s.id = p.student_id
        JOIN administration_membership AS m ON m.id = s.membership_id
        UNION ALL
        SELECT b.school_id, b.id, NULL, r.resource_id,
               tstzrange(lower(b.lesson) - r.buffer_before_minutes * interval '1 minute',
                         upper(b.lesson) + r.buffer_after_minutes * interval '1 minute'),
               false
        FROM active AS b
        JOIN bookings_bookingresource AS r ON r.booking_id = b.id AND r.status <> 'out_of_service'
    )
"""

# Who was there when a quota was set is not held to it; who was let in beyond it by name is not.
HELD_TO_QUOTA = """
    held AS (
        SELECT b.school_id, r.resource_id, b.wall_date,
               date_trunc('week', b.wall_date)::date AS monday,
               v.max_bookings_per_day AS day_most, v.max_bookings_per_week AS week_most,
               ARRAY(
                   SELECT rule->>'code' FROM bookings_bookingtransition AS t,
                          jsonb_array_elements(t.overridden_rules) AS rule
                   WHERE t.booking_id IN (b.id, b.replaces_id)
               ) AS overruled
        FROM bookings_booking AS b
        JOIN bookings_bookingresource AS r ON r.booking_id = b.id AND r.status <> 'out_of_service'
        JOIN bookings_resource AS v ON v.id = r.resource_id
        WHERE b.status IN ('pending', 'confirmed', 'completed', 'no_show')
          AND b.created_at > v.quota_since
    )
"""

INVARIANTS = [
    Invariant(
        code="bookings.nobody_in_two_lessons",
        means="No teacher, student, vehicle or room is in two lessons at once, unless allowed.",
        sql=f"""
            WITH {IMPLIED},
            moved AS (
                SELECT booking_id, max(sequence) AS last FROM bookings_bookingtransition
                WHERE change = 'moved' GROUP BY booking_id
            ),
            allowed AS (
                SELECT t.booking_id FROM bookings_bookingtransition AS t
                LEFT JOIN moved ON moved.booking_id = t.booking_id
                WHERE t.overridden_rules @> '[{{"code": "student-booked"}}]'
                  AND t.sequence >= COALESCE(moved.last, 1)
            ),
            lined_up AS (
                SELECT *, max(upper(period)) OVER (
                    PARTITION BY user_id, resource_id ORDER BY lower(period), booking_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS busy_until
                FROM implied
                WHERE NOT (is_student AND booking_id IN (SELECT booking_id FROM allowed))
            )
            SELECT school_id,
                   COALESCE('user ' || user_id, 'resource ' || resource_id)
                   || ' is double-booked by booking ' || booking_id
            FROM lined_up WHERE busy_until > lower(period)
        """,  # noqa: S608 -- a constant of this module
    ),
    Invariant(
        code="bookings.occupancy_is_what_bookings_imply",
        means="Exactly the time that active bookings take is marked as taken.",
        sql=f"""
            WITH {IMPLIED},
            said AS (
                SELECT school_id, booking_id, user_id, resource_id, period FROM implied
            ),
            stored AS (
                SELECT school_id, booking_id, user_id, resource_id, period FROM bookings_occupancy
            ),
            differing AS (
                (SELECT 'missing' AS what, * FROM (TABLE said EXCEPT ALL TABLE stored) AS a)
                UNION ALL
                (SELECT 'left over', * FROM (TABLE stored EXCEPT ALL TABLE said) AS b)
            )
            SELECT school_id,
                   'booking ' || booking_id || ': '
                   || COALESCE('user ' || user_id, 'resource ' || resource_id) || ' ' || what
            FROM differing
        """,  # noqa: S608 -- a constant of this module
    ),
    Invariant(
        code="bookings.seats_are_enough",
        means="No booking has more students than seats.",
        sql="""
            SELECT b.school_id, 'booking ' || b.id || ': ' || count(*) || ' of ' || b.capacity
            FROM bookings_booking AS b JOIN bookings_participation AS p ON p.booking_id = b.id
            WHERE p.status <> 'cancelled'
            GROUP BY b.id HAVING count(*) > b.capacity
        """,
    ),
    Invariant(
        code="bookings.no_place_in_a_cancelled_lesson",
        means="Nobody still has a place in a lesson that was cancelled.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id || ' of booking ' || b.id
            FROM bookings_participation AS p JOIN bookings_booking AS b ON b.id = p.booking_id
            WHERE b.status = 'cancelled' AND p.status <> 'cancelled'
        """,
    ),
    Invariant(
        code="bookings.completed_after_the_end",
        means="No lesson was completed before it ended.",
        sql="""
            SELECT school_id, 'booking ' || booking_id
            FROM bookings_bookingtransition
            WHERE change = 'status' AND to_status IN ('completed', 'no_show')
              AND happened_at < upper(to_period)
        """,
    ),
    Invariant(
        code="bookings.resolved_in_two_weeks",
        means="Every confirmed lesson is completed, missed or cancelled 14 days after its end.",
        sql="""
            SELECT school_id, 'booking ' || id FROM bookings_booking
            WHERE status = 'confirmed' AND upper(period) < now() - interval '14 days'
        """,
    ),
    Invariant(
        code="bookings.expired_holds_are_gone",
        means="No request is held more than five minutes beyond its time.",
        sql="""
            SELECT school_id, 'booking ' || id FROM bookings_booking
            WHERE status = 'pending' AND held_until < now() - interval '5 minutes'
        """,
    ),
    Invariant(
        code="bookings.instant_is_wall_time",
        means="The stored instant is the stored wall time in the booking's zone.",
        sql="""
            SELECT school_id, 'booking ' || id FROM bookings_booking
            WHERE lower(period) AT TIME ZONE zone <> wall_date + wall_time
        """,
    ),
    Invariant(
        code="bookings.history_tells_the_status",
        means="Every booking has a history, and its last row says the status and time it has.",
        sql="""
            SELECT b.school_id, 'booking ' || b.id
            FROM bookings_booking AS b
            LEFT JOIN LATERAL (
                SELECT to_status, to_period FROM bookings_bookingtransition
                WHERE booking_id = b.id ORDER BY sequence DESC LIMIT 1
            ) AS last ON true
            WHERE last.to_status IS DISTINCT FROM b.status OR last.to_period <> b.period
        """,
    ),
    Invariant(
        code="bookings.history_tells_the_place",
        means="Every place has a history, and its last row says the status it has.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id
            FROM bookings_participation AS p
            LEFT JOIN LATERAL (
                SELECT to_status FROM bookings_participationtransition
                WHERE participation_id = p.id ORDER BY id DESC LIMIT 1
            ) AS last ON true
            WHERE last.to_status IS DISTINCT FROM p.status
        """,
    ),
    Invariant(
        code="bookings.changes_have_an_actor",
        means="Every change of a booking was made by somebody, or by the system itself.",
        sql="""
            SELECT school_id, 'booking ' || booking_id || ' change ' || sequence
            FROM bookings_bookingtransition
            WHERE made_by_id IS NULL AND requested_by <> 'system'
        """,
    ),
    Invariant(
        code="bookings.offered_seats_are_there",
        means="No session has more students and open offers than seats.",
        sql="""
            WITH taken AS (
                SELECT booking_id FROM bookings_participation WHERE status <> 'cancelled'
                UNION ALL
                SELECT booking_id FROM bookings_waitinglistoffer
                WHERE status = 'open' AND is_seat
            )
            SELECT b.school_id, 'booking ' || b.id || ': ' || count(*) || ' of ' || b.capacity
            FROM bookings_booking AS b JOIN taken ON taken.booking_id = b.id
            WHERE EXISTS (SELECT FROM bookings_waitinglistoffer AS o
                          WHERE o.booking_id = b.id AND o.status = 'open' AND o.is_seat)
            GROUP BY b.id HAVING count(*) > b.capacity
        """,
    ),
    Invariant(
        code="bookings.offered_times_are_held",
        means="Every open offer of a time has a pending booking held for exactly that student.",
        sql="""
            SELECT o.school_id, 'offer ' || o.id || ' of booking ' || o.booking_id
            FROM bookings_waitinglistoffer AS o
            JOIN bookings_booking AS b ON b.id = o.booking_id
            JOIN bookings_waitinglistentry AS e ON e.id = o.entry_id
            WHERE o.status = 'open' AND NOT o.is_seat AND (
                b.status <> 'pending'
                OR b.held_until IS DISTINCT FROM o.expires_at
                OR ARRAY[e.student_id] IS DISTINCT FROM ARRAY(
                    SELECT p.student_id FROM bookings_participation AS p
                    WHERE p.booking_id = b.id AND p.status <> 'cancelled')
            )
        """,
    ),
    Invariant(
        code="bookings.waiting_tells_the_offer",
        means="Who has an offer to answer is marked so, and who was served accepted one.",
        sql="""
            SELECT e.school_id, 'entry ' || e.id || ' is ' || e.status
            FROM bookings_waitinglistentry AS e
            LEFT JOIN LATERAL (
                SELECT count(*) FILTER (WHERE status = 'open') AS open,
                       count(*) FILTER (WHERE status = 'accepted') AS accepted
                FROM bookings_waitinglistoffer WHERE entry_id = e.id
            ) AS offers ON true
            WHERE (e.status = 'offered') <> (offers.open = 1)
               OR (e.status = 'served') <> (offers.accepted = 1)
        """,
    ),
    Invariant(
        code="bookings.expired_offers_are_gone",
        means="No offer is open more than five minutes beyond its time.",
        sql="""
            SELECT school_id, 'offer ' || id FROM bookings_waitinglistoffer
            WHERE status = 'open' AND expires_at < now() - interval '5 minutes'
        """,
    ),
    Invariant(
        code="bookings.place_is_of_the_same_session",
        means="A student's place is one of the places of the session they are in.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id || ' has place ' || p.place_id
            FROM bookings_participation AS p
            JOIN bookings_bookingresource AS r ON r.id = p.place_id
            WHERE r.booking_id <> p.booking_id OR NOT r.is_place
        """,
    ),
    Invariant(
        code="bookings.place_status_tells_who_sits",
        means="A place is reserved exactly while a student has it; a broken one serves nobody.",
        sql="""
            SELECT r.school_id, 'place ' || r.id || ' is ' || r.status
            FROM bookings_bookingresource AS r
            LEFT JOIN bookings_participation AS p
              ON p.place_id = r.id AND p.status <> 'cancelled'
            WHERE r.is_place AND (r.status = 'reserved') <> (p.id IS NOT NULL)
        """,
    ),
    Invariant(
        code="bookings.places_are_enough",
        means="No session with places took more students than it has places, broken ones included.",
        sql="""
            SELECT r.school_id, 'booking ' || r.booking_id
            FROM (
                SELECT school_id, booking_id, count(*) AS places
                FROM bookings_bookingresource WHERE is_place GROUP BY school_id, booking_id
            ) AS r
            JOIN bookings_booking AS b ON b.id = r.booking_id AND b.status <> 'cancelled'
            WHERE r.places < (
                SELECT count(*) FROM bookings_participation AS p
                WHERE p.booking_id = r.booking_id AND p.status <> 'cancelled'
            )
        """,
    ),
    Invariant(
        code="bookings.venue_quota_kept",
        means="Nobody's venue was booked beyond its quota for the day or week, unless allowed.",
        sql=f"""
            WITH {HELD_TO_QUOTA}
            SELECT school_id,
                   'resource ' || resource_id || ' on ' || wall_date || ': '
                   || count(*) || ' of ' || day_most
            FROM held WHERE NOT 'venue-quota-day' = ANY(overruled)
            GROUP BY school_id, resource_id, wall_date, day_most HAVING count(*) > day_most
            UNION ALL
            SELECT school_id,
                   'resource ' || resource_id || ' in the week from ' || monday || ': '
                   || count(*) || ' of ' || week_most
            FROM held WHERE NOT 'venue-quota-week' = ANY(overruled)
            GROUP BY school_id, resource_id, monday, week_most HAVING count(*) > week_most
        """,  # noqa: S608 -- a constant of this module
    ),
    Invariant(
        code="bookings.venue_history_tells_the_number",
        means="A venue's number holds exactly while its last line says so, for that very time.",
        sql="""
            SELECT r.school_id, 'booking ' || b.id || ' at resource ' || r.resource_id
            FROM bookings_bookingresource AS r
            JOIN bookings_booking AS b ON b.id = r.booking_id
            LEFT JOIN LATERAL (
                SELECT change, number, period FROM bookings_venueconfirmation
                WHERE booking_id = r.booking_id AND resource_id = r.resource_id
                      AND change <> 'told'
                ORDER BY id DESC LIMIT 1
            ) AS last ON true
            WHERE CASE WHEN r.is_number_lapsed THEN '' ELSE r.venue_number END
                  IS DISTINCT FROM CASE
                      WHEN last.change IS DISTINCT FROM 'confirmed' THEN ''
                      WHEN last.period = b.period THEN last.number
                  END
        """,
    ),
    Invariant(
        code="bookings.class_of_a_student_once",
        means="Nobody left a class before they joined it.",
        sql="""
            SELECT school_id, 'member ' || id FROM bookings_groupmember WHERE left_at < joined_at
        """,
    ),
]
