"""Twilio's message resource on a local port, with a journal and faults to switch on."""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

MESSAGES = re.compile(r"/2010-04-01/Accounts/(?P<account>\w+)/Messages\.json")
OK, DROP_AFTER_TAKING, FAIL_AFTER_TAKING, FAIL, BUSY, TOO_MANY, BAD_NUMBER, BAD_KEY = (
    "ok",
    "drop after taking",
    "500 after taking",
    "500",
    "503 retry after",
    "429",
    "400 bad number",
    "401",
)
ERRORS = {
    FAIL: (500, 20500, "Internal Server Error", {}),
    FAIL_AFTER_TAKING: (500, 20500, "Internal Server Error", {}),
    BUSY: (503, 20503, "Service unavailable", {"Retry-After": "300"}),
    TOO_MANY: (429, 20429, "Too Many Requests", {"Retry-After": "7"}),
    BAD_NUMBER: (400, 21211, "The 'To' number is not a valid phone number.", {}),
    BAD_KEY: (401, 20003, "Authenticate", {}),
}
TAKES = {OK, DROP_AFTER_TAKING, FAIL_AFTER_TAKING}


@dataclass
class Exchange:
    """The journal: every text message that was taken, newest last."""

    behaviour: str = OK
    can_list: bool = True
    seconds: float = 0.0
    taken: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, account: str, form: dict[str, str]) -> dict[str, str]:
        with self.lock:
            message = {
                "sid": f"SM{len(self.taken):032x}",
                "account_sid": account,
                "to": form["To"],
                "from": form.get("From") or form["MessagingServiceSid"],
                "body": form["Body"],
                "status": "queued",
                "status_callback": form.get("StatusCallback", ""),
                "date_created": format_datetime(datetime.now(UTC)),
            }
            self.taken.append(message)
            return message


class Desk(BaseHTTPRequestHandler):
    server: "TwilioServer"

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        found = MESSAGES.fullmatch(urlsplit(self.path).path)
        exchange = self.server.exchange
        if not found or not self.headers.get("Authorization", "").startswith("Basic "):
            return self._error(BAD_KEY)
        time.sleep(exchange.seconds)
        message: dict[str, str] = {}
        if exchange.behaviour in TAKES:
            values = {name: value[0] for name, value in form.items()}
            message = exchange.take(found["account"], values)
        if exchange.behaviour == DROP_AFTER_TAKING:
            self.close_connection = True
            return self.connection.close()
        if exchange.behaviour != OK:
            return self._error(exchange.behaviour)
        return self._answer(201, message)

    def do_GET(self) -> None:
        if not self.server.exchange.can_list:
            return self._error(FAIL)
        query = parse_qs(urlsplit(self.path).query)
        with self.server.exchange.lock:
            newest_first = list(reversed(self.server.exchange.taken))
        to = query.get("To", [""])[0]
        found = [message for message in newest_first if not to or message["to"] == to]
        return self._answer(200, {"messages": found, "next_page_uri": None})

    def _error(self, kind: str) -> None:
        status, code, text, headers = ERRORS[kind]
        self._answer(status, {"code": code, "message": text, "status": status}, headers)

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """The journal says enough."""


class TwilioServer(ThreadingHTTPServer):
    """``with TwilioServer() as server:`` listens on ``server.url`` until the block ends."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.exchange = Exchange()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def handle_error(self, *_args: object) -> None:
        """A client that was killed is no news here."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
