"""ClickHouse behind a loopback port: the engine of chdb answers HTTP requests as a server would.

It stands in for a server, which is in no package: statements, formats, settings and errors of SQL are ClickHouse's own.
Users and rights are not: one password, and at will no right to create databases, are checked here and refused in the
words and codes of ClickHouse. `python clickhouse_over_http.py PATH PASSWORD [may-not-create]` prints its port.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import clickhouse_connect
import lz4.frame
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

PATH, PASSWORD, *RIGHTS = sys.argv[1:]
#: Parameters of a request that are no settings of ClickHouse.
NOT_SETTINGS = {"query", "database", "query_id", "session_id", "client_protocol_version"}
STATUS = {516: 403, 60: 404, 81: 404}
INSERT = re.compile(rb"\s*(insert into .*?) format (\w+)\s", re.I | re.S)
one_at_a_time = threading.Lock()

WRONG_PASSWORD = (
    "Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user with such name."
    " (AUTHENTICATION_FAILED)"
)
NO_RIGHT = (
    "Code: 497. DB::Exception: {user}: Not enough privileges. To execute this query, it's necessary to have the grant"
    " CREATE DATABASE ON {database}.*. (ACCESS_DENIED)"
)


@cache
def session(settings: frozenset[tuple[str, str]]) -> Client:
    return clickhouse_connect.get_client(interface="chdb", path=PATH, query_limit=0, settings=dict(settings))


def answer(statement: bytes, database: str, settings: frozenset[tuple[str, str]]) -> bytes:
    client = session(settings)
    insert = INSERT.match(statement)
    with one_at_a_time, tempfile.NamedTemporaryFile() as file:
        client.database = database or None
        if insert is None:
            return client.raw_query(statement.decode())
        file.write(statement[insert.end() :])
        file.flush()
        return client.raw_query(f"{insert[1].decode()} from infile '{file.name}' format {insert[2].decode()}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: the client waits long for the second of two small ones

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        query, body = parameters.get("query", "").encode(), self._body()
        statement = query + b"\n" + body if query else body
        settings = frozenset((k, v) for k, v in parameters.items() if k not in NOT_SETTINGS)
        try:
            self._admit(statement)
            self._send(200, answer(statement, parameters.get("database", ""), settings), statement)
        except DatabaseError as error:
            code = int(re.search(r"Code: (\d+)", str(error))[1])
            self._send(STATUS.get(code, 500), str(error).encode(), statement, code)

    def _admit(self, statement: bytes) -> None:
        user, password = self._user()
        if password != PASSWORD:
            raise DatabaseError(WRONG_PASSWORD.format(user=user))
        created = re.match(rb"\s*create database if not exists `?(\w+)", statement, re.I)
        if created and "may-not-create" in RIGHTS:
            raise DatabaseError(NO_RIGHT.format(user=user, database=created[1].decode()))

    def _user(self) -> tuple[str, str]:
        scheme, _, told = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = base64.b64decode(told).decode().partition(":")
            return user, password
        return self.headers.get("X-ClickHouse-User", "default"), self.headers.get("X-ClickHouse-Key", "")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return lz4.frame.decompress(body) if self.headers.get("Content-Encoding") == "lz4" else body

    def _send(self, status: int, content: bytes, statement: bytes, code: int = 0) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        elif content:
            named = re.search(rb"\sformat (\w+)\s*$", statement, re.I)
            self.send_header("X-ClickHouse-Format", named[1].decode() if named else "TabSeparated")
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.send_header("X-ClickHouse-Summary", "{}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Path(PATH).mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
