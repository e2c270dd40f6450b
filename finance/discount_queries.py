"""What discounts depend on, as parts of the one statement that reads prices; and for pages."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, JSONField, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import JSONObject

from administration.enums import StudentStatus
from administration.models import Membership, Student, StudentDocument
from finance.discount_policies import Grant, Paper, Person, Rule
from finance.enums import DiscountFilter, DiscountKind
from finance.models import Discount, DiscountGrant, DiscountProduct, FinanceSettings
from justdriving.kernel.tenancy import active_school_id

LEARNING = (StudentStatus.REGISTERED, StudentStatus.ACTIVE, StudentStatus.PAUSED)
FAMILIES = """
    SELECT ARRAY(
        SELECT jsonb_build_object(
            'student', s.id,
            'relatives', COUNT(r.id),
            'elder', COUNT(r.id) FILTER (WHERE (r.registered_at, r.id) < (s.registered_at, s.id)))
        FROM administration_student AS s
        JOIN LATERAL (
            SELECT b.student_id FROM finance_familymember AS a
            JOIN finance_familymember AS b ON b.family_id = a.family_id
            WHERE a.student_id = s.id
            UNION
            SELECT b.student_id FROM administration_guardian AS a
            JOIN administration_guardian AS b ON b.school_id = a.school_id
             AND (b.user_id = a.user_id OR lower(b.email) = lower(a.email))
            WHERE a.student_id = s.id
        ) AS related ON related.student_id <> s.id
        JOIN administration_student AS r ON r.id = related.student_id AND r.status = ANY(%s)
        WHERE s.id = ANY(%s) AND s.school_id = %s AND EXISTS (
            SELECT FROM finance_discount AS d
            WHERE d.school_id = s.school_id AND d.kind = 'family' AND d.is_active)
        GROUP BY s.id
    )
"""


def discount_parts_of_statement(students: Collection[int]) -> dict[str, Combinable]:
    """Expressions to annotate a school with: what decides the discounts of these students."""
    ids = list(students)
    grants = DiscountGrant.objects.filter(student__in=ids, withdrawn_at=None)
    papers = StudentDocument.objects.filter(student__in=ids)
    named = DiscountProduct.objects.filter(discount__is_active=True)
    return {
        "discounts": _rows(Discount.objects.filter(is_active=True).order_by("pk"), *RULE_FIELDS),
        "named_products": _rows(named.order_by("pk"), "discount_id", "product_id"),
        "stacking": Subquery(FinanceSettings.objects.values("stacking")[:1]),
        "cap": Subquery(FinanceSettings.objects.values("discount_cap_percent")[:1]),
        "students": _rows(Student.objects.filter(pk__in=ids).order_by("pk"), "pk", "born_on"),
        "papers": _rows(papers.order_by("pk"), "student_id", "kind", "valid_from", "valid_until"),
        "grants": _rows(
            grants.order_by("pk"), "student_id", "discount_id", "reason", "valid_until"
        ),
        "families": RawSQL(  # noqa: S611 -- our own text, parameters bound
            FAMILIES,
            [list(LEARNING), ids, active_school_id()],
            output_field=ArrayField(JSONField()),
        ),
    }


RULE_FIELDS = (
    "pk", "name", "kind", "percent", "fixed_minor", "position", "from_sibling", "days_ahead",
    "younger_than", "document_kind", "valid_from", "valid_until",
)  # fmt: skip


def _rows(found: QuerySet[Any], *fields: str) -> ArraySubquery:
    return ArraySubquery(found.values(row=JSONObject(**{name: F(name) for name in fields})))


def rules_in(found: dict[str, Any]) -> list[Rule]:
    products: dict[int, set[int]] = {}
    for row in found["named_products"]:
        products.setdefault(row["discount_id"], set()).add(row["product_id"])
    return [
        Rule(
            pk=row["pk"],
            name=row["name"],
            kind=DiscountKind(row["kind"]),
            percent=row["percent"] or 0,
            fixed_minor=row["fixed_minor"] or 0,
            position=row["position"],
            from_sibling=row["from_sibling"] or 0,
            days_ahead=row["days_ahead"] or 0,
            younger_than=row["younger_than"] or 0,
            document_kind=row["document_kind"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_until=_day(row["valid_until"]),
            products=frozenset(products.get(row["pk"], ())),
        )
        for row in found["discounts"]
    ]


def people_in(found: dict[str, Any]) -> dict[int, Person]:
    """By id of the student."""
    families = {row["student"]: row for row in found["families"]}
    return {
        row["pk"]: Person(
            born_on=date.fromisoformat(row["born_on"]),
            relatives=families.get(row["pk"], {}).get("relatives", 0),
            elder=families.get(row["pk"], {}).get("elder", 0),
            papers=[
                Paper(one["kind"], date.fromisoformat(one["valid_from"]), _day(one["valid_until"]))
                for one in found["papers"]
                if one["student_id"] == row["pk"]
            ],
            grants={
                one["discount_id"]: Grant(one["reason"], _day(one["valid_until"]))
                for one in found["grants"]
                if one["student_id"] == row["pk"]
            },
        )
        for row in found["students"]
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def discounts_found(*, search: str, show: str, today: date) -> QuerySet[Discount]:
    """The discounts of the school, narrowed by words and by state, in their order."""
    found = Discount.objects.select_related("school").prefetch_related("products")
    match show:
        case DiscountFilter.NOW:
            ended = Q(valid_until__isnull=False, valid_until__lt=today)
            found = found.filter(is_active=True, valid_from__lte=today).exclude(ended)
        case DiscountFilter.PUT_AWAY:
            found = found.filter(is_active=False)
    for word in search.split():
        found = found.filter(name__icontains=word)
    return found.order_by("-is_active", "position", "pk")


def relatives_of(student: Student, member: Membership) -> list[Student]:
    """Who belongs to the same family: the school said so, or they share a guardian."""
    said = Q(family_member__family__members__student=student)
    guardians = student.guardians.all()
    shared = Q(guardians__user__in=guardians.exclude(user=None).values("user")) | Q(
        guardians__email__in=guardians.values("email")
    )
    seen = Student.objects.visible_to(member).filter(said | shared).exclude(pk=student.pk)
    return list(seen.select_related("membership__user").order_by("registered_at", "pk").distinct())


def grants_of(student: Student) -> QuerySet[DiscountGrant]:
    found = DiscountGrant.objects.filter(student=student)
    return found.select_related("discount", "granted_by", "withdrawn_by").order_by("-granted_at")
