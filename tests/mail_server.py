"""A small mail server for tests, in a thread of its own: it takes mail, or refuses, hangs, or dies as it is told."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Dialogue(socketserver.StreamRequestHandler):
    """One connection. ``server.answers`` overrules what a command is answered: {"RCPT": "550 no such user"};
    "hang" never answers, "die" breaks the connection, "die after" takes the mail and breaks before saying so."""

    server: Any

    def handle(self) -> None:
        self.server.connections += 1
        if self.reply("CONNECT", "220 test"):
            for line in self.rfile:
                command = line.split()[0].decode().upper()
                if not self.obey(command):
                    return

    def obey(self, command: str) -> bool:
        if command == "DATA":
            return self.reply("DATA", "354 go on") and self.take()
        usual = {"EHLO": "250 test", "QUIT": "221 bye"}.get(command, "250 ok")
        return self.reply(command, usual) and command != "QUIT"

    def take(self) -> bool:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        how = self.server.answers.get("END", "")
        if not how or how == "die after":
            self.server.taken.append(message_from_bytes(b"".join(lines), policy=policy.default))
        return self.reply("END", "250 taken")

    def reply(self, command: str, usual: str) -> bool:
        """Whether the dialogue goes on."""
        words = self.server.answers.get(command, usual)
        if words == "hang":
            self.server.ended.wait(30)
            return False
        if words.startswith("die"):
            return False
        self.wfile.write(f"{words}\r\n".encode())
        return True


class MailServer(socketserver.ThreadingTCPServer):
    """``taken``: the messages it said yes to; ``answers``: what it is told to answer instead."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", port), Dialogue)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of what is tested."""


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    server = MailServer(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
