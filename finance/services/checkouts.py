"""Paying online: a visit to a payment page, and what came of it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Membership
from finance.enums import CheckoutStatus, PaymentMethod
from finance.gateways import GatewayUnavailable, Order, Started, gateway_named
from finance.models import Checkout, Invoice, Payment
from finance.policies import flag_of
from finance.queries import dues_of, settings_of
from finance.services.allocation import hold_money, lock_invoices
from finance.services.payments import receive
from finance.services.requests import request_reused
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case

FRESH = timedelta(minutes=30)
"""So long an unfinished visit is offered again instead of starting a second one."""


def start_checkout(*, invoice_id: int, by: Membership, at: datetime, request_key: UUID) -> Checkout:
    """Begin paying what is due on an invoice; the payer goes on to ``checkout.url``.

    Two short transactions with the gateway's answer between them, so that no lock waits for a
    stranger; a crash in between is healed by asking again, which gives the same visit. Raises
    Refused: ``no-online-payment``, ``nothing-due``, ``gateway-unavailable``, ``request-reused``
    when the key began paying another invoice; Invoice.DoesNotExist when ``by`` cannot see it.
    """
    checkout = _open_checkout(invoice_id=invoice_id, by=by, at=at, request_key=request_key)
    if checkout.url:
        return checkout
    gateway = gateway_named(checkout.gateway)
    if gateway is None:
        raise Refused(_no_online_payment())
    try:
        started = gateway.start(_order(checkout))
    except GatewayUnavailable as error:
        text = _("The payment page does not answer. Nothing was paid. Try again in a moment.")
        raise Refused(Refusal("gateway-unavailable", text)) from error
    return _remember(checkout_id=checkout.pk, started=started)


@use_case
def _open_checkout(*, invoice_id: int, by: Membership, at: datetime, request_key: UUID) -> Checkout:
    Invoice.objects.visible_to(by).get(pk=invoice_id)
    (invoice,) = lock_invoices([invoice_id])
    replayed = Checkout.objects.filter(request_key=request_key).first()
    if replayed is not None:
        enforce(None if replayed.invoice_id == invoice_id else request_reused())
        return replayed
    books = settings_of(by.school)
    if gateway_named(books.gateway) is None:
        raise Refused(_no_online_payment())
    due = dues_of([invoice])[invoice.pk]
    if not invoice.is_open or due <= 0:
        raise Refused(Refusal("nothing-due", _("This invoice is already paid.")))
    asked = {"gateway": books.gateway, "account": books.stripe_account, "amount_minor": due}
    unfinished = invoice.checkouts.open().filter(started_at__gt=at - FRESH, **asked)
    return unfinished.first() or Checkout.objects.create(
        school=by.school,
        invoice=invoice,
        currency=invoice.currency,
        started_by=by.user,
        started_at=at,
        request_key=request_key,
        **asked,
    )


def _no_online_payment() -> Refusal:
    return Refusal("no-online-payment", _("This school does not take payment online."))


def _order(checkout: Checkout) -> Order:
    slug = checkout.school.slug
    paid = reverse("finance:paid", args=[slug, checkout.pk])
    invoice = reverse("finance:invoice", args=[slug, checkout.invoice_id])
    return Order(
        checkout=checkout,
        description=f"{checkout.school.name} {checkout.invoice.number}",
        success_url=settings.SITE_URL + paid,
        cancel_url=settings.SITE_URL + invoice,
    )


@use_case
def _remember(*, checkout_id: int, started: Started) -> Checkout:
    checkout = Checkout.objects.select_for_update().get(pk=checkout_id)
    if checkout.external_id is None:
        checkout.external_id, checkout.url = started.external_id, started.url
        checkout.save(update_fields=["external_id", "url"])
    return checkout


@use_case
def confirm_payment(
    *, gateway: str, external_id: str, amount: Money, at: datetime, reference: str = ""
) -> Payment:
    """Book what a gateway received for a visit: once, however often and from where it is told.

    ``amount`` is what arrived. When it differs from what was asked it is booked as received and
    flagged. Money beyond what is due stays the student's credit. Needs no school scope: the visit
    knows its school. Raises Checkout.DoesNotExist for a visit that is not ours.
    """
    checkout = lock_checkout(gateway=gateway, external_id=external_id)
    with school_scope(checkout.school_id):
        if checkout.status == CheckoutStatus.PAID:
            return checkout.payment
        checkout.status, checkout.closed_at = CheckoutStatus.PAID, at
        checkout.save(update_fields=["status", "closed_at"])
        hold_money(Invoice.objects.values_list("student", flat=True).get(pk=checkout.invoice_id))
        invoices = lock_invoices([checkout.invoice_id])
        payment = Payment(
            school=checkout.school,
            student_id=invoices[0].student_id,
            amount_minor=amount.minor,
            currency=amount.currency,
            method=PaymentMethod.CARD,
            flag=flag_of(amount, asked=checkout.amount) or "",
            gateway=gateway,
            external_id=external_id,
            reference=reference,
            checkout=checkout,
            received_on=timezone.localdate(at, checkout.school.zone),
            created_at=at,
        )
        return receive(payment, invoices, by=None, at=at)


def lock_checkout(*, gateway: str, external_id: str) -> Checkout:
    """Hold the visit of this name until the transaction ends, whichever school's it is."""
    named: Checkout = (
        Checkout.across_schools.select_for_update(of=("self",))
        .select_related("school")
        .get(gateway=gateway, external_id=external_id)
    )
    return named


@use_case
def expire_checkout(*, gateway: str, external_id: str, at: datetime) -> None:
    """The gateway closed a visit without payment; one that was paid stays paid."""
    checkout = lock_checkout(gateway=gateway, external_id=external_id)
    if checkout.status == CheckoutStatus.OPEN:
        checkout.status, checkout.closed_at = CheckoutStatus.EXPIRED, at
        checkout.save(update_fields=["status", "closed_at"])


def settle_checkout(*, checkout: Checkout, at: datetime) -> Checkout:
    """Ask the gateway how a visit ended, and book that. Returns the visit as it is now.

    The asking happens outside a transaction. A gateway that does not answer changes nothing.
    """
    gateway = gateway_named(checkout.gateway)
    if gateway is None or checkout.external_id is None or checkout.status == CheckoutStatus.PAID:
        return checkout
    try:
        outcome = gateway.fetch(checkout, at=at)
    except GatewayUnavailable:
        return checkout
    visit = {"gateway": checkout.gateway, "external_id": checkout.external_id}
    if outcome.status == CheckoutStatus.PAID:
        confirm_payment(**visit, amount=outcome.amount, at=at, reference=outcome.reference)
    elif outcome.status == CheckoutStatus.EXPIRED:
        expire_checkout(**visit, at=at)
    checkout.refresh_from_db()
    return checkout
