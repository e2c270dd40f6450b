"""Signing in and looking after one's account: every page, strict CSP, both languages."""

import re
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from administration.models import User
from tests.frontend.test_templates import INLINE

pytestmark = [pytest.mark.urls("tests.frontend.urls"), pytest.mark.django_db]
PASSWORD = "fire-gode-ord-her"  # noqa: S105 -- of nobody


@pytest.fixture
def user():
    person = User.objects.create_user("aase@nordlys.example", PASSWORD, full_name="Åse Lind")
    EmailAddress.objects.update_or_create(
        user=person, email=person.email, defaults={"verified": True, "primary": True}
    )
    return person


@pytest.fixture
def recently_signed_in(client, user):
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


ENTRANCE = {
    "account_login": ("Welcome back", "Velkommen tilbage"),
    "account_reset_password": ("New password", "Ny adgangskode"),
    "account_reset_password_done": ("Look in your inbox", "Kig i din indbakke"),
    "account_inactive": ("This account is closed", "Kontoen er lukket"),
    "account_email_verification_sent": ("Look in your inbox", "Kig i din indbakke"),
}
MEMBER = {
    "account_change_password": ("Change your password", "Skift adgangskode"),
    "account_email": ("E-mail address", "E-mailadresse"),
    "account_logout": ("Sign out", "Log ud"),
    "account_reauthenticate": ("Is it you?", "Er det dig?"),
    "mfa_index": ("Safe sign-in", "Sikkert login"),
    "mfa_activate_totp": ("Turn on the authenticator app", "Slå godkendelsesappen til"),
    "mfa_list_webauthn": ("Passkeys", "Adgangsnøgler"),
    "mfa_add_webauthn": ("Add a passkey", "Tilføj en adgangsnøgle"),
}


def heading(response):
    html = response.content.decode()
    return html.split("<h1")[1].split(">", 1)[1].split("</h1>")[0].strip()


@pytest.mark.parametrize(("route", "words"), ENTRANCE.items())
@pytest.mark.parametrize("language", (0, 1), ids=("en", "da"))
def test_a_page_for_everybody_speaks_the_readers_language(client, route, words, language):
    response = client.get(reverse(route), headers={"accept-language": ("en", "da")[language]})
    assert (response.status_code, heading(response)) == (200, words[language])
    assert INLINE.findall(response.content.decode()) == []


@pytest.mark.parametrize(("route", "words"), MEMBER.items())
@pytest.mark.parametrize("language", (0, 1), ids=("en", "da"))
def test_a_page_of_the_account_speaks_the_readers_language(
    recently_signed_in, user, route, words, language
):
    user.language = ("en", "da")[language]
    user.save()
    response = recently_signed_in.get(
        reverse(route), headers={"accept-language": ("en", "da")[language]}
    )
    assert (response.status_code, heading(response)) == (200, words[language])
    assert INLINE.findall(response.content.decode()) == []


def test_a_wrong_password_keeps_the_address_and_says_so(client, user):
    response = client.post(
        reverse("account_login"), {"login": user.email, "password": "not this one"}
    )
    html = response.content.decode()
    assert 'value="aase@nordlys.example"' in html
    assert 'role="alert"' in html


def test_signing_in_leads_home(client, user):
    response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/home/")


def test_an_address_that_is_not_known_is_answered_like_one_that_is(client, user):
    answers = [
        client.post(reverse("account_reset_password"), {"email": email}, follow=True)
        for email in (user.email, "nobody@nordlys.example")
    ]
    assert [heading(answer) for answer in answers] == ["Kig i din indbakke"] * 2


def test_a_used_reset_link_offers_a_new_one(client):
    response = client.get(reverse("account_reset_password_from_key", args=["1", "used-key"]))
    assert heading(response) == "Linket virker ikke længere"


def test_an_unknown_confirmation_link_is_explained(client):
    response = client.get(reverse("account_confirm_email", args=["no-such-key"]))
    assert heading(response) == "Linket virker ikke længere"


def test_an_unconfirmed_second_address_can_be_confirmed_used_or_removed(recently_signed_in, user):
    EmailAddress.objects.create(user=user, email="lind@nordlys.example")
    html = recently_signed_in.get(reverse("account_email")).content.decode()
    actions = ("action_send", "action_primary", "action_remove")
    assert [html.count(f'name="{action}"') for action in actions] == [1, 1, 1]


def test_recovery_codes_are_shown_once_two_steps_are_on(recently_signed_in, user):
    TOTP.activate(user, generate_totp_secret())
    codes = RecoveryCodes.activate(user).get_unused_codes()
    html = recently_signed_in.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert [code for code in codes if f"<code>{code}</code>" in html] == codes
    for route in ("mfa_index", "mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        assert recently_signed_in.get(reverse(route)).status_code == 200


def test_the_second_step_asks_for_a_code_or_a_passkey(client, user):
    TOTP.activate(user, generate_totp_secret())
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    response = client.get(reverse("mfa_authenticate"))
    assert heading(response) == "Et skridt til"
    assert 'id="mfa_webauthn_authenticate"' in response.content.decode()


@pytest.mark.parametrize(
    ("template", "title"),
    (
        ("400.html", "Det forstod vi ikke"),
        ("403.html", "Den dør er ikke din"),
        ("403_csrf.html", "Siden var blevet for gammel"),
        ("404.html", "Vi kan ikke finde siden"),
        ("429.html", "Det gik lidt for hurtigt"),
    ),
)
def test_an_error_page_is_kind_and_shows_the_number_of_the_request(rf, template, title):
    request = rf.get("/")
    request.user = AnonymousUser()
    response = render(request, template, {"request_id": "4b1f-77aa"})
    assert heading(response) == title
    assert "4b1f-77aa" in response.content.decode()


def test_a_page_that_is_not_there_names_the_request_as_the_log_does(client):
    response = client.get("/nothing/here/")
    assert (response.status_code, heading(response)) == (404, "Vi kan ikke finde siden")
    shown = re.findall(
        r'<code class="secret-text">([0-9a-f-]{36})</code>', response.content.decode()
    )
    assert len(shown) == 1


def test_the_demo_offers_one_button_for_each_role():
    logins = [
        SimpleNamespace(role=role, email=f"{role}@x.example", password=PASSWORD) for role in "ab"
    ]
    html = render_to_string(
        "account/_demo_logins.html", {"demo_logins": logins, "login_url": "/in/"}
    )
    assert html.count('<form method="post" action="/in/">') == 2
    assert [f'value="{role}@x.example"' in html for role in "ab"] == [True, True]


@pytest.mark.parametrize(
    ("language", "said"), (("en", "You are signed in."), ("da", "Du er logget ind."))
)
def test_signing_in_says_so_in_our_words(client, user, language, said):
    User.objects.filter(pk=user.pk).update(language=language)
    with translation.override(language):
        answer = client.post(
            reverse("account_login"),
            {"login": user.email, "password": PASSWORD},
            headers={"accept-language": language},
        )

    assert [str(message) for message in get_messages(answer.wsgi_request)] == [said]
