"""What becomes of a message after each answer, and how words fit a text message. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from unicodedata import normalize

from notifications.enums import AT_LEAST_ONCE, LEFT, MessageStatus, Outcome

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 1, 2, 5, 5, 15, 60))
"""Waits before the next try: six tries fall into the first 15 minutes, the eighth is the last."""
MAX_ATTEMPTS = len(BACK_OFF) + 1
MAX_INTERRUPTIONS = 50
"""A message whose worker died this often before handing it over is what kills the workers."""
ASK_FOR = timedelta(minutes=12)
"""How long a provider that does not answer is asked whether it took a message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said. ``retry_after`` is its own wish; ``error`` is shown to the office.

    ``is_delivered`` means that nothing more will be heard of it.
    """

    outcome: Outcome
    provider_id: str = ""
    error: str = ""
    retry_after: timedelta | None = None
    is_delivered: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """The next state of a message; ``wake_at`` is None when it is final."""

    status: MessageStatus
    wake_at: datetime | None = None
    in_doubt: bool = False


def back_off(attempts: int) -> timedelta:
    return BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]


def fate_after(answer: Answer, *, attempts: int, at: datetime) -> Fate:
    """What follows from the answer to try number ``attempts``."""
    match answer.outcome:
        case Outcome.TAKEN:
            return Fate(MessageStatus.DELIVERED if answer.is_delivered else MessageStatus.SENT)
        case Outcome.REFUSED:
            return Fate(MessageStatus.FAILED)
        case Outcome.UNKNOWN:
            return Fate(MessageStatus.UNKNOWN, at + back_off(attempts), in_doubt=True)
        case _:
            if attempts >= MAX_ATTEMPTS:
                return Fate(MessageStatus.FAILED)
            wait = max(back_off(attempts), answer.retry_after or timedelta())
            return Fate(MessageStatus.QUEUED, at + wait)


def fate_in_doubt(
    found: Answer, *, event: str, attempts: int, handed_over_at: datetime, at: datetime
) -> Fate | None:
    """What follows once the provider was asked whether it took a message; None means: send it.

    UNKNOWN means that it gave no answer this time, REFUSED that it can never tell.
    """
    match found.outcome:
        case Outcome.TAKEN:
            return Fate(MessageStatus.DELIVERED if found.is_delivered else MessageStatus.SENT)
        case Outcome.NOT_TAKEN:
            return None if attempts < MAX_ATTEMPTS else Fate(MessageStatus.FAILED)
        case Outcome.UNKNOWN if at < handed_over_at + ASK_FOR:
            return Fate(MessageStatus.UNKNOWN, at + back_off(1), in_doubt=True)
        case _:
            may_repeat = event in AT_LEAST_ONCE and attempts < MAX_ATTEMPTS
            return None if may_repeat else Fate(MessageStatus.UNKNOWN, in_doubt=True)


def after_report(current: str, reported: MessageStatus) -> MessageStatus | None:
    """The status after a provider's later report, None when the report tells nothing new.

    Reports come twice and in any order: delivered and failed are never taken back.
    """
    settled = (MessageStatus.DELIVERED, MessageStatus.FAILED, MessageStatus.SUPPRESSED)
    is_old_news = current in settled or (reported == MessageStatus.SENT and current in LEFT)
    return None if is_old_news else reported


GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = set("^{}\\[~]|€")
PLAIN = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "’": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'", "“": '"',
     "”": '"', "…": "...", "·": "-", "→": "->", "\N{NO-BREAK SPACE}": " ",
     "\N{NARROW NO-BREAK SPACE}": " "}
)  # fmt: skip


def gsm_text(text: str) -> str:
    """The same words in the letters of a plain text message, so that 160 of them fit in one.

    Danish letters are among them; a letter that is not loses its accent or becomes ``?``.
    """
    plain = re.sub(r"[ \t]+", " ", text.translate(PLAIN)).strip()
    return "".join(_gsm_letter(letter) for letter in plain)


def _gsm_letter(letter: str) -> str:
    if letter in GSM or letter in GSM_TWICE:
        return letter
    bare = normalize("NFKD", letter)[0]
    return bare if bare in GSM else "?"


def sms_parts(text: str) -> int:
    """Into how many text messages ``text`` (of gsm_text) is cut."""
    length = sum(2 if letter in GSM_TWICE else 1 for letter in text)
    return 1 if length <= 160 else -(-length // 153)  # noqa: PLR2004 -- GSM 03.38 and 03.40
