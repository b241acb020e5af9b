"""The API against its own document: each operation, and each answer that the document gives it.

One walk through a server asks everything, well and badly, and holds every answer to the schema
of its status; the tests say what came of that.
"""
import contextlib
import re
import sqlite3
import time
from concurrent import futures

import jsonschema
import pytest

import harness
import rest
import shared
from openapi import JSON, METHODS, NOTHING, PROBLEM, Document, Walk

BANNED = "198.51.100.99"  # somebody behind a proxy on this machine

# Lists that name somebody in their query, where he is not there.
UNKNOWN_QUERY = {
    "listUsers": {"group": "no-such-group"}, "listSessions": {"user": "nobody-here"},
    "listDevices": {"user": "nobody-here"}, "listLinks": {"user": "nobody-here"},
    "listTokens": {"user": "nobody-here"},
    "listRules": {"scope": "user", "of": "nobody-here"},
    "reach": {"user": "nobody-here", "to": "192.0.2.1"},
    "listTunnels": {"user": "nobody-here"},
}

# Nobody is connected where there is no VPN: test/unit/api/op_tunnel_test.c has what these need.
NOBODY_CONNECTED = {("showTunnel", 200), ("endTunnel", 204), ("endMyTunnel", 204)}


# --- what is asked well

def walk_first(t):
    """The first administrator; another one comes before him, and goes."""
    link = t.good("createSetupLink").json["page_url"].rsplit("/", 1)[1]
    body = {"name": "anna", "password": rest.PASSWORD, "email": "anna@example.org"}
    t.machine.user("sooner", role="admin")
    t.refused("createSetupLink", 409)
    t.refused("finishSetup", 409, token=link, body=body)
    t.machine.good("DELETE", "/users/sooner")
    admin = t.browser()
    t.admin = admin
    answer = t.good("finishSetup", who=admin, token=link, body=body)
    admin.csrf = answer.json["csrf"]


def walk_people(t):
    t.good("createGroup", body={"name": "staff", "comment": "All of us"})
    t.good("createGroup", body={"name": "spare"})
    t.good("listGroups")
    t.good("getGroup", group="staff")
    t.changed("changeGroup", "getGroup", group="spare", body={"comment": "Of no use"})
    t.refused("changeGroup", 409, group="spare", body={"name": "staff"},
              headers={"If-Match": "*"})
    t.good("createUser", body={"name": "una", "full_name": "Una", "group": "staff",
                               "expires": "2099-01-01T00:00:00Z"})
    t.good("createUser", body={"name": "ivan"})
    t.good("setUserPassword", user="una", body={"password": rest.PASSWORD})
    t.refused("removeGroup", 409, group="staff", headers={"If-Match": "*"})
    t.changed("removeGroup", "getGroup", group="spare")
    t.good("listUsers", query={"group": "staff", "sort": "created", "limit": 5})
    t.good("getUser", user="una")
    t.changed("changeUser", "getUser", user="una", body={"comment": "x", "policy":
                                                         {"devices_max": 100}})
    t.good("getUserPolicy", user="una")
    for kind in ("inviteUser", "resetUser"):
        link = t.good(kind, user="ivan").json["page_url"].rsplit("/", 1)[1]
        t.good("setPasswordByLink", token=link, body={"password": "another battery staple"})
    t.good("removeUserTotp", user="ivan")
    t.changed("removeUser", "getUser", user="ivan")
    t.good("importUsers", body={"csv": "name,email\r\nina,ina@example.org\r\n", "preview": False})
    t.refused("importUsers", 400, body={"csv": "name\r\nina\r\n", "preview": False})
    t.good("getPolicy")
    t.changed("setPolicy", "getPolicy", body={"session_minutes": 600})
    t.standing.update(user="una", group="staff")


def walk_session(t):
    t.user = t.browser()
    body = {"name": "una", "password": rest.PASSWORD}
    t.user.csrf = t.good("signIn", who=t.user, body=body).json["csrf"]
    t.refused("signIn", 401, who=t.stranger, body={**body, "password": "no"})
    t.good("getSession")
    t.good("proveSession", body={"password": rest.PASSWORD})
    t.good("listSessions", query={"user": "una"})
    t.good("listTunnels", query={"user": "una"})
    t.good("listMyTunnels")
    t.good("listSoftware")
    t.good("getWaysBack")
    with t.server.connect(b"\0raw"):
        one = harness.wait_until(
            lambda: t.good("listConnections", query={"limit": 5}).json["items"])[0]["id"]
        t.good("endConnection", id=one)
    others = [t.browser() for _ in range(4)]
    for other in others:
        assert other.sign_in("una").status == 200
    t.good("signOut", who=others[0])
    sessions = [one["id"] for one in t.good("listMySessions").json["items"] if not one["current"]]
    t.good("endMySession", id=sessions[0])
    t.good("endSession", id=sessions[1])
    t.good("endMyOtherSessions")
    t.good("changeMyPassword", body={"old": rest.PASSWORD, "password": "horse staple battery"})
    t.reader = t.browser()
    t.reader.token = t.good("createToken", body={"name": "reader", "scope": "read"}).json["token"]


def walk_me(t):
    t.good("getMe")
    t.changed("changeMe", "getMe", body={"full_name": "Una the First"})
    t.good("getMyPolicy")
    t.refused("confirmMyTotp", 404, body={"code": "123456"})
    t.refused("renewMyRecoveryCodes", 404)
    offer = t.good("beginMyTotp").json
    t.refused("confirmMyTotp", 400, body={"code": "no"})
    t.good("confirmMyTotp", body={"code": rest.totp(offer["secret"])})
    t.good("renewMyRecoveryCodes")
    t.good("removeMyTotp")


def walk_devices(t, of):
    """A user's devices, by an administrator ("User") or himself ("My")."""
    name = {"User": "laptop", "My": "phone"}[of]
    t.good(f"create{of}Device", body={"name": name, "platform": "linux"})
    t.good(f"list{of}Devices", query={"sort": "expires", "revoked": "true"})
    t.good(f"get{of}Device", device=name)
    t.changed(f"change{of}Device", f"get{of}Device", device=name, body={"platform": "ios"})
    t.good(f"renew{of}Device", device=name)
    t.good(f"get{of}DeviceProfile", device=name)
    old = t.good(f"create{of}Device", body={"name": "old"}).json
    t.refused(f"change{of}Device", 409, device="old", body={"name": name},
              headers={"If-Match": "*"})
    t.good(f"revoke{of}Device", device="old")
    for what in ("renew", "revoke"):
        t.refused(f"{what}{of}Device", 409, device=f"#{old['id']}")
    link = t.good(f"link{of}Device", device=name).json["page_url"].rsplit("/", 1)[1]
    t.good("lookAtProfile", token=link)
    t.good("importProfile", token=link)
    t.standing["device"] = name


def walk_access(t):
    t.good("listDevices", query={"user": "una"})
    links = t.good("listLinks").json["items"]
    t.good("getLink", id=links[0]["id"])
    t.good("revokeLink", id=links[0]["id"])
    token = t.good("createToken", body={"name": "ci", "scope": "operate",
                                        "expires": "2099-01-01T00:00:00Z"}).json["details"]["id"]
    t.good("listTokens")
    t.good("getToken", id=token)
    t.good("revokeToken", id=token)
    rules = [t.good("createRule", body=body).json["id"] for body in (
        {"scope": "global", "action": "allow", "destination": "192.0.2.0/24",
         "protocol": "tcp", "port_from": 443, "port_to": 443},
        {"scope": "user", "of": "una", "action": "deny", "destination": "2001:db8::/32"})]
    t.good("listRules", query={"scope": "user", "of": "una"})
    t.good("getRule", id=rules[0])
    t.changed("changeRule", "getRule", id=rules[0], body={"comment": "the site"})
    t.changed("removeRule", "getRule", id=rules[1])
    t.standing["id"] = rules[0]
    t.good("getUserGrant")
    t.good("reach", query={"user": "una", "to": "192.0.2.1", "protocol": "tcp", "port": 443})
    ban = t.good("createBan", body={"subject": "198.51.100.7", "reason": "a test",
                                    "until": "2099-01-01T00:00:00Z"}).json["id"]
    t.good("createBan", body={"subject": "ina"})
    t.good("listBans")
    t.good("getBan", id=ban)
    t.good("why", query={"of": "198.51.100.7"})
    t.good("why", query={"of": "ina"})
    t.good("liftBan", id=ban)
    t.good("listRefusals")
    stranger = t.browser()
    while stranger.sign_in("nixie", "wrong").status != 429:
        pass
    locked = t.good("listLockOuts", query={"search": "nixie"}).json["items"][0]["id"]
    t.good("getLockOut", id=locked)
    t.good("liftLockOut", id=locked)


def walk_server(t):
    t.good("getAlerts")
    t.changed("setAlerts", "getAlerts", body={"webhook_url": "https://192.0.2.1/hook"})
    t.good("testAlerts")
    t.good("listNotices")
    t.good("rollOverAuthority", body={"keep_days": 30})
    serial = t.good("listCertificates", query={"kind": "ca"}).json["items"][0]["serial"]
    t.good("getCertificate", serial=serial)
    t.good("downloadCertificate", serial=serial)
    for name in ("listSiteCertificates", "getStatus", "getHistory", "listListeners",
                 "listFindings", "getMetrics", "getDocument"):
        t.good(name)
    t.good("listAudit", query={"limit": 1000, "action": "user."})
    t.good("listAudit", query={"limit": 1000})
    t.good("exportAudit", query={"rows": 3})
    verdict = t.good("verifyAudit")
    assert verdict.json["whole"] is True


def walk_events(t):
    op = t.document.operations["watchEvents"]
    connection = t.admin.connection()
    connection.request("GET", op.target({}), headers=t.admin.headers("GET"))
    response = connection.getresponse()
    t.machine.user("eve", password=None)
    heard = b""
    while b"event: user\n" not in heard:
        heard += response.read1()

    class Heard:
        status, headers, body = response.status, response.headers, heard
    t.judge(op, Heard)
    t.asked["watchEvents"] = {}
    connection.close()


def walk_config(t):
    file = t.good("getConfiguration").json
    t.good("getRunningConfiguration")
    changed = file["text"] + "\n# another line\n"
    t.good("diffConfiguration", body={"text": changed})
    assert t.good("checkConfiguration", body={"text": changed}).json["valid"] is True
    assert t.good("checkConfiguration", body={"text": "no"}).json["valid"] is False
    body = {"text": changed, "base": file["sha256"], "confirm_seconds": 60}
    t.refused("applyConfiguration", 412, body={**body, "base": "0" * 64})
    t.refused("applyConfiguration", 400, body={**body, "text": "no"})
    t.good("applyConfiguration", body=body)
    t.good("confirmConfiguration")
    body["base"] = t.good("getConfiguration").json["sha256"]
    t.good("applyConfiguration", body={**body, "text": file["text"] + "\n# and another\n"})
    t.good("rollBackConfiguration")
    versions = t.good("listConfigurations").json["items"]
    t.good("getConfigurationVersion", name=versions[0]["name"])


# --- what is refused

def refuse_queries(t, op):
    answer = t.refused(op.id, 400, who=t.machine, **{**of(t, op), "query": {"no_such": "1"}})
    if op.method != "HEAD" and answer.status == 400 and answer.json.get("field") != "no_such":
        t.say(op, answer, "names another field")
    told = {parameter["name"] for parameter in op.told["parameters"]}
    for name in sorted(told & {"after", "sort"}):
        answer = t.refused(op.id, 400, **{**of(t, op), "query": {name: "YWJj"}})
        if answer.status == 400 and answer.json.get("field") != name:
            t.say(op, answer, f"names another field than {name}")


def refuse_strangers(t, op):
    t.refused(op.id, 401, who=t.browser(), **of(t, op))


def refuse_the_lowly(t, op):
    """A token is nobody's self; a plain user may not see others; a page of another site may not
    do anything."""
    asked = of(t, op)
    if op.level == "nobody":
        asked["headers"] = {"Sec-Fetch-Site": "cross-site"}
    who = {"nobody": t.browser(), "self": t.reader}.get(op.level, t.user)
    t.refused(op.id, 403, who=who, **asked)


def refuse_the_forged(t, op):
    if op.level == "nobody" or not op.changes:
        return
    who = t.browser()
    who.cookie = t.usual(op).cookie
    answer = t.refused(op.id, 403, who=who, **of(t, op))
    if answer.status == 403 and not answer.json["type"].endswith(":forged"):
        t.say(op, answer, "is not for the missing X-CSRF-Token")


def refuse_the_unknown(t, op):
    if op.id in ("confirmMyTotp", "renewMyRecoveryCodes"):
        return  # nothing is named: what is missing is missing at the beginning
    asked = {**of(t, op), **{part: NOTHING[part] for part in op.parts}}
    if op.id in UNKNOWN_QUERY:
        asked["query"] = UNKNOWN_QUERY[op.id]
    if op.told.get("x-machine"):
        asked["who"] = t.admin
    t.refused(op.id, 404, **asked)


def refuse_other_versions(t, op):
    if op.id == "applyConfiguration":
        return  # its version is in the body
    t.refused(op.id, 412, headers={"If-Match": '"999999"'}, **of(t, op))


def refuse_too_much(t, op):
    asked = {**of(t, op), "body": None, "raw": b"{" + b" " * (3 << 20) + b"}"}
    t.refused(op.id, 413, who=t.machine, **asked)


def refuse_what_is_no_json(t, op):
    t.refused(op.id, 415, who=t.machine, headers={"Content-Type": "text/plain"}, **of(t, op))


def refuse_a_key_used_again(t, op):
    headers = {"Idempotency-Key": f"once-{op.id}"}
    first = t.good(op.id, headers=headers, body=t.fresh(op.id))
    again = t.ask(op.id, headers=headers, body=t.asked[op.id]["body"])
    if again.body != first.body or again.headers.get("Idempotency-Replayed") != "true":
        t.say(op, again, "is not the first answer again")
    t.refused(op.id, 422, headers=headers, body=t.fresh(op.id))


def refuse_without_version(t, op):
    t.refused(op.id, 428, **of(t, op))


REFUSALS = {400: refuse_queries, 401: refuse_strangers, 403: refuse_the_lowly,
            404: refuse_the_unknown, 412: refuse_other_versions, 413: refuse_too_much,
            415: refuse_what_is_no_json, 422: refuse_a_key_used_again,
            428: refuse_without_version}


def of(t, op):
    """With what an operation was asked well, but for what is gone since."""
    asked = dict(t.asked.get(op.id) or {})
    asked.update({part: t.standing.get(part, NOTHING[part]) for part in op.parts})
    return asked


def walk_refusals(t):
    for op in t.document.operations.values():
        for status in sorted(op.statuses & REFUSALS.keys()):
            REFUSALS[status](t, op)
        if 403 in op.statuses:
            refuse_the_forged(t, op)


def walk_busy(t):
    """Somebody else writes to the database; meanwhile the same is asked twice."""
    path = t.server.state / "control/sallyport.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
        for op in t.document.operations.values():
            if op.creates and not op.on_machine:
                walk_twice(t, other, op)
        walk_overtaken(t, other)


def walk_twice(t, other, op):
    """Whichever comes first waits for the database, and the other is refused at once."""
    asked = {**of(t, op), "body": t.fresh(op.id),
             "headers": {"Idempotency-Key": f"twice-{op.id}"}}
    with futures.ThreadPoolExecutor(2) as pool:
        other.execute("BEGIN IMMEDIATE")
        both = [pool.submit(t.ask, op.id, **asked) for _ in range(2)]
        futures.wait(both, return_when=futures.FIRST_COMPLETED)
        other.execute("ROLLBACK")
        answers = sorted((each.result() for each in both), key=lambda answer: answer.status)
    if [answer.status for answer in answers] != [op.success, 409]:
        t.say(op, answers[0], f"and {answers[1]}, instead of {op.success} and 409")


def walk_overtaken(t, other):
    """A name that was free when the table was read is taken when its users are added. How soon it
    is read depends on how busy the machine is."""
    table = {"body": {"csv": "name\r\nilse\r\n", "preview": False}}
    rename = "UPDATE users SET name = ? WHERE name = ?"
    for seconds in (0.25, 1, 4):
        with futures.ThreadPoolExecutor(1) as pool:
            other.execute("BEGIN IMMEDIATE")
            importing = pool.submit(t.ask, "importUsers", **table)
            time.sleep(seconds)
            other.execute(rename, ("ilse", "ina"))
            other.execute("COMMIT")
            answer = importing.result()
        if answer.status == 409:
            return
        other.execute(rename, ("ina", "ilse"))
    t.say(t.document.operations["importUsers"], answer, "instead of 409")


def walk_banned(t):
    """Who is banned is so whatever he asks for, and whoever he is."""
    ban = t.good("createBan", body={"subject": BANNED}).json["id"]
    for op in t.document.operations.values():
        if 429 in op.statuses:
            t.refused(op.id, 429, headers={"X-Forwarded-For": BANNED}, **of(t, op))
    t.good("liftBan", id=ban)
    t.good("getMe")


def walk_methods(t):
    """What a path does not take is said for each, with what it takes."""
    patterns = [(re.compile(re.sub(r"{\w+}", "[^/]+", op.target({part: "{x}" for part in op.parts})
                                   .replace("%7Bx%7D", "{x}"))), op.method)
                for op in t.document.operations.values()]
    for op in t.document.operations.values():
        target = op.target({**NOTHING, **t.standing})
        taken = {method for pattern, method in patterns if pattern.fullmatch(target)}
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method in taken:
                continue
            answer = t.machine.raw(method, target)
            if answer.status != 405 or answer.headers["Content-Type"] != PROBLEM or \
                    set(answer.headers["Allow"].split(", ")) != taken:
                t.wrong.append(f"{method} {target}: {answer} {answer.headers.get('Allow')}")
            for fault in t.document.faults({"$ref": "#/components/schemas/Problem"}, answer.json):
                t.wrong.append(f"{method} {target}: {fault}")


def walk_down(t):
    """Without the key of its secrets control has no store to answer from."""
    key = t.server.state / "control/secret.key"
    t.server.stop()
    kept = key.rename(key.with_suffix(".kept"))
    t.server.start()
    t.server.wait_log("restore it from a backup")
    for op in t.document.operations.values():
        t.refused(op.id, 503, **of(t, op))
    assert t.server.get()[0] == 200
    kept.rename(key)
    rest.wait_ready(t.server)
    t.good("getMe")
    t.good("verifyAudit")


STEPS = [walk_first, walk_people, walk_session, walk_me, lambda t: walk_devices(t, "User"),
         lambda t: walk_devices(t, "My"), walk_access, walk_server, walk_events, walk_config,
         walk_refusals, walk_busy, walk_methods, walk_banned, walk_down]


@pytest.fixture(scope="module", name="server")
def the_server():
    there = harness.Backend()
    yield from shared.serve_office(f"trust_forwarded 127.0.0.1\nshare {{ other {there.at} }}\n",
                                   admin=f"allow loopback {BANNED}")
    there.end()


@pytest.fixture(scope="module", name="document")
def the_document(server):
    answer = server.machine.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == JSON
    return Document(answer.json)


@pytest.fixture(scope="module", name="walk")
def the_walk(server, document):
    t = Walk(server, document)
    for step in STEPS:
        step(t)
    return t


# --- what the document is like

TEXT = {"type": "string", "minLength": 1}
REFERENCE = {"type": "object", "required": ["$ref"], "properties": {"$ref": {
    "type": "string", "pattern": "^#/components/"}}}
CONTENT = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {
    "type": "object", "required": ["schema"], "properties": {"schema": {"type": "object"}},
    "additionalProperties": False}}
RESPONSE = {"type": "object", "required": ["description"], "additionalProperties": False,
            "properties": {"description": TEXT, "headers": {"type": "object"},
                           "content": CONTENT}}
PARAMETER = {
    "type": "object", "required": ["in", "name", "schema", "description"],
    "additionalProperties": False,
    "properties": {"in": {"enum": ["path", "query", "header"]}, "name": TEXT, "description": TEXT,
                   "required": {"type": "boolean"}, "schema": {"type": "object"}},
    "if": {"properties": {"in": {"const": "path"}}},
    "then": {"required": ["required"], "properties": {"required": {"const": True}}},
}
OPERATION = {
    "type": "object", "required": ["operationId", "tags", "description", "parameters",
                                   "responses"],
    "properties": {
        "operationId": {"type": "string", "pattern": "^[a-z][A-Za-z]+$"},
        "tags": {"type": "array", "minItems": 1, "maxItems": 1, "items": TEXT},
        "description": {"type": "string", "pattern": r"\.$"},
        "security": {"type": "array", "items": {"type": "object"}},
        "parameters": {"type": "array", "items": PARAMETER},
        "requestBody": {"type": "object", "required": ["content"], "additionalProperties": False,
                        "properties": {"required": {"type": "boolean"}, "content": CONTENT}},
        "responses": {"type": "object", "minProperties": 2,
                      "patternProperties": {"^2..$": RESPONSE, "^4..$": REFERENCE,
                                            "^5..$": REFERENCE},
                      "additionalProperties": False},
    },
    "patternProperties": {"^x-": True}, "additionalProperties": False,
}
OPENAPI = {
    "type": "object", "required": ["openapi", "info", "paths", "components", "servers"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"], "properties": {
            "title": TEXT, "version": TEXT}},
        "servers": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["url"]}},
        "security": {"type": "array"},
        "tags": {"type": "array", "uniqueItems": True, "items": {
            "type": "object", "required": ["name"]}},
        "paths": {"type": "object", "additionalProperties": False, "patternProperties": {
            "^/": {"type": "object", "additionalProperties": False,
                   "properties": {"servers": {"type": "array"},
                                  **{method: OPERATION for method in METHODS}}}}},
        "components": {"type": "object", "additionalProperties": False, "properties": {
            "schemas": {"type": "object", "propertyNames": {"pattern": "^[A-Z][A-Za-z0-9]*$"}},
            "headers": {"type": "object"},
            "responses": {"type": "object", "additionalProperties": RESPONSE},
            "securitySchemes": {"type": "object", "additionalProperties": {
                "type": "object", "required": ["type"]}}}},
    },
}


def references(node):
    """All that something refers to."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_it_is_an_openapi_document(document):
    assert not document.faults(OPENAPI, document.told)
    for name, schema in document.told["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object" and schema["description"], name


def test_whatever_is_referred_to_is_there_and_whatever_is_there_is_referred_to(document):
    used = set(references(document.told))
    for reference in used:
        document.resolver.resolve(reference)
    for kind in ("schemas", "headers", "responses"):
        for name in document.told["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def test_names_are_unique_and_their_parts_told(document):
    ids = [item[method]["operationId"] for item in document.told["paths"].values()
           for method in METHODS if method in item]
    assert len(ids) == len(set(ids)) > 90
    tags = {tag["name"] for tag in document.told["tags"]}
    schemes = document.told["components"]["securitySchemes"]
    for op in document.operations.values():
        told = [p["name"] for p in op.told["parameters"] if p["in"] == "path"]
        assert told == op.parts, op.id
        names = [(p["in"], p["name"]) for p in op.told["parameters"]]
        assert len(names) == len(set(names)), op.id
        assert set(op.told["tags"]) <= tags
        for way in op.told.get("security", document.told["security"]):
            assert set(way) <= schemes.keys(), op.id


def test_clients_can_be_made_of_it(document):
    """Everything has one type: no member is of any kind, but what another program says."""
    anything = []
    for name, schema in document.told["components"]["schemas"].items():
        assert schema["additionalProperties"] is False, name
        for member, told in schema["properties"].items():
            if not {"type", "$ref"} & told.keys():
                anything.append(f"{name}.{member}")
            kinds = told.get("type", [])
            if "array" in (kinds if isinstance(kinds, list) else [kinds]):
                assert {"type", "$ref"} & told["items"].keys(), f"{name}.{member}"
    assert sorted(anything) == ["AuditRow.after", "AuditRow.before", "Notice.alert",
                                "Status.server"]


# --- what it says, against what is answered

def test_every_answer_is_as_the_document_says(walk):
    assert not walk.wrong, "\n".join(dict.fromkeys(walk.wrong))


def test_every_operation_was_asked_well(walk):
    assert {op.id for op in walk.document.operations.values()
            if (op.id, op.success) not in walk.seen | NOBODY_CONNECTED} == set()


def test_every_refusal_that_the_document_tells_of_was_met(walk):
    told = {(op.id, status) for op in walk.document.operations.values() for status in op.statuses}
    assert told - walk.seen - NOBODY_CONNECTED == set()


def test_every_kind_of_refusal_was_met(walk):
    assert {status for _, status in walk.seen} == {
        200, 201, 204, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503}
