"""E-mail through Django's backend: plain SMTP, or any provider that Anymail knows."""

import smtplib
from contextlib import suppress
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.channels.base import Unreachable
from notifications.enums import Outcome
from notifications.parcels import Handed, Parcel
from notifications.policies import Answer

HTTP_TOO_MANY = 429
HTTP_SERVER_ERROR = 500
SMTP_PERMANENT = 500


class Email:
    name = "email"

    def __init__(self) -> None:
        self._connection: Any = get_connection()

    def open(self) -> None:
        """A connection that answers, so that a failure after this was a failure while sending."""
        line = getattr(self._connection, "connection", None)
        if line is not None and _is_alive(line):
            return
        with suppress(Exception):
            self._connection.close()
        try:
            self._connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(str(error)) from error

    def send(self, parcel: Parcel) -> Answer:
        mail = letter(parcel)
        mail.connection = self._connection
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return _smtp_answer(code, text)
        except smtplib.SMTPResponseException as error:
            return _smtp_answer(error.smtp_code, error.smtp_error)
        except AnymailError as error:
            return provider_answer(error)
        except (OSError, smtplib.SMTPException) as error:
            return Answer(Outcome.UNKNOWN, error=_words(error))
        status = getattr(mail, "anymail_status", None)
        return Answer(Outcome.TAKEN, provider_id=str(getattr(status, "message_id", None) or ""))

    def find(self, handed: Handed) -> Answer:  # noqa: ARG002 -- a mail server keeps no record
        return Answer(Outcome.REFUSED, error="A mail server cannot be asked.")

    def close(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            self._connection.close()


def letter(parcel: Parcel) -> EmailMultiAlternatives:
    """The e-mail. Its Message-ID is made of our id: a mailbox that got it twice shows it once."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    mail = EmailMultiAlternatives(
        subject=parcel.subject,
        body=parcel.text,
        from_email=formataddr((parcel.sender_name, sender)),
        to=[formataddr((parcel.to_name, parcel.address))],
        reply_to=[parcel.reply_to] if parcel.reply_to else None,
        headers={
            "Message-ID": f"<message-{parcel.key}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if parcel.html:
        mail.attach_alternative(parcel.html, "text/html")
    for file in parcel.attachments:
        is_text = file.content_type.startswith("text/")
        content = file.content.decode() if is_text else file.content
        mail.attach(file.name, content, file.content_type)
    return mail


def _is_alive(line: Any) -> bool:
    try:
        code, _ = line.noop()
    except (OSError, smtplib.SMTPException):
        return False
    return bool(code == 250)  # noqa: PLR2004 -- SMTP's "fine"


def _smtp_answer(code: int, text: bytes | str) -> Answer:
    """RFC 5321: 4xx means not now, 5xx means never."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    outcome = Outcome.REFUSED if code >= SMTP_PERMANENT else Outcome.NOT_TAKEN
    return Answer(outcome, error=f"{code} {said}")


def provider_answer(error: AnymailError) -> Answer:
    code = error.status_code
    if isinstance(error, AnymailRecipientsRefused):
        outcome = Outcome.REFUSED
    elif code is None or code >= HTTP_SERVER_ERROR:
        outcome = Outcome.UNKNOWN
    else:
        outcome = Outcome.NOT_TAKEN if code in (401, 403, HTTP_TOO_MANY) else Outcome.REFUSED
    return Answer(outcome, error=_words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
