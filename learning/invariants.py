"""What must always hold about lesson records and signatures."""

from justdriving.kernel.invariants import Invariant

CHAIN_SQL = """encode(sha256(convert_to(concat_ws('|',
    {row}.previous_hash, {row}.student_id, {row}.sequence, {row}.record_id, {row}.signed_as,
    {row}.signer_id, to_char({row}.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    {row}.method, {row}.content_hash), 'UTF8')), 'hex')"""
"""The link of the chain as Postgres computes it; learning.policies.chain_hash is its equal."""

STEPS_SIGNED = """(
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', s -> 'id', 'outcome', s -> 'outcome')
                              ORDER BY (s ->> 'id')::bigint), '[]')
    FROM jsonb_array_elements(g.content::jsonb -> 'steps') AS s)"""
STEPS_RECORDED = """(
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.step_id, 'outcome', s.outcome)
                              ORDER BY s.step_id), '[]')
    FROM learning_recordedstep AS s WHERE s.record_id = r.id)"""

INVARIANTS = [
    Invariant(
        code="learning.signed_by_the_right_people",
        means="The student's signature is the student's own; the teacher's is of the teacher of"
        " the lesson, or of the school's staff covering; the student's follows the teacher's.",
        sql="""
            SELECT g.school_id, 'signature ' || g.id || ' as ' || g.signed_as
                                || ' by user ' || g.signer_id
            FROM learning_signature AS g
            JOIN learning_lessonrecord AS r ON r.id = g.record_id
            JOIN administration_student AS s ON s.id = r.student_id
            JOIN administration_membership AS m ON m.id = s.membership_id
            WHERE g.student_id <> r.student_id
               OR (g.signed_as = 'student' AND g.signer_id <> m.user_id)
               OR (g.signed_as = 'student' AND NOT EXISTS (
                    SELECT FROM learning_signature AS t
                    WHERE t.record_id = g.record_id AND t.signed_as = 'teacher'
                      AND t.sequence < g.sequence))
               OR (g.signed_as = 'teacher' AND NOT EXISTS (
                    SELECT FROM administration_membership AS o
                    WHERE o.user_id = g.signer_id AND o.school_id = g.school_id
                      AND o.role IN ('owner', 'office', 'teacher')))
            ORDER BY g.id
        """,
    ),
    Invariant(
        code="learning.signed_after_the_lesson",
        means="Nothing is signed before the lesson ended, nor for a student who was not there.",
        sql="""
            SELECT g.school_id, 'signature ' || g.id || ' of booking ' || b.id
            FROM learning_signature AS g
            JOIN learning_lessonrecord AS r ON r.id = g.record_id
            JOIN bookings_participation AS p ON p.id = r.participation_id
            JOIN bookings_booking AS b ON b.id = p.booking_id
            WHERE g.signed_at < upper(b.period) OR p.status <> 'attended'
            ORDER BY g.id
        """,
    ),
    Invariant(
        code="learning.signatures_are_one_chain",
        means="Each signature of a student seals the one before: none is missing or altered.",
        sql=f"""
            SELECT school_id, 'signature ' || id || ' of student ' || student_id
            FROM (SELECT g.*, {CHAIN_SQL.format(row="g")} AS computed,
                         lag(chain_hash, 1, '') OVER line AS before, row_number() OVER line AS place
                  FROM learning_signature AS g
                  WINDOW line AS (PARTITION BY student_id ORDER BY sequence)) AS link
            WHERE sequence <> place OR previous_hash <> before OR chain_hash <> computed
            ORDER BY id
        """,  # noqa: S608 -- a constant
    ),
    Invariant(
        code="learning.signed_rows_unchanged",
        means="What was signed is what is recorded: lesson, minutes, steps, note, to the byte.",
        sql=f"""
            SELECT g.school_id, 'record ' || r.id || ', signature ' || g.id
            FROM learning_signature AS g JOIN learning_lessonrecord AS r ON r.id = g.record_id
            WHERE g.content_hash <> encode(sha256(convert_to(g.content, 'UTF8')), 'hex')
               OR g.content_hash <> r.content_hash
               OR g.content::jsonb @> jsonb_build_object(
                    'student', jsonb_build_object('id', r.student_id),
                    'teacher', jsonb_build_object('id', r.teacher_id),
                    'participation', r.participation_id,
                    'version', r.version,
                    'minutes', r.minutes,
                    'note', r.note_shared,
                    'taught_at', to_char(r.taught_at AT TIME ZONE 'UTC',
                                         'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) IS NOT TRUE
               OR {STEPS_SIGNED} <> {STEPS_RECORDED}
            ORDER BY g.id
        """,  # noqa: S608 -- constants
    ),
    Invariant(
        code="learning.attended_place_has_one_live_record",
        means="Every place that was attended has exactly one record that counts, of its student.",
        sql="""
            SELECT p.school_id, 'participation ' || p.id || ' has ' || count(r.id)
            FROM bookings_participation AS p
            LEFT JOIN learning_lessonrecord AS r
              ON r.participation_id = p.id AND r.student_id = p.student_id
             AND NOT EXISTS (SELECT FROM learning_lessonrecord AS later
                             WHERE later.supersedes_id = r.id)
            GROUP BY p.id
            HAVING count(r.id) <> CASE WHEN p.status = 'attended' THEN 1 ELSE 0 END
            ORDER BY p.id
        """,
    ),
    Invariant(
        code="learning.corrections_supersede",
        means="A later version replaces the version just before it, of the same place.",
        sql="""
            SELECT r.school_id, 'record ' || r.id || ', version ' || r.version
            FROM learning_lessonrecord AS r
            JOIN learning_lessonrecord AS old ON old.id = r.supersedes_id
            WHERE r.version <> old.version + 1 OR r.participation_id <> old.participation_id
            ORDER BY r.id
        """,
    ),
    Invariant(
        code="learning.records_fit_their_plan",
        means="Progress follows from records: each recorded step is of the plan the student"
        " follows, and that plan is for the category it stands for.",
        sql="""
            SELECT r.school_id, 'record ' || r.id || ', step ' || s.step_id
            FROM learning_recordedstep AS s
            JOIN learning_lessonrecord AS r ON r.id = s.record_id
            JOIN learning_planstep AS t ON t.id = s.step_id
            JOIN learning_planmodule AS m ON m.id = t.module_id
            LEFT JOIN learning_studentplan AS f ON f.id = r.student_plan_id
            WHERE m.plan_id IS DISTINCT FROM f.lesson_plan_id OR f.student_id <> r.student_id
            UNION ALL
            SELECT f.school_id, 'student plan ' || f.id
            FROM learning_studentplan AS f JOIN learning_lessonplan AS p ON p.id = f.lesson_plan_id
            WHERE p.licence_category <> f.licence_category
        """,
    ),
    Invariant(
        code="learning.every_signature_was_told",
        means="Each signature has its event: who signed, and when.",
        sql="""
            SELECT g.school_id, 'signature ' || g.id
            FROM learning_signature AS g
            LEFT JOIN learning_signatureevent AS e
              ON e.signature_id = g.id AND e.record_id = g.record_id
             AND e.happened_at = g.signed_at AND e.made_by_id = g.signer_id
             AND e.change = CASE g.signed_as WHEN 'teacher' THEN 'teacher_signed'
                                             ELSE 'verified' END
            WHERE e.id IS NULL
            ORDER BY g.id
        """,
    ),
]
