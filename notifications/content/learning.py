"""What the request to sign a lesson says."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from justdriving.templatetags.formats import long_day
from learning.enums import Side
from learning.models import LessonRecord
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Untrue
from notifications.models import Message


def signature_facts(message: Message) -> Facts:
    record = LessonRecord.objects.select_related("school", "teacher__membership__user").get(
        pk=message.context["record"]
    )
    if record.signatures.filter(signed_as=Side.STUDENT).exists():
        raise NoLongerTrue(Untrue.SIGNED)
    if LessonRecord.objects.filter(supersedes=record).exists():
        raise NoLongerTrue(Untrue.CORRECTED)
    rows = (
        (_("Teacher"), str(record.teacher)),
        (_("Day"), long_day(record.taught_at)),
        (_("Minutes"), str(record.minutes)),
    )
    path = reverse("learning:review", args=[record.school.slug, record.pk])
    return Facts(
        {"teacher": str(record.teacher), "taught_at": record.taught_at},
        rows,
        f"{settings.SITE_URL}{path}",
    )
