"""Signing in: guesses, sessions, where it leads."""

import pytest
from django.test import Client

from portal.pages import sign_in as page
from windows.access.roles import SETUP
from windows.catalogue.commands.people import change_password, define_person, disable_person, enable_person
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def ada() -> Person:
    return define_person(SETUP, "ada@example.org", "Ada", password=PASSWORD)


def try_in(client: Client, email: str = "ada@example.org", password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def test_r_s06_a_session_has_a_new_key_after_signing_in(ada, client) -> None:
    client.get("/sign-in/")
    planted = client.session
    planted["mine"] = "planted"
    planted.save()
    client.cookies["sessionid"] = planted.session_key
    assert try_in(client, "ADA@example.org").status_code == 302
    assert client.session.session_key != planted.session_key
    assert "mine" not in client.session
    assert client.get("/windows/").status_code == 200


def test_r_s06_signing_out_ends_the_session_for_good(ada, client) -> None:
    try_in(client)
    old = client.cookies["sessionid"].value
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    client.cookies["sessionid"] = old
    assert client.get("/windows/").status_code == 302


def test_r_s06_every_session_ends_with_the_account_and_with_the_password(ada, client) -> None:
    root = define_person(SETUP, "root@example.org", "Root", password=PASSWORD, administrator=True)
    acting = actor_for(root, via="browser")
    other = Client()
    try_in(client)
    try_in(other)
    change_password(acting, ada.pk, "another long password")
    assert client.get("/windows/").status_code == 302
    assert client.get("/api/v1/me").status_code == 401
    try_in(client, password="another long password")
    assert client.get("/windows/").status_code == 200
    disable_person(acting, ada.pk, "left")
    assert client.get("/api/v1/me").status_code == 401
    enable_person(acting, ada.pk)
    assert client.get("/windows/").status_code == 302, "an old session does not come back with the account"
    assert other.get("/windows/").status_code == 302


def test_r_s07_guessing_is_slowed_and_tells_nothing(ada, client) -> None:
    unknown, wrong = try_in(client, "nobody@example.org", "x"), try_in(client, password="x")
    assert unknown.status_code == wrong.status_code == 422
    strip = [part.content.replace(b"nobody@example.org", b"ada@example.org").split(b"csrfmiddlewaretoken")[0] for part in (unknown, wrong)]
    assert strip[0] == strip[1]
    allowed = 1 + sum(try_in(client, password="x").status_code == 422 for _ in range(50))
    print(f"tries answered before the throttle: {allowed}")
    assert allowed == page.PER_ACCOUNT_AND_ADDRESS
    refused = try_in(client)
    assert refused.status_code == 429, "the right password as well"
    assert refused["Retry-After"] == "600"
    assert try_in(Client(REMOTE_ADDR="192.0.2.7")).status_code == 302, "from elsewhere the person still gets in"


def test_r_s07_an_address_that_guesses_many_accounts_is_stopped(ada, monkeypatch) -> None:
    monkeypatch.setattr(page, "PER_ADDRESS", 5)
    client = Client()
    for n in range(5):
        assert try_in(client, f"guess{n}@example.org", "x").status_code == 422
    assert try_in(client).status_code == 429


def test_a_header_does_not_change_the_address(ada, client) -> None:
    for n in range(page.PER_ACCOUNT_AND_ADDRESS):
        client.post("/sign-in/", {"email": "ada@example.org", "password": "x"}, headers={"X-Forwarded-For": f"192.0.2.{n}"})
    assert try_in(client).status_code == 429


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "///evil.example",
        "http:evil.example",
        "/%09/evil.example\t",
        " //evil.example",
        "https:evil.example",
        "/\t/evil.example",
        "data:text/html,x",
        "",
    ],
)
def test_r_s16_signing_in_never_leads_elsewhere(ada, client, wanted: str) -> None:
    response = try_in(client, next=wanted)
    assert response.status_code == 302
    target = response["Location"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert "\t" not in target


def test_signing_in_leads_back_to_where_one_was(ada, client) -> None:
    response = client.get("/windows/?show=past")
    assert response["Location"] == "/sign-in/?next=%2Fwindows%2F%3Fshow%3Dpast"
    assert try_in(client, next="/windows/?show=past")["Location"] == "/windows/?show=past"


def test_a_panel_of_a_stranger_is_not_a_sign_in_page(client) -> None:
    assert client.get("/strip", headers={"HX-Request": "true"}).status_code == 401


def test_r_s19_private_pages_are_not_kept(ada, client) -> None:
    try_in(client)
    response = client.get("/windows/")
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
