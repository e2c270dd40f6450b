"""The statement behind the diary: everything the rules of a search ask, in one round trip."""

# Every branch has the same columns: what it is, whose, two instants taken and two shown, a number,
# two wall times, two days, a text. Occupancies are looked up one owner at a time, because that is
# what the exclusion constraints' indexes serve; rows allowed to overlap have an index of their own.
# People are looked up in every school: nobody can be in two places. The details of another school's
# booking are never read. A student's lessons are found by their time, not among all they ever had.
# What a teacher taught is summed only where a school limits it.
SQL = """
SELECT 'person', wanted.id, lower(taken.period), upper(taken.period),
       lower(booking.period), upper(booking.period),
       NULL::int, NULL::time, NULL::time, NULL::date, NULL::date, NULL::text
FROM unnest(%(users)s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (
    SELECT booking_id, period FROM bookings_occupancy
    WHERE is_exclusive AND user_id = wanted.id AND period && %(window)s::tstzrange
    UNION ALL
    SELECT booking_id, period FROM bookings_occupancy
    WHERE NOT is_exclusive AND user_id = wanted.id AND period && %(window)s::tstzrange
) AS taken
LEFT JOIN bookings_booking AS booking
  ON booking.id = taken.booking_id AND booking.school_id = %(school)s
WHERE taken.booking_id <> ALL(%(changing)s::bigint[])
UNION ALL
SELECT 'thing', wanted.id, lower(taken.period), upper(taken.period),
       lower(booking.period), upper(booking.period), NULL, NULL, NULL, NULL, NULL, NULL
FROM unnest(%(resources)s::bigint[]) AS wanted(id)
JOIN bookings_occupancy AS taken ON taken.is_exclusive AND taken.resource_id = wanted.id
 AND taken.period && %(window)s::tstzrange AND taken.booking_id <> ALL(%(changing)s::bigint[])
JOIN bookings_booking AS booking ON booking.id = taken.booking_id
UNION ALL
SELECT 'absence', teacher_id, lower(period), upper(period), lower(period), upper(period),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM bookings_absence
WHERE teacher_id = ANY(%(teachers)s) AND period && %(window)s::tstzrange
UNION ALL
SELECT 'outage', resource_id, lower(period), upper(period), lower(period), upper(period),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM bookings_resourceoutage
WHERE resource_id = ANY(%(resources)s) AND period && %(window)s::tstzrange
UNION ALL
SELECT 'due', due.resource_id, NULL, NULL, NULL, NULL,
       CASE WHEN thing.odometer_km > due.due_km THEN due.due_km END,
       NULL, NULL, due.due_on, NULL, due.kind
FROM bookings_resourceduedate AS due
JOIN bookings_resource AS thing ON thing.id = due.resource_id
WHERE due.resource_id = ANY(%(resources)s) AND due.blocks
  AND (due.due_on < %(last_day)s OR thing.odometer_km > due.due_km)
UNION ALL
SELECT 'weekly', teacher_id, NULL, NULL, NULL, NULL,
       weekday, starts_at, ends_at, valid_from, valid_until, NULL
FROM bookings_weeklyavailability
WHERE teacher_id = ANY(%(teachers)s)
  AND (department_id IS NULL OR department_id = %(department)s)
  AND valid_from <= %(last_day)s AND (valid_until IS NULL OR valid_until > %(first_day)s)
UNION ALL
SELECT 'instead', teacher_id, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN department_id IS NULL OR department_id = %(department)s THEN starts_at END,
       ends_at, "on", NULL, NULL
FROM bookings_availabilityexception
WHERE teacher_id = ANY(%(teachers)s) AND "on" BETWEEN %(first_day)s AND %(last_day)s
UNION ALL
SELECT 'opening', department_id, NULL, NULL, NULL, NULL,
       weekday, opens_at, closes_at, NULL, NULL, NULL
FROM bookings_openinghours
WHERE school_id = %(school)s AND (department_id IS NULL OR department_id = %(department)s)
UNION ALL
SELECT 'closed', department_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "on", NULL, name
FROM bookings_closedday
WHERE school_id = %(school)s AND "on" BETWEEN %(first_day)s AND %(last_day)s
UNION ALL
SELECT 'need', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, kind
FROM bookings_lessontypeneed WHERE lesson_type_id = %(lesson_type)s
UNION ALL
SELECT 'asked', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       json_build_array(attribute, minimum, maximum)::text
FROM bookings_eligibilityrule WHERE lesson_type_id = %(lesson_type)s
UNION ALL
SELECT 'document', student_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       valid_from, valid_until, kind
FROM administration_studentdocument
WHERE student_id = ANY(%(students)s)
  AND valid_from <= %(last_day)s AND (valid_until IS NULL OR valid_until >= %(first_day)s)
UNION ALL
SELECT 'school', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, status
FROM administration_school WHERE id = %(school)s
UNION ALL
SELECT 'limits', department_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       to_json(settings)::text
FROM bookings_bookingsettings AS settings
WHERE school_id = %(school)s AND (department_id IS NULL OR department_id = %(department)s)
UNION ALL
SELECT 'cap', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       json_build_array(kind, most, most_together, source)::text
FROM bookings_dailycap WHERE school_id = %(school)s
UNION ALL
SELECT CASE WHEN booking.id = ANY(%(changing)s::bigint[]) THEN 'own'
            WHEN booking.group_id IS NULL THEN 'lesson' ELSE 'class' END,
       place.student_id, NULL, NULL, lower(booking.period), upper(booking.period),
       coalesce(
           place.minutes_used, place.planned_minutes,
           extract(epoch FROM upper(booking.period) - lower(booking.period)) / 60
       )::int,
       NULL, NULL, booking.wall_date, NULL, lesson_type.kind
FROM unnest(%(students)s::bigint[], %(learning)s::bigint[]) AS student(id, user_id)
CROSS JOIN LATERAL (
    SELECT booking_id FROM bookings_occupancy
    WHERE is_exclusive AND user_id = student.user_id AND period && %(from_then)s::tstzrange
    UNION ALL
    SELECT booking_id FROM bookings_occupancy
    WHERE NOT is_exclusive AND user_id = student.user_id AND period && %(from_then)s::tstzrange
) AS taken
JOIN bookings_participation AS place
  ON place.booking_id = taken.booking_id AND place.student_id = student.id
JOIN bookings_booking AS booking ON booking.id = place.booking_id
JOIN bookings_lessontype AS lesson_type ON lesson_type.id = booking.lesson_type_id
WHERE place.status IN ('booked', 'attended')
  AND booking.status IN ('pending', 'confirmed', 'completed')
  AND (booking.id <> ALL(%(changing)s::bigint[]) OR booking.status = 'confirmed')
  AND (booking.wall_date BETWEEN %(monday)s AND %(sunday)s OR upper(booking.period) > %(at)s)
  AND NOT EXISTS (
      SELECT FROM bookings_waitinglistoffer AS offer
      WHERE offer.booking_id = booking.id AND offer.status = 'open' AND NOT offer.is_seat
  )
UNION ALL
SELECT CASE WHEN booking.id = ANY(%(changing)s::bigint[]) THEN 'held' ELSE 'taught' END,
       booking.teacher_id, NULL, NULL, NULL, NULL,
       (sum(extract(epoch FROM upper(booking.period) - lower(booking.period))) / 60)::int,
       NULL, NULL, booking.wall_date, NULL, NULL
FROM unnest(%(teachers)s::bigint[], %(teaching)s::bigint[]) AS teacher(id, user_id)
JOIN bookings_occupancy AS taken ON taken.is_exclusive AND taken.user_id = teacher.user_id
 AND taken.period && %(days)s::tstzrange
JOIN bookings_booking AS booking ON booking.id = taken.booking_id
 AND booking.school_id = %(school)s AND booking.teacher_id = teacher.id
WHERE EXISTS (
    SELECT FROM bookings_bookingsettings
    WHERE school_id = %(school)s AND max_teacher_minutes_per_day IS NOT NULL
) AND booking.wall_date BETWEEN %(first_day)s AND %(last_day)s
  AND (booking.id <> ALL(%(changing)s::bigint[]) OR booking.status = 'confirmed')
GROUP BY 1, 2, booking.wall_date
UNION ALL
SELECT CASE WHEN booking.id = ANY(%(changing)s::bigint[]) THEN 'present' ELSE 'visit' END,
       taken.resource_id, NULL, NULL, NULL, NULL, count(*)::int, NULL, NULL,
       booking.wall_date, NULL,
       CASE WHEN booking.id = ANY(%(changing)s::bigint[]) THEN booking.id::text END
FROM unnest(%(venues)s::bigint[]) AS venue(id)
JOIN bookings_occupancy AS taken ON taken.is_exclusive AND taken.resource_id = venue.id
 AND taken.period && %(weeks)s::tstzrange
JOIN bookings_booking AS booking ON booking.id = taken.booking_id
WHERE booking.wall_date BETWEEN %(monday)s AND %(sunday)s
  AND (booking.id <> ALL(%(changing)s::bigint[]) OR booking.status = 'confirmed')
GROUP BY 1, 2, booking.wall_date, 12
"""
