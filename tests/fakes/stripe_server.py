"""Stripe's wire protocol on this machine: sessions, idempotency keys, signed webhooks, a journal.

The product talks to it through Stripe's own SDK; nothing of the product is replaced.
"""

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

SECRET = "whsec_test"  # noqa: S105 -- of the fake
KEY = "sk_test_fake"


@dataclass
class Call:
    method: str
    path: str
    account: str
    idempotency_key: str
    form: dict[str, str]


@dataclass
class State:
    """What the fake remembers. ``broken`` makes it answer 500 to everything."""

    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)
    journal: list[Call] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    refund_status: str = "succeeded"
    broken: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        call = self.note("GET", {})
        session = self.server.state.sessions.get(call.path.rsplit("/", 1)[-1])
        if self.server.state.broken:
            self.answer(500, _error("api_error", "broken"))
        elif session is None or session["account"] != call.account:
            self.answer(404, _error("invalid_request_error", "No such checkout.session"))
        else:
            self.answer(200, public(session))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        call = self.note("POST", form)
        state = self.server.state
        with state.lock:
            before = state.answers.get(call.idempotency_key)
            if state.broken:
                self.answer(500, _error("api_error", "broken"))
            elif call.path == "/v1/refunds":
                self.refund(call)
            elif call.path != "/v1/checkout/sessions":
                self.answer(404, _error("invalid_request_error", "Unrecognized request URL"))
            elif before and before[0] != form:
                self.answer(400, _error("idempotency_error", "Keys are for the same parameters"))
            else:
                session = before[1] if before else self.make(call)
                self.answer(200, public(session))

    def refund(self, call: Call) -> None:
        """Give back so much of a paid session; asked again with the same key it is given once."""
        state, form = self.server.state, call.form
        before = state.answers.get(call.idempotency_key)
        paid = [one for one in state.sessions.values() if one["payment_intent"]]
        intents = {one["payment_intent"]: one["amount_total"] for one in paid}
        gone = sum(
            one["amount"]
            for one in state.refunds
            if one["payment_intent"] == form["payment_intent"]
        )
        if before:
            self.answer(200, before[1])
        elif int(form["amount"]) > intents.get(form["payment_intent"], 0) - gone:
            self.answer(400, _error("invalid_request_error", "Refund amount is greater than left"))
        else:
            refund = {
                "id": f"re_test_{len(state.refunds) + 1}",
                "object": "refund",
                "status": state.refund_status,
                "amount": int(form["amount"]),
                "payment_intent": form["payment_intent"],
            }
            state.refunds.append(refund)
            state.answers[call.idempotency_key] = (form, refund)
            self.answer(200, refund)

    def make(self, call: Call) -> dict[str, Any]:
        state = self.server.state
        number = len(state.sessions) + 1
        price = "line_items[0][price_data]"
        session = {
            "id": f"cs_test_{number}",
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": int(call.form[f"{price}[unit_amount]"]),
            "currency": call.form[f"{price}[currency]"],
            "client_reference_id": call.form.get("client_reference_id"),
            "account": call.account,
        }
        state.sessions[session["id"]] = session
        if call.idempotency_key:
            state.answers[call.idempotency_key] = (call.form, session)
        return session

    def note(self, method: str, form: dict[str, str]) -> Call:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            raise AssertionError(self.headers.get("Authorization"))
        call = Call(
            method,
            self.path,
            self.headers.get("Stripe-Account", ""),
            self.headers.get("Idempotency-Key", ""),
            form,
        )
        self.server.state.journal.append(call)
        return call

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing: the journal remembers."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    state: State


class FakeStripe:
    """Start it with ``with``; ``url`` is what STRIPE_API_BASE becomes."""

    def __init__(self) -> None:
        self.server = Server(("127.0.0.1", 0), Handler)
        self.state = self.server.state = State()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def journal(self) -> list[Call]:
        return self.state.journal

    def pay(self, session_id: str, **received: Any) -> dict[str, Any]:
        """The customer pays; ``received`` may say another amount_total or currency."""
        session = self.state.sessions[session_id]
        session |= {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": f"pi_{session_id}",
        } | received
        return session

    def expire(self, session_id: str) -> dict[str, Any]:
        session = self.state.sessions[session_id]
        if session["status"] == "open":
            session["status"] = "expired"
        return session

    def event(self, kind: str, session: dict[str, Any], *, event_id: str = "", account: str = ""):
        """The raw body of a webhook about a session as it is now."""
        body = {
            "id": event_id or f"evt_{kind}_{session['id']}",
            "object": "event",
            "type": kind,
            "data": {"object": public(session)},
        }
        named = account or session["account"]
        return json.dumps(body | ({"account": named} if named else {})).encode()


def public(session: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in session.items() if name != "account"}


def sign(payload: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """The Stripe-Signature header of a payload."""
    stamp = int(time.time() if at is None else at)
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256)
    return f"t={stamp},v1={signed.hexdigest()}"


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message}}
