"""What a lesson is given with: the right vehicle or room, in working order and free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.enums import Gearbox
from bookings.buffers import buffers_of
from bookings.enums import DueDateKind, ResourceKind
from bookings.models import LessonType, Resource
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import NOTHING, Diary, Due, diary_of
from bookings.queries.proposals import suits
from bookings.rules import wording
from justdriving.kernel.policy import Refusal
from justdriving.templatetags.formats import kilometres


@dataclass(frozen=True, slots=True)
class Choice:
    """The diary, and the resources that could have been chosen."""

    diary: Diary
    resources: Sequence[Resource]


class ResourcesSuit:
    """One resource of each kind needed: approved, the student's gearbox, in working order.

    Only the gearbox may be overruled (code ``wrong-gearbox``): the rest would be unlawful or
    impossible.
    """

    code = "resource-unsuitable"
    overridable: ClassVar[Overrides] = {
        "wrong-gearbox": Overridable(gettext_lazy("Gearbox"), is_personal=True)
    }

    def load(self, search: Search) -> Choice:
        return Choice(diary_of(search), search.resources)

    def refuse(self, proposal: Proposal, facts: Choice) -> Iterable[Refusal]:
        refusal = self._first(proposal, facts)
        return () if refusal is None else (refusal,)

    def _first(self, proposal: Proposal, facts: Choice) -> Refusal | None:
        present = {resource.kind for resource in proposal.resources}
        for kind in facts.diary.needs:
            if kind not in present:
                return self._missing(ResourceKind(kind), proposal, facts)
        for resource in proposal.resources:
            if refusal := self._flaw(resource, proposal, facts.diary):
                return refusal
        return self._wrong_gearbox(proposal)

    def _missing(self, kind: ResourceKind, proposal: Proposal, facts: Choice) -> Refusal:
        could_serve = any(
            resource.kind == kind and suits(resource, proposal.lesson_type, proposal.students)
            for resource in facts.resources
        )
        if could_serve:
            times = wording.hours(proposal.starts_at, proposal.ends_at, facts.diary.zone)
            message = _("%(kind)s: none is free %(hours)s.") % {"kind": kind.label, "hours": times}
            return Refusal("no-resource-free", message, {"kind": kind.value})
        message = _("%(kind)s: none was found that suits this lesson.") % {"kind": kind.label}
        return Refusal("resource-missing", message, {"kind": kind.value})

    def _flaw(self, resource: Resource, proposal: Proposal, diary: Diary) -> Refusal | None:
        if not resource.is_active or _is_broken(resource, proposal, diary):
            message = _("%(resource)s is out of service at that time.") % {"resource": resource}
            return Refusal(self.code, message)
        category = proposal.lesson_type.licence_category
        if not _is_approved(resource, proposal.lesson_type):
            message = _("%(resource)s is not for category %(category)s.")
            return Refusal(self.code, message % {"resource": resource, "category": category})
        return None

    def _wrong_gearbox(self, proposal: Proposal) -> Refusal | None:
        for resource in proposal.resources:
            for student in proposal.students:
                is_shared = resource.gearbox and resource.pk not in proposal.places
                if is_shared and resource.gearbox != student.gearbox:
                    message = _(
                        "%(resource)s has another gearbox than the student learns: %(gear)s."
                    )
                    words = {"resource": resource, "gear": Gearbox(resource.gearbox).label}
                    return Refusal("wrong-gearbox", message % words, overridable=True)
        return None


class ResourcesAreFree:
    """A vehicle or room is in one lesson at a time, buffers included."""

    code = "resource-booked"
    overridable: ClassVar[Overrides] = {}

    def load(self, search: Search) -> Diary | None:
        return None if search.subtracted else diary_of(search)

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        for resource in proposal.resources:
            before, after = buffers = buffers_of(proposal.lesson_type, resource)
            lower, upper = proposal.starts_at - before, proposal.ends_at + after
            if taken := facts.things.get(resource.pk, NOTHING).first_overlap(lower, upper):
                message = wording.booked_around(str(resource), taken, proposal, buffers, facts.zone)
                yield Refusal(self.code, message, {"resource_id": resource.pk})
                return


class ResourcesAreInDate:
    """No resource is used from the day after something blocking was due, until it has been done.

    Nor once the odometer has passed what it was due by, whichever comes first. Nobody may overrule
    a lapsed inspection or insurance; tyres and service are the school's own.
    """

    code = "resource-lapsed"
    overridable: ClassVar[Overrides] = {
        "resource-lapsed-tyres": Overridable(gettext_lazy("Tyres are due")),
        "resource-lapsed-service": Overridable(gettext_lazy("Service is due")),
    }

    def load(self, search: Search) -> Diary | None:
        diary = diary_of(search)
        return diary if diary.dues else None

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        for resource in proposal.resources:
            _before, after = buffers_of(proposal.lesson_type, resource)
            for due in facts.overdue(resource.pk, proposal.ends_at + after):
                code, words = f"{self.code}-{due.kind}", due._asdict()
                message = self._message(resource, due, facts)
                yield Refusal(
                    code, message, {"resource_id": resource.pk, **words}, code in self.overridable
                )

    def _message(self, resource: Resource, due: Due, facts: Diary) -> str:
        words = {"resource": resource, "kind": DueDateKind(due.kind).label}
        if due.km is not None:
            message = _("%(resource)s: “%(kind)s” was due at %(km)s.")
            return message % {**words, "km": kilometres(due.km)}
        message = _("%(resource)s: “%(kind)s” was due %(day)s.")
        return message % {**words, "day": wording.day(due.due_on, facts.zone)}


def _is_broken(resource: Resource, proposal: Proposal, diary: Diary) -> bool:
    outages = diary.outages.get(resource.pk)
    if outages is None:
        return False
    before, after = buffers_of(proposal.lesson_type, resource)
    return bool(outages.first_overlap(proposal.starts_at - before, proposal.ends_at + after))


def _is_approved(resource: Resource, lesson_type: LessonType) -> bool:
    categories = resource.licence_categories
    return not categories or lesson_type.licence_category in categories
