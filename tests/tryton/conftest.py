"""A real Tryton on SQLite, people who work in it through its own client, and a line to it that can fail."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

PASSWORD = "a good password"
CONF = "[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\nmax_attempt = 1000\n"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Tryton:
    """The server, and what people do there, through proteus over XML-RPC."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.conf = folder / "trytond.conf"
        self.conf.write_text(CONF.format(folder=folder, port=self.port))
        self.database = folder / "crm.sqlite"
        self.model: Callable[[str], Any]

    def run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = Path(sys.executable).with_name(program)
        environ = {**os.environ, "TRYTONPASSFILE": str(self.folder / "password")}
        with (self.folder / f"{program}.log").open("ab") as log:
            command = [str(path), "-c", str(self.conf), "-d", "crm", *arguments]
            return subprocess.Popen(command, stdout=log, stderr=log, env=environ)

    def found(self) -> None:
        """Make a database with the modules that leads need; LEADFLOW_TEST_TRYTON names one that was made before."""
        (self.folder / "password").write_text(PASSWORD)
        template = os.environ.get("LEADFLOW_TEST_TRYTON")
        if template and Path(template).exists():
            shutil.copy(template, self.database)
            return
        self.database.touch()
        for arguments in (
            ("--all", "--email", "a@x.example", "-p"),
            ("-u", "sale_opportunity", "--activate-dependencies"),
        ):
            assert self.run("trytond-admin", *arguments).wait(timeout=600) == 0, self.folder
        if template:
            shutil.copy(self.database, template)

    def begin(self) -> None:
        """Enter, and say who we are."""
        from proteus import Model, config

        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.25)
        password = PASSWORD.replace(" ", "%20")
        entered = config.set_xmlrpc(f"http://admin:{password}@127.0.0.1:{self.port}/crm/rpc/")
        self.model = Model.get
        user = self.model("res.user")(1)
        if user.company is None:
            currency = self.model("currency.currency")(name="Euro", symbol="€", code="EUR", numeric_code="978")
            currency.save()
            us = self.model("party.party")(name="Our Company")
            us.save()
            company = self.model("company.company")(party=us, currency=currency)
            company.save()
            user.companies.append(company)
            user.company = company
            user.save()
        entered._context = self.model("res.user").get_preferences(True, entered.context)

    def clear(self) -> None:
        """Nothing is left of the test before."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            keep = "SELECT party FROM company_company"
            for statement in (
                "DELETE FROM sale_line",
                "DELETE FROM sale_sale",
                "DELETE FROM sale_opportunity",
                "DELETE FROM company_employee",
                *(
                    f"DELETE FROM party_{name} WHERE party NOT IN ({keep})"
                    for name in ("identifier", "contact_mechanism", "address")
                ),
                f"DELETE FROM party_party WHERE id NOT IN ({keep})",
            ):
                connection.execute(statement)
            connection.commit()

    def ids(self, kind: str) -> list[str]:
        """The ids of what was made, read from the database."""
        tables = {
            "user": "SELECT id FROM company_employee",
            "account": "SELECT party FROM party_identifier WHERE code LIKE 'leadflow:account:%'",
            "contact": "SELECT id FROM party_party WHERE id NOT IN (SELECT party FROM company_company)"
            " AND id NOT IN (SELECT party FROM company_employee)"
            " AND id NOT IN (SELECT party FROM party_identifier WHERE code LIKE 'leadflow:account:%')",
            "lead": "SELECT id FROM sale_opportunity",
        }
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return [str(row[0]) for row in connection.execute(tables[kind])]

    def put_back(self, remote: str) -> None:
        """A party bears the moment of the last change before it, as one of a transaction that took long."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            before = "SELECT max(coalesce(write_date, create_date)) FROM party_party WHERE id < ?"
            moment = connection.execute(before, [int(remote)]).fetchone()[0]
            for table, column in (("party_party", "id"), ("party_contact_mechanism", "party")):
                connection.execute(f"UPDATE {table} SET create_date = ? WHERE {column} = ?", [moment, int(remote)])
            connection.commit()

    # -- people at work ------------------------------------------------------------------------------------

    def person(self, fields: Mapping[str, Any]) -> Any:
        """A party that somebody types in."""
        party = self.model("party.party")(
            name=" ".join(str(fields[n]) for n in ("first_name", "last_name") if n in fields)
        )
        if fields.get("email"):
            party.contact_mechanisms.new(type="email", value=fields["email"])
        return party

    def employee(self, name: str, email: str) -> Any:
        party = self.person({"first_name": name, "email": email})
        party.save()
        employee = self.model("company.employee")(party=party, company=self.model("company.company").find()[0])
        employee.save()
        return employee

    def edit(self, remote: str, fields: Mapping[str, Any]) -> None:
        """Somebody changes a party, in the form where everything about it is."""
        party = self.model("party.party")(int(remote))
        if "last_name" in fields:
            party.name = f"{party.name.rpartition(' ')[0]} {fields['last_name']}".strip()
        if "email" in fields:
            held = [each for each in party.contact_mechanisms if each.type == "email"]
            for each in held if fields["email"] is None else []:
                party.contact_mechanisms.remove(each)
            for each in held[:1] if fields["email"] else []:
                each.value = fields["email"]
            if not held and fields["email"]:
                party.contact_mechanisms.new(type="email", value=fields["email"])
        party.save()

    def win(self, opportunity: Any, amount: str) -> None:
        """A salesperson makes an offer of a lead, and the customer takes it."""
        opportunity.click("opportunity")
        opportunity.click("convert")
        (sale,) = opportunity.sales
        line = sale.lines.new()
        line.description, line.quantity, line.unit_price = "Work", 1, Decimal(amount)
        sale.save()
        sale.click("quote")
        sale.click("confirm")
        opportunity.reload()
        assert opportunity.state == "won"


class Line(ThreadingHTTPServer):
    """Between us and Tryton: puts a call off, or loses the answer to one that creates, once each."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.to, self.next = port, ""

    @property
    def url(self) -> str:
        return f"tryton+http://admin@127.0.0.1:{self.server_port}/crm?secret=env:TRYTON_TEST_PASSWORD"


class _Forward(BaseHTTPRequestHandler):
    server: Line

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        method = json.loads(body)["method"]
        if self.server.next == "busy":
            self.server.next = ""
            self.send_response(429)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=60)) as there:
            headers = {name: self.headers[name] for name in ("Content-Type", "Authorization") if name in self.headers}
            there.request("POST", self.path, body, headers)
            answer = there.getresponse()
            content = answer.read()
        if self.server.next == "cut" and method.endswith(".create"):
            self.server.next = ""
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A Tryton that is up."""
    tryton = Tryton(tmp_path_factory.mktemp("tryton"))
    tryton.found()
    process = tryton.run("trytond")
    try:
        tryton.begin()
        yield tryton
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def tryton(server: Tryton, monkeypatch: pytest.MonkeyPatch) -> Tryton:
    """An empty Tryton."""
    monkeypatch.setenv("TRYTON_TEST_PASSWORD", PASSWORD)
    server.clear()
    return server


@pytest.fixture
def line(tryton: Tryton) -> Iterator[Line]:
    """A line to it."""
    line = Line(tryton.port)
    worker = Thread(target=line.serve_forever, daemon=True)
    worker.start()
    yield line
    line.shutdown()
    line.server_close()
    worker.join()
