"""The demonstration's inbox, where every message that left can be read."""

import re
import time
from urllib.parse import quote

from tests.journeys.person import Person


class Inbox:
    """Reads the messages of one address."""

    def __init__(self, reader: Person, address: str) -> None:
        self.reader, self.address = reader, address

    def read(self, *words: str) -> str:
        """The text of the newest message that has all these words; waits for the worker."""
        page = self.reader.page
        for _ in range(20):
            page.goto(f"/demo/inbox/?to={quote(self.address)}")
            links = page.locator("#mails a[href*='/demo/inbox/']")
            addresses = [link.get_attribute("href") for link in links.all()]
            for address in dict.fromkeys(one for one in addresses if one and "?" not in one):
                page.goto(address)
                text = page.locator(".letter, .bubble").first.text_content() or ""
                title = page.get_by_role("heading", level=1).first.text_content() or ""
                if all(word in title + text for word in words):
                    self.reader.look()
                    return text
            time.sleep(0.5)
        message = f"no message to {self.address} with {words}"
        raise AssertionError(message)

    def link(self, part: str) -> str:
        """The newest link that left for this address and has ``part`` in it."""
        links = re.findall(r"https?://\S+", self.read(part))
        return next(link for link in links if part in link)
