"""What must always hold for schools and people."""

from justdriving.kernel.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="administration.school_without_owner",
        means="Every active school has an owner who can sign in.",
        sql="""
            SELECT s.id, 'school ' || s.slug
            FROM administration_school s
            WHERE s.status = 'active' AND NOT EXISTS (
                SELECT 1 FROM administration_membership m
                JOIN administration_user u ON u.id = m.user_id
                WHERE m.school_id = s.id AND m.role = 'owner' AND m.status = 'active'
                AND u.is_active)
        """,
    ),
    Invariant(
        code="administration.unknown_role",
        means="Every membership has a role and a status that the permission table knows.",
        sql="""
            SELECT m.school_id, 'membership ' || m.id || ': ' || m.role || ', ' || m.status
            FROM administration_membership m
            WHERE m.role NOT IN ('owner', 'office', 'teacher', 'student', 'guardian')
            OR m.status NOT IN ('invited', 'active', 'inactive')
        """,
    ),
    Invariant(
        code="administration.profile_without_its_role",
        means="A student profile belongs to a student, a teacher profile to a member of staff.",
        sql="""
            SELECT s.school_id, 'student ' || s.id || ' is ' || m.role
            FROM administration_student s
            JOIN administration_membership m ON m.id = s.membership_id
            WHERE m.role <> 'student'
            UNION ALL
            SELECT t.school_id, 'teacher ' || t.id || ' is ' || m.role
            FROM administration_teacher t
            JOIN administration_membership m ON m.id = t.membership_id
            WHERE m.role NOT IN ('teacher', 'office', 'owner')
        """,
    ),
    Invariant(
        code="administration.address_and_login_differ",
        means="A person's primary address is the one they sign in with.",
        sql="""
            SELECT NULL, 'user ' || u.id
            FROM administration_user u
            JOIN account_emailaddress e ON e.user_id = u.id AND e."primary"
            WHERE lower(e.email) <> lower(u.email)
        """,
    ),
    Invariant(
        code="administration.change_without_actor",
        means="Every change of a member, a setting or a student has an actor and a moment.",
        sql="""
            SELECT e.school_id, 'membership event ' || e.id
            FROM administration_membershipevent e WHERE e.made_by_id IS NULL
            UNION ALL
            SELECT e.school_id, 'student event ' || e.id
            FROM administration_studentevent e WHERE e.made_by_id IS NULL
        """,
    ),
]
