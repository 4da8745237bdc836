"""Somebody at a site that runs in processes of its own: logs in, sends forms and files over HTTP."""

from __future__ import annotations

import http.client
import json
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from running_site import Answer

BOUNDARY = "----tonghu-made-up-boundary"


class Visitor:
    """One browser's cookies; every request has a connection of its own.

    Each request raises ``OSError`` or ``HTTPException`` where the site goes away over it.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return self._send("GET", path, b"", headers)

    def post(self, path: str, **fields: object) -> Answer:
        """Send a form."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, urlencode(fields).encode(), sent)

    def upload(self, file: Path, month: str) -> Answer:
        """Bring a discharge file as the page's script does, which asks for the answer as JSON."""
        parts = [
            f'Content-Disposition: form-data; name="archive_month"\r\n\r\n{month}\r\n'.encode(),
            f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
            f"Content-Type: text/csv\r\n\r\n".encode() + file.read_bytes() + b"\r\n",
        ]  # fmt: skip
        body = b"".join(f"--{BOUNDARY}\r\n".encode() + part for part in parts) + f"--{BOUNDARY}--\r\n".encode()
        sent = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Accept": "application/json"}
        return self._send("POST", "/imports/upload", body, sent)

    def log_in(self, username: str, password: str) -> None:
        """Log in, or fail."""
        self.get("/login")
        answer = self.post("/login", username=username, password=password)
        assert answer.status == 302, (answer.status, answer.text[:2000])

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        sent = {
            **headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies.get("csrftoken", ""), "Accept-Language": "zh-CN",
        }  # fmt: skip
        try:
            asked.request(method, path, body or None, sent)
            answered = asked.getresponse()
            text = answered.read().decode("utf-8", "replace")
            for said in answered.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: held.value for name, held in SimpleCookie(said).items()}
            return Answer(answered.status, text, {name.lower(): value for name, value in answered.getheaders()})
        finally:
            asked.close()


def batch_of(answer: Answer) -> int:
    """The number of the import that an upload led to."""
    said = json.loads(answer.text)
    assert "to" in said, said
    return int(said["to"].rsplit("/", 1)[1])
