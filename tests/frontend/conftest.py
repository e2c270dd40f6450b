"""A small server for rendered pages: the product's own CSP header, static files, nothing else."""

import http.server
import mimetypes
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders

from tests.conftest import chromium


def pytest_ignore_collect(collection_path):
    in_chromium = collection_path.name in {"test_browser.py", "test_long_names.py"}
    return True if in_chromium and chromium() is None else None


@dataclass
class Site:
    """Pages by address; every POST is counted and answered with the page it came from."""

    pages: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""

    def add(self, address, response):
        self.pages[address] = response.content
        self.headers["Content-Security-Policy"] = response["Content-Security-Policy"]


class Handler(http.server.BaseHTTPRequestHandler):
    site: Site

    def answer(self, content, kind, status=200):
        self.send_response(status)
        for name, value in self.site.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            with open(found, "rb") as file:  # noqa: PTH123 -- finders give a string
                self.answer(file.read(), kind)
        elif path.endswith(".css"):
            self.answer(self.site.pages[path], "text/css")
        elif path in self.site.pages:
            self.answer(self.site.pages[path], "text/html; charset=utf-8")
        else:
            self.answer(b"", "text/html", status=404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.site.posts.append((self.path, body))
        self.answer(b"<!doctype html><title>Sent</title><h1>Sent</h1>", "text/html")

    def log_message(self, *_args):
        pass


@pytest.fixture
def site():
    served = Site()
    handler = type("SiteHandler", (Handler,), {"site": served})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
