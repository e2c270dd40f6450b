"""How the program writes its diary: one JSON object a line in production, plain text elsewhere."""

import re
from typing import Any

import structlog
from structlog.typing import EventDict

SECRET_PART = re.compile(r"/(key|confirm-email|offers)/[^/\s?]+|(?<=\s)/(calendar)/[^/\s?]+")
"""Addresses that are secrets: whoever has one may be let in. Account mails, feeds, offers."""


def without_people(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Keep searches, links with a secret, and browsers out of the lines about requests."""
    event.pop("user_agent", None)
    if isinstance(request := event.get("request"), str):
        event["request"] = SECRET_PART.sub(_hidden, request.partition("?")[0])
    return event


def _hidden(found: re.Match[str]) -> str:
    return f"/{found[1] or found[2]}/…"


SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_people,
]


def configuration(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING, with structlog set up to pass through it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
    }
