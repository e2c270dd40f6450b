"""What the messages about registering, invitations and the account itself say."""

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from administration.models import Membership, School, User
from administration.services import accept_link, join_link, password_link
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Untrue
from notifications.models import Message


def welcome_facts(message: Message) -> Facts:
    user, school = _user(message), _school(message)
    if user.has_usable_password():
        return Facts({"needs_password": False}, url=_home(school))
    return _with_password_link(user, {"needs_password": True})


def known_already_facts(message: Message) -> Facts:
    school = _school(message)
    is_member = Membership.objects.filter(user=_user(message)).exists()
    url = _home(school) if is_member else join_link(school)
    return Facts({"is_member": is_member, "reset_url": _reset_page()}, url=url)


def invitation_facts(message: Message) -> Facts:
    member = Membership.objects.select_related("school").get(pk=message.context["membership"])
    if member.status != "invited":
        raise NoLongerTrue(Untrue.ANSWERED)
    accept = accept_link(member.school)
    values = {"accept_url": accept, "inviter": message.context["inviter"]}
    rows = ((_("Role"), member.get_role_display()), (_("E-mail"), message.address))
    user = _user(message)
    if user.has_usable_password():
        return Facts({**values, "needs_password": False}, rows, accept)
    found = _with_password_link(user, {**values, "needs_password": True})
    return Facts(found.values, rows, found.url, secrets=found.secrets)


def password_reset_facts(message: Message) -> Facts:
    return _with_password_link(_user(message), {})


def email_confirmation_facts(message: Message) -> Facts:
    address = EmailAddress.objects.filter(pk=message.context["email_address"]).first()
    if address is None or address.verified:
        raise NoLongerTrue(Untrue.ANSWERED)
    key = EmailConfirmationHMAC(address).key
    url = f"{settings.SITE_URL}{reverse('account_confirm_email', args=[key])}"
    return Facts(url=url, secrets=(url,))


def unknown_account_facts(message: Message) -> Facts:
    return Facts({"address": message.address})


NOTICES = {
    "password_changed": lambda: _("Your password was changed."),
    "password_reset": lambda: _("Your password was set anew."),
    "password_set": lambda: _("A password was set for your account."),
    "email_changed": lambda: _("The e-mail address of your account was changed."),
    "email_confirm": lambda: _("An e-mail address of your account was confirmed."),
    "email_deleted": lambda: _("An e-mail address was removed from your account."),
    "totp_activated": lambda: _("Sign-in codes from an app were switched on."),
    "totp_deactivated": lambda: _("Sign-in codes from an app were switched off."),
    "recovery_codes_generated": lambda: _("New recovery codes were made."),
    "webauthn_added": lambda: _("A passkey or security key was added."),
    "webauthn_removed": lambda: _("A passkey or security key was removed."),
}


def notice_facts(message: Message) -> Facts:
    words = NOTICES.get(message.context["notice"])
    text = words() if words else _("Something about how you sign in was changed.")
    rows = ((_("IP address"), message.context.get("ip", "")), (_("E-mail"), message.address))
    return Facts(
        {"notice": text}, tuple((label, value) for label, value in rows if value), _reset_page()
    )


def _with_password_link(user: User, values: dict[str, object]) -> Facts:
    link = password_link(user)
    return Facts(values, url=link, secrets=(link,))


def _user(message: Message) -> User:
    if message.recipient is None:
        raise NoLongerTrue(Untrue.NOBODY)
    return message.recipient


def _school(message: Message) -> School:
    if message.school is None:
        raise NoLongerTrue(Untrue.NOBODY)
    return message.school


def _home(school: School) -> str:
    return f"{settings.SITE_URL}{reverse('home:home', args=[school.slug])}"


def _reset_page() -> str:
    return f"{settings.SITE_URL}{reverse('account_reset_password')}"
