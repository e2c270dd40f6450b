"""A mail server that speaks SMTP on a local port and keeps a journal of what it took."""

import socketserver
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

OK, REFUSE_NOW, REFUSE_FOREVER, DROP_AFTER_TAKING, DROP_BEFORE_TAKING = (
    "ok",
    "451 not now",
    "550 no such mailbox",
    "drop after taking",
    "drop before taking",
)


@dataclass
class Mailbox:
    """The journal, and the switch that makes the server misbehave."""

    behaviour: str = OK
    seconds: float = 0.0
    taken: list[EmailMessage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, raw: bytes) -> None:
        with self.lock:
            self.taken.append(message_from_bytes(raw, policy=policy.default))

    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.taken]

    def addresses(self) -> list[str]:
        return [mail["To"].addresses[0].addr_spec for mail in self.taken]


class Conversation(socketserver.StreamRequestHandler):
    server: "SmtpServer"

    def handle(self) -> None:
        try:
            self._talk()
        except (BrokenPipeError, ConnectionResetError):
            return

    def _talk(self) -> None:
        self._say("220 fake")
        while line := self.rfile.readline():
            word = line.decode().strip().split(" ")[0].split(":")[0].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if word == "DATA":
                if not self._take():
                    return
            elif word == "RCPT" and self._behaviour() == REFUSE_FOREVER:
                self._say(REFUSE_FOREVER)
            else:
                self._say("250 fine")

    def _take(self) -> bool:
        """False when the line is dropped."""
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        time.sleep(self.server.mailbox.seconds)
        behaviour = self._behaviour()
        if behaviour == REFUSE_NOW:
            self._say(REFUSE_NOW)
            return True
        if behaviour == DROP_BEFORE_TAKING or line == b"":
            return False
        self.server.mailbox.take(b"".join(lines))
        if behaviour == DROP_AFTER_TAKING:
            return False
        self._say("250 taken")
        return True

    def _behaviour(self) -> str:
        return self.server.mailbox.behaviour

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmtpServer(socketserver.ThreadingTCPServer):
    """``with SmtpServer() as server:`` listens on ``server.port`` until the block ends."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mailbox = Mailbox()
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
