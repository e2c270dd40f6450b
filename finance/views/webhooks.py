"""Where the payment provider knocks."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from administration.access import public
from finance.gateways import UntrustedWebhook
from finance.services import receive_webhook

LARGEST = 256 * 1024
"""Bytes; Stripe's largest event is far below."""


@public
@csrf_exempt  # Stripe has no session with us: the signature over the raw body is the proof
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Stripe tells us something. 200 once it is stored; 400 when Stripe did not sign it."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=413)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        receive_webhook(payload=request.body, signature=signature, at=timezone.now())
    except UntrustedWebhook:
        return HttpResponse(status=400)
    return HttpResponse(status=200)
