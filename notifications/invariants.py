"""What must hold for messages, one query each; no row means healthy."""

from justdriving.kernel.invariants import Invariant

PROMISES = (
    "'booking_requested', 'booking_to_answer', 'booking_confirmed', 'booking_moved', "
    "'booking_changed'"
)

INVARIANTS = [
    Invariant(
        code="notifications.final_in_time",
        means="Every message is settled within 15 minutes of the time it was due.",
        sql="""
            SELECT school_id, 'message ' || id || ' (' || event || ') is ' || status
            FROM notifications_message
            WHERE wake_at IS NOT NULL AND due_at < now() - interval '15 minutes'
            ORDER BY id
        """,
    ),
    Invariant(
        code="notifications.nothing_false",
        means="No message promised a lesson that was already cancelled when it left.",
        # A minute of grace: the cancellation's time is read before its transaction commits.
        sql=f"""
            SELECT m.school_id, 'message ' || m.id || ' (' || m.event || ') left after booking '
                || cancelled.booking_id || ' was cancelled'
            FROM notifications_message AS m
            JOIN bookings_bookingtransition AS told
              ON told.id = (m.context ->> 'transition')::bigint
            JOIN bookings_bookingtransition AS cancelled
              ON cancelled.booking_id = told.booking_id AND cancelled.to_status = 'cancelled'
            WHERE m.event IN ({PROMISES}) AND m.status IN ('sent', 'delivered')
              AND m.handed_over_at > cancelled.happened_at + interval '1 minute'
            ORDER BY m.id
        """,  # noqa: S608 -- our own words
    ),
    Invariant(
        code="notifications.told_once",
        means="Nobody is told the same thing twice by the same channel.",
        sql="""
            SELECT min(school_id), count(*) || ' messages tell ' || event || ' about ' || about
                || ' to ' || address
            FROM notifications_message
            GROUP BY recipient_id, address, event, channel, about
            HAVING count(*) > 1
            ORDER BY min(id)
        """,
    ),
    Invariant(
        code="notifications.tries_counted",
        means="Each try has one row that says what came of it, except one that is under way.",
        sql="""
            SELECT m.school_id, 'message ' || m.id || ' was tried ' || m.attempts
                || ' times and has ' || count(t.id) || ' rows'
            FROM notifications_message AS m
            LEFT JOIN notifications_messageattempt AS t ON t.message_id = m.id
            GROUP BY m.id
            HAVING count(t.id) <> m.attempts - (
                CASE WHEN m.status = 'sending' AND count(t.id) = m.attempts - 1 THEN 1 ELSE 0 END)
            ORDER BY m.id
        """,
    ),
    Invariant(
        code="notifications.sent_was_taken",
        means="A message counts as sent only when a provider took it.",
        sql="""
            SELECT m.school_id, 'message ' || m.id || ' is ' || m.status || ' without a taker'
            FROM notifications_message AS m
            WHERE m.status IN ('sent', 'delivered') AND (
                m.handed_over_at IS NULL OR m.attempts = 0)
            ORDER BY m.id
        """,
    ),
]
