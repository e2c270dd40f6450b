"""Where providers tell what became of a message."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from administration.access import public
from notifications import services


@csrf_exempt
@require_POST
@public
def twilio_status(request: HttpRequest, key: int) -> HttpResponse:
    """Twilio's report on our message ``key``, signed for exactly this public address."""
    url = f"{settings.SITE_URL}{request.get_full_path()}"
    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    if not settings.TWILIO_AUTH_TOKEN or not validator.validate(url, request.POST, signature):
        return HttpResponse(status=403)
    services.record_report(
        key=key,
        provider_id=request.POST.get("MessageSid", ""),
        word=request.POST.get("MessageStatus", ""),
        error=request.POST.get("ErrorCode", ""),
        at=timezone.now(),
    )
    return HttpResponse(status=204)
