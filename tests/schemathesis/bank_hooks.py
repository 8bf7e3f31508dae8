"""What schemathesis must know of the bank: whose token an endpoint takes, and ids that exist.

A request of random ids gets no further than "there is no such account". So half of the requests that
fit the schema get the ids of a customer who was made for the purpose.
"""

import json
import os
import random
import threading
import urllib.error
import urllib.request
import uuid

import schemathesis

URL = os.environ["BANK_URL"]
with open(os.environ["BANK_TOKENS"], encoding="utf-8") as file:
    TOKENS = json.load(file)


def post(token, path, body):
    """A write as the bank wants it; the answer's document."""
    request = urllib.request.Request(
        URL + path,
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(uuid.uuid4()),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def settle(name, number, phone):
    """A customer with a card, a device and money."""
    counter = TOKENS["counter"]
    check = post(counter, "/v1/identity-checks", {"name": name, "id_number": number})
    known = {"identity_check": check["identity_check"]}
    customer = post(counter, "/v1/customers", {**known, "phone": phone})
    known["customer"] = customer["customer"]
    card = post(counter, "/v1/cards", known)
    device = post(counter, "/v1/ebanking", known)
    amount = {"account": card["account"], "amount": "100000.00"}
    post(counter, "/v1/deposits", amount)
    return {
        **known,
        "card": card["card"],
        "account": card["account"],
        "from": card["account"],
        "device_token": device["device_token"],
        "phone": phone,
        "account_tail": card["account"][-6:],
    }


def resident_id(number):
    """The number of a resident born on 1949-12-31, with its check digit (GB 11643)."""
    digits = f"11010519491231{number:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights)) % 11
    return digits + "10X98765432"[rest]


class People:
    """Two customers, made anew when what was tried on them has closed their channels or their
    accounts: the others of their requests would all be refused for the same dull reason."""

    def __init__(self):
        self.made = 0
        self.wang = self.settle("Wang Fang")
        self.anew()

    def settle(self, name):
        self.made += 1
        return settle(name, resident_id(self.made), f"138{self.made:08}")

    def anew(self):
        self.li = self.settle("Li Ming")
        self.good = {**self.li, "to": self.wang["account"]}

    def log_in(self, channel):
        """A fresh session's token."""
        try:
            return self.session(channel)
        except urllib.error.HTTPError as refused:
            if refused.code >= 500:
                raise
        self.anew()
        return self.session(channel)

    def session(self, channel):
        credentials = {
            "customer": self.li["customer"],
            "device_token": self.li["device_token"],
            "channel": channel,
        }
        return post("", "/v1/sessions", credentials)["session"]


PEOPLE = People()
CHANCE = random.Random(1)
LOCK = threading.Lock()
# Whose channels are closed and whose devices are replaced logs in no more.
CLOSING = ("/channels", "/ebanking", "/closures")


@schemathesis.auth(cache_by_key=lambda case, _: case.operation.label, refresh_interval=5)
class Token:
    """The first channel that the endpoint's description names. Sessions are begun anew every few
    seconds, since requests end them."""

    def get(self, case, _):
        channels = case.operation.definition.raw.get("x-channels", [])
        if not channels:
            return None
        if channels[0] in TOKENS:
            return TOKENS[channels[0]]
        with LOCK:
            return PEOPLE.log_in(channels[0])

    def set(self, case, token, _):
        if token:
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(_, case, kwargs):
    """Gives half of the requests that fit the schema ids that exist, and a key of their own."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    with LOCK:
        chosen = CHANCE.random() < 0.5
    if not chosen:
        return
    good = PEOPLE.wang if case.operation.path.endswith(CLOSING) else PEOPLE.good
    for members in (case.body, case.path_parameters):
        if isinstance(members, dict):
            for name, tried in members.items():
                if name in good and isinstance(tried, str):
                    members[name] = good[name]
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
