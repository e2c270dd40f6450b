"""The two ends of the line: a mail server and a text message exchange."""

import pytest

from tests.fakes.smtp_server import SmtpServer
from tests.fakes.twilio_server import TwilioServer

DEMO = {
    "email": "notifications.channels.demo.Demo",
    "sms": "notifications.channels.demo.DemoSms",
}
REAL = {"email": "notifications.channels.email.Email", "sms": "notifications.channels.sms.Sms"}


@pytest.fixture
def demo_channels(settings):
    settings.MESSAGE_CHANNELS = DEMO


@pytest.fixture
def mail_server(settings):
    """The real e-mail channel, talking to a server of ours."""
    with SmtpServer() as server:
        settings.MESSAGE_CHANNELS = REAL
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        yield server


@pytest.fixture
def exchange(settings):
    """The real SMS channel with Twilio's own SDK, talking to a server of ours."""
    with TwilioServer() as server:
        settings.MESSAGE_CHANNELS = REAL
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "ACtest", "secret-token"
        settings.TWILIO_FROM, settings.TWILIO_API_BASE = "+4512345678", server.url
        yield server
