"""New worlds from outside: as the server starts them, from a file in YAML or JSON, as a copy of another one."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fixtures.builders import invoice
from mock_server import Settings, create_app
from mock_server.cli import main
from mock_server.refusals import ConfigurationError
from mock_server.rulebook.documents import fixture
from tests.client import JSON, Portal, dumped
from tests.control.steer import Steer, dump, names_of_worlds
from tests.live import LiveServer, fresh_world
from tests.timed import timed

SMALL = """\
format: 1
name: small
series: ZZ
next_process: 900
companies:
  - tin: "7777777777"
    name: Kiçik MMC
    warehouses:
      - {code: W1, name: Anbar}
accounts:
  - username: aysel      # the only one
    password: gizli söz
    token: t-aysel
    secret: s
    company: "7777777777"
registry:
  - serial: ZZ
    number: "25010000001"
    kind: defaultInvoice
    status: approved
    uploader: "7777777777"
    created: 31.01.2025 10:00
    invoice: &invoice
      main_subject: Müqavilə
      add_subject: ""
      cmp_from: Kiçik MMC
      cmp_to: Başqa MMC
      tin_from: "7777777777"
      tin_to: 0888888888
      ini_amount: 10.50
      ini_amount1: 10.50
      ini_amount2: 10.50
      excise_amount: 0
      apply_amount: 0
      skip_amount: 10.50
      zero_amount: 0
      free_amount: 0
      vat_amount: 0
      transp_amount: 0
      net_amount: 10.50
      lines:
        - {id: 1, line: 1, prod_code: "1", prod_name: NO, barcode: "", unit_name: kq, unit_price: 2.10, unit_qty: 5,
           ini_amount: 10.50, ini_amount2: 10.50, grade: 0, total_excise: 0, apply_amount: 0, skip_amount: 10.50,
           zero_amount: 0, free_amount: 0, vat_amount: 0, transp_amount: 0, net_amount: 10.50}
  - serial: ZZ
    number: "25010000002"
    kind: defaultInvoice
    status: onApproval
    uploader: "7777777777"
    created: {ago: 2d}
    invoice: *invoice
"""


def login(portal: Portal, username: str, password: str) -> int:
    body = {"username": username, "password": password, "ids": []}
    return portal.send("POST", "/inv/read_invoices", dumped(body), {"Content-Type": JSON}).code


def changed(before: str, after: str) -> str:
    assert SMALL.count(before) == 1
    return SMALL.replace(before, after)


def line_of(text: str, what: str) -> int:
    return text[: text.index(what)].count("\n") + 1


class TestFromAFile:
    def test_in_yaml(self, steer: Steer) -> None:
        name = fresh_world()
        made = steer.post("worlds", name=name, file=SMALL, now="2025-02-10T12:00:00+04:00", frozen=True)
        assert made == {"name": name, "url": f"/w/{name}/api"}
        world, portal = Steer(steer.port, name), Portal(steer.port, name)
        assert (login(portal, "aysel", "gizli söz"), login(portal, "demo", "demo")) == (0, 5)
        later, earlier = world.get("invoices")["invoices"]
        assert (later["created"], earlier["created"]) == (
            "2025-02-08T12:00:00.000+04:00",
            "2025-01-31T10:00:00.000+04:00",
        )
        whole = world.get("invoices/ZZ25010000002")["invoice"]
        assert (whole["tin_to"], whole["net_amount"], whole["lines"][0]["prod_name"]) == ("0888888888", 10.5, "NO")
        assert world.get("clock")["now"] == "2025-02-10T12:00:00.000+04:00"
        assert world.post("invoices", count=2)["seeded"] == 2  # for the first company of the file
        world.post("reset")
        assert len(world.get("invoices")["invoices"]) == 2

    def test_the_example_of_the_page_about_world_files(self, steer: Steer) -> None:
        page = (Path(__file__).parents[2] / "docs" / "reference" / "world-files.md").read_text("utf-8")
        (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        steer.post("worlds", name=(name := fresh_world()), file=example)
        assert login(Portal(steer.port, name), "aysel", "gizli") == 0

    def test_in_json_whole(self, steer: Steer) -> None:
        file = steer.get("world?secrets=include")
        steer.post("worlds", name=(name := fresh_world()), file=file)
        assert login(Portal(steer.port, name), "demo", "demo") == 0
        as_text = steer.send("GET", "world?secrets=include").raw.decode()
        steer.post("worlds", name=(name := fresh_world()), file=as_text)
        assert login(Portal(steer.port, name), "demo", "demo") == 0

    @pytest.mark.parametrize(
        ("before", "after", "place", "detail", "nearest"),
        [
            ("username: aysel", "usrname: aysel", "$.accounts[0].usrname", "'usrname' was unexpected", "username"),
            ("status: approved", "status: aproved", "$.registry[0].status", '"aproved" is not one of', "approved"),
            ("series: ZZ\n", "serie: ZZ\n", "$.serie", "'serie' was unexpected", "series"),
            ("prod_name: NO", "prod_nam: NO", "$.registry[0].invoice.lines[0].prod_nam", "unexpected", "prod_name"),
            ('- tin: "7777777777"', "- tin: 7777777777", "$.companies[0].tin", "put it in quotes", None),
            ("next_process: 900", "next_process: 0", "$.next_process", "0 is less than the minimum of 1", None),
            (
                "created: {ago: 2d}",
                "created: {ago: soon}",
                "$.registry[1].created.ago",
                '"soon" does not match',
                None,
            ),
            (
                "created: 31.01.2025 10:00",
                "created: 31.02.2025 10:00",
                "$.registry[0].created",
                "in no calendar",
                None,
            ),
            ('"25010000002"', '"25010000001"', "$.registry[1].number", "stands 2 times", None),
            ('company: "7777777777"', 'company: "7777777779"', "$.accounts[0].company", "7777777779", "7777777777"),
            ("unit_price: 2.10", "unit_price: 1e30", "$.registry[0].invoice.lines[0].unit_price", "is beyond", None),
            ("format: 1", "format: 1\nsettings: {pace: fats}", "$.settings.pace", '"fats" is not one of', "fast"),
            (
                "format: 1",
                "format: 1\nsettings: {readings: {R-16: pages}}",
                "$.settings.readings.R-16",
                "no such answer",
                "page",
            ),
        ],
    )
    def test_what_is_wrong_is_said_with_line_place_and_what_was_meant(
        self, before: str, after: str, place: str, detail: str, nearest: str | None, steer: Steer
    ) -> None:
        text = changed(before, after)
        problem = steer.refused(400, "POST", "worlds", {"name": (name := fresh_world()), "file": text})
        error = next(error for error in problem["errors"] if error["path"] == place)
        assert detail in error["detail"]
        assert error.get("nearest") == nearest
        assert problem["detail"].startswith("file: line ")
        assert name not in [row["name"] for row in steer.get("worlds")["worlds"]]
        if "settings" not in after:
            assert error["line"] == text[: SMALL.index(before)].count("\n") + 1

    def test_lines_of_json(self, steer: Steer) -> None:
        text = fixture("worlds/default.json").decode().replace('"username": "buyer"', '"usrname": "buyer"')
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": text})
        line = line_of(text, '"usrname": "buyer"')
        assert {(error["line"], error["path"]) for error in problem["errors"]} >= {(line, "$.accounts[1].usrname")}

    def test_a_file_without_lines_has_places(self, steer: Steer) -> None:
        file: dict[str, Any] = steer.get("world?secrets=include")
        file["registry"][7]["statuss"] = file["registry"][7].pop("status")
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": file})
        assert [error["path"] for error in problem["errors"]] == ["$.registry[7].statuss", "$.registry[7]"]
        assert (problem["given"], problem["nearest"]) == ("statuss", "status")
        assert "line" not in problem["errors"][0]

    def test_many_errors_are_told_up_to_a_bound(self, steer: Steer) -> None:
        file: dict[str, Any] = steer.get("world?secrets=include")
        for row in file["registry"]:
            row["kind"] = "none"
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": file})
        assert len(problem["errors"]) == 10
        assert problem["detail"].endswith(f"and {len(file['registry']) - 10} more")

    def test_of_a_hundred_thousand_errors_the_first_are_looked_for(self, steer: Steer) -> None:
        file: dict[str, Any] = steer.get("world?secrets=include")
        registry = file["registry"]
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": {**file, "registry": [{}] * 100_000}})
        assert [error["path"] for error in problem["errors"][:2]] == ["$.registry[0]", "$.registry[0]"]
        assert problem["detail"].endswith("and at least 990 more")
        file["registry"] = [registry[0]] * 3_000 + [{**registry[0], "statuss": "approved"}]
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": file})
        assert [(error["path"], error["nearest"]) for error in problem["errors"]] == [
            ("$.registry[3000].statuss", "status")
        ]

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"accounts": [{"customers": [{}] * 100_000}]}, "$.accounts[0]"),
            ({"settings": {"readings": dict.fromkeys(map(str, range(100_000)), 1)}}, "$.settings.readings[0]"),
        ],
    )
    def test_of_one_large_part_the_first_error_is_told(self, change: dict[str, Any], path: str, steer: Steer) -> None:
        file = {**steer.get("world?secrets=include"), **change}
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": file})
        assert problem["errors"][0]["path"].startswith(path)
        assert len(problem["errors"]) <= 2

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", 'null is not of type "object"'),
            ("a: [1", "line 2"),
            ("format: 1\nname: a\nname: b", "line 3, $: the key 'name' stands twice"),
            ("format: 1\nx: !!python/object:os.system {}", "line 2"),
            ("x: &x [*x]", "nested deeper"),
            ("a: &a [1,1]\nb: &b [*a,*a]\nc: *d", "line 3"),
            ('{"format": 1,\n "name": }', "line 2"),
            ("- 1", 'is not of type "object"'),
            ("? [a]\n: 1", "a key is a text"),
        ],
    )
    def test_what_is_no_text_of_a_world(self, text: str, says: str, steer: Steer) -> None:
        assert says in steer.refused(400, "POST", "worlds", {"name": "x", "file": text})["detail"]

    def test_aliases_do_not_blow_a_text_up(self, steer: Steer) -> None:
        rows = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
        rows += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
        problem = steer.refused(400, "POST", "worlds", {"name": "x", "file": "\n".join(rows)})
        assert "too large" in problem["detail"]


class TestFromAnother:
    def test_a_copy_of_a_world_and_its_reset(self, alone: LiveServer) -> None:
        steer, portal = Steer(alone.port, "one"), Portal(alone.port, "one")
        steer.put("clock", frozen=True)
        steer.put("settings", page_size=7)
        steer.fault(operation="etx_delete", err_code=11)
        portal.uploaded(invoice(1))
        steer.post("worlds", name="two", **{"from": "one"})
        one, two = dump(alone, "one"), dump(alone, "two")
        assert (two.pop("journal"), two.pop("coverage")) == ([], [])
        del one["journal"], one["coverage"]
        assert one == two
        copy, other = Steer(alone.port, "two"), Portal(alone.port, "two")
        assert copy.get("snapshots") == {"snapshots": [], "total": 0}
        other.uploaded(invoice(2))
        assert {**dump(alone, "one"), "journal": 0, "coverage": 0} == {**one, "journal": 0, "coverage": 0}
        copy.post("reset")
        assert {table: rows for table, rows in dump(alone, "two").items() if table in two} == two
        assert other.call("inv_read_invoices", ids=[invoice(1)["id"], invoice(2)["id"]]).data["total"] == 1
        Steer(alone.port).delete("worlds/two")
        assert names_of_worlds(alone) == ["default", "one"]

    def test_a_copy_of_a_snapshot(self, alone: LiveServer) -> None:
        steer, portal = Steer(alone.port, "one"), Portal(alone.port, "one")
        portal.uploaded(invoice(1))
        steer.post("snapshots", name="before")
        portal.uploaded(invoice(2))
        steer.post("worlds", name="two", **{"from": "before"})
        Steer(alone.port).post("worlds", name="three", **{"from": "one/before"})
        for name in ("two", "three"):
            copy = Portal(alone.port, name)
            assert copy.call("inv_read_invoices", ids=[invoice(1)["id"], invoice(2)["id"]]).data["total"] == 1
        assert Steer(alone.port).refused(404, "POST", "worlds", {"name": "x", "from": "before"})["given"] == "before"
        assert steer.refused(404, "POST", "worlds", {"name": "x", "from": "befor"})["nearest"] == "before"
        assert steer.refused(404, "POST", "worlds", {"name": "x", "from": "one/befor"})["given"] == "one/befor"

    def test_what_is_asked_for_counts_more(self) -> None:
        with timed("20.11.2026 12:00", pace="realistic") as server:
            port = server.server.port
            steer = Steer(port, "one")
            steer.put("clock", speed=10)
            wanted = {"pace": "fast", "readings": {"R-16": "page"}, "page_size": 9, "seed": 5, "frozen": True}
            steer.post("worlds", name="two", now="2026-12-01T00:00:00+04:00", **{"from": "one", **wanted})
            two = Steer(port, "two")
            assert two.get("clock") == {"now": "2026-12-01T00:00:00.000+04:00", "speed": 10.0, "frozen": True}
            assert (two.get("settings")["pace"], two.get("settings")["page_size"]) == ("fast", 9)
            assert two.get("readings")["readings"]["R-16"] == "page"
            assert two.get("world?secrets=include")["secret"] != steer.get("world?secrets=include")["secret"]
            steer.post("worlds", name="three", **{"from": "one"})
            server.wait(2)
            assert Steer(port, "three").get("clock")["now"] == "2026-11-20T12:00:20.000+04:00"
            body = {"name": "four", "from": "one", "now": "2026-11-20T12:00:00+04:00"}
            assert "forward only" in steer.refused(409, "POST", "worlds", body)["title"]

    def test_a_copy_of_a_closed_world_is_closed(self, alone: LiveServer) -> None:
        server = Steer(alone.port)
        server.post("worlds", name="closed", admin_token="its own token")
        Steer(alone.port, "closed").refused(401, "GET", "accounts")
        Steer(alone.port, "closed", "its own token").post("snapshots", name="saved")
        for asks in (server, Steer(alone.port, "closed"), Steer(alone.port, "closed", "not its own token")):
            for source in ("closed", "closed/saved", "saved") if asks.world else ("closed", "closed/saved"):
                asks.refused(401, "POST", "worlds", {"name": "copy", "from": source})
        server = Steer(alone.port, token="its own token")
        server.post("worlds", name="copy", **{"from": "closed"})
        Steer(alone.port, "copy").refused(401, "GET", "accounts?secrets=include")
        assert Steer(alone.port, "copy", "its own token").get("accounts")["total"] == 6
        body = {"name": "mine", "from": "closed", "admin_token": "another token"}
        assert "admin token" in server.refused(409, "POST", "worlds", body)["detail"]


class TestMaking:
    def test_as_the_server_starts_them(self) -> None:
        with timed("20.11.2026 12:00", pace="instant") as server:
            steer = Steer(server.server.port)
            made = steer.send(
                "POST", "worlds", {"name": "a", "seed": 3, "pace": "manual", "readings": {"R-50": "token"}}
            )
            assert made.http == 201
            steer.post("worlds", name="b", page_size=3, now="2030-01-01T00:00:00Z")
            a, b = Steer(steer.port, "a"), Steer(steer.port, "b")
            assert (a.get("settings")["pace"], b.get("settings")["pace"]) == ("manual", "instant")
            assert a.get("readings")["readings"]["R-50"] == "token"
            assert (b.get("settings")["page_size"], b.get("clock")["now"]) == (3, "2030-01-01T04:00:00.000+04:00")
            assert a.get("clock")["now"] == "2026-11-20T12:00:00.000+04:00"

    @pytest.mark.parametrize(
        ("body", "status", "nearest"),
        [
            ({}, 400, None),
            ({"name": "Not a name"}, 400, None),
            ({"name": "default"}, 409, None),
            ({"name": "default", "from": "default"}, 409, None),
            ({"name": "x", "from": "default", "file": {}}, 400, None),
            ({"name": "x", "from": "defalt"}, 404, "default"),
            ({"name": "x", "pace": "fats"}, 400, "fast"),
            ({"name": "x", "readings": {"R-16": "pag"}}, 400, "page"),
            ({"name": "x", "page_size": 0}, 400, None),
            ({"name": "x", "now": "yesterday"}, 400, None),
            ({"name": "x", "seed": 10**16}, 400, None),
            ({"name": "x", "admin_token": "short"}, 400, None),
            ({"name": "x", "admin_token": "not äscii at all"}, 400, None),
            ({"nmae": "x"}, 400, "name"),
            ({"name": "x", "file": []}, 400, None),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, body: dict[str, Any], status: int, nearest: str | None, steer: Steer
    ) -> None:
        before = steer.get("worlds")["total"]
        assert Steer(steer.port).refused(status, "POST", "worlds", body).get("nearest") == nearest
        assert steer.get("worlds")["total"] == before


class TestStartingFromAFile:
    def test_in_yaml(self, tmp_path: Path) -> None:
        file = tmp_path / "small.yaml"
        file.write_text(SMALL, "utf-8")
        with timed("20.11.2026 12:00", world=file, pace="instant") as server:
            for world in ("default", "other"):
                assert login(server.portal(world), "aysel", "gizli söz") == 0
                assert Steer(server.server.port, world).get("invoices")["total"] == 2

    def test_an_export_goes_on_where_it_was(self, tmp_path: Path) -> None:
        file = tmp_path / "world"
        with timed("20.11.2026 12:00", pace="realistic") as server:
            process = server.portal("one").started("import_upload_invoices", upload=True, invoices=[invoice(1)])
            file.write_bytes(Steer(server.server.port, "one").send("GET", "world?secrets=include").raw)
        with timed("01.01.2030 12:00", world=file, pace="instant") as server:
            assert Steer(server.server.port).get("clock")["now"] == "2026-11-20T12:00:00.000+04:00"
            assert server.portal("default").call("read_proc_status", procId=process).data["status"] == 1
            server.wait(600)
            assert server.portal("default").call("read_proc_status", procId=process).data["status"] == 2

    def test_a_bad_one_is_a_wrong_configuration(self, tmp_path: Path) -> None:
        file = tmp_path / "small.yml"
        text = changed("status: approved", "status: aproved")
        file.write_text(text, "utf-8")
        with pytest.raises(ConfigurationError) as refused:
            create_app(Settings(world=file))
        line = line_of(text, "status: aproved")
        assert str(refused.value).startswith(f'{file}: line {line}, $.registry[0].status: "aproved" is not one of')
        assert str(refused.value).endswith('did you mean "approved"?')
        result = CliRunner().invoke(main, ["serve", "--port", "0", "--world", str(file)])
        assert result.exit_code == 2
        assert f"line {line}" in result.output
        assert 'did you mean "approved"?' in result.output


@pytest.mark.parametrize(
    "now",
    ["0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00Z", "9000-06-01T00:00:00Z", "9999-12-31T23:59:59-14:00"],
)
def test_a_world_begins_within_the_calendar(now: str, steer: Steer) -> None:
    problem = steer.refused(400, "POST", "worlds", {"name": fresh_world(), "now": now})
    assert problem["given"] == now
    assert "1970" in problem["allowed"][0]
