"""E11: the same POST twice is one act."""

import json
import threading

import pytest

from portal.api.models import StoredAnswer
from tests import given_windows as given
from tests.callers import Caller, browser, caller, token_of
from windows.access.roles import Role
from windows.catalogue.models import Environment, Person


@pytest.fixture
def root(transactional_db):
    return given.actor("root", ("ops", Role.SRE), administrator=True)


def test_r_e11_fifty_identical_posts_make_one_object(root) -> None:
    raw, body = token_of(root), {"slug": "staging", "name": "Staging"}
    start, answers = threading.Barrier(50), []

    def post() -> None:
        from django.db import connection

        api = Caller(raw)
        start.wait()
        answers.append(api.post("/environments", body, Idempotency_Key="one"))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Environment.objects.filter(slug="staging").count() == 1
    made = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(made) + len(waiting) == 50
    assert sum("Idempotency-Replayed" not in answer for answer in made) == 1
    assert len({answer.content for answer in made}) == 1
    assert all(json.loads(answer.content)["type"] == "/problems/under-way" and answer["Retry-After"] == "1" for answer in waiting)
    late = Caller(raw).post("/environments", body, Idempotency_Key="one")
    assert late.status_code == 201
    assert late["Idempotency-Replayed"] == "true"


def test_r_e11_another_body_with_the_same_key_is_refused(root) -> None:
    api = caller(root)
    assert api.post("/environments", {"slug": "a", "name": "A"}, Idempotency_Key="k").status_code == 201
    other = api.post("/environments", {"slug": "b", "name": "B"}, Idempotency_Key="k")
    assert other.status_code == 422
    assert json.loads(other.content)["type"] == "/problems/key-reused"
    assert api.post("/regions", {"slug": "a", "name": "A"}, Idempotency_Key="k").status_code == 422
    assert not Environment.objects.filter(slug="b").exists()


def test_r_e11_errors_are_kept_as_well(root) -> None:
    api = caller(root)
    first = api.post("/environments", {"slug": "Not A Slug", "name": "A"}, Idempotency_Key="k")
    again = api.post("/environments", {"slug": "Not A Slug", "name": "A"}, Idempotency_Key="k")
    assert first.status_code == again.status_code == 422
    assert first.content == again.content


def test_r_e11_one_persons_key_is_not_anothers(root) -> None:
    other = given.actor("other", ("ops", Role.SRE))
    assert caller(root).post("/environments", {"slug": "a", "name": "A"}, Idempotency_Key="k").status_code == 201
    assert caller(other).post("/environments", {"slug": "b", "name": "B"}, Idempotency_Key="k").status_code == 201


def test_r_e11_a_key_is_forgotten_after_a_day(root) -> None:
    from django.db import connection

    api = caller(root)
    api.post("/environments", {"slug": "a", "name": "A"}, Idempotency_Key="k")
    with connection.cursor() as cursor:
        cursor.execute("update api_storedanswer set created_at = created_at - interval '25 hours'")
    assert api.post("/environments", {"slug": "b", "name": "B"}, Idempotency_Key="k").status_code == 201


def test_r_e11_after_a_crash_the_trail_tells_whether_it_was_done(root, monkeypatch) -> None:
    """The process dies after the commit and before the answer is kept: B8."""
    from django.db import connection

    def dies(*args, **named) -> None:
        raise SystemExit

    api = caller(root)
    body = {"slug": "a", "name": "A"}
    with monkeypatch.context() as patch:
        patch.setattr("portal.api.idempotency.keep", dies)
        with pytest.raises(SystemExit):
            api.post("/environments", body, Idempotency_Key="k")
        with pytest.raises(SystemExit):
            api.get("/me"), api.post("/environments", {"slug": "Bad Slug", "name": "A"}, Idempotency_Key="nothing-done")
    assert StoredAnswer.objects.filter(status=None).count() == 2
    assert api.post("/environments", body, Idempotency_Key="k").status_code == 409
    with connection.cursor() as cursor:
        cursor.execute("update api_storedanswer set created_at = created_at - interval '3 minutes'")
    told = api.post("/environments", body, Idempotency_Key="k")
    assert told.status_code == 409
    assert json.loads(told.content)["subject"] == "environment:a"
    assert api.post("/environments", {"slug": "Bad Slug", "name": "A"}, Idempotency_Key="nothing-done").status_code == 422
    assert Environment.objects.count() == 1


def test_a_secret_is_not_kept(root) -> None:
    person = Person.objects.get(pk=root.person_id)
    client = browser(person)
    body = json.dumps({"name": "ci", "scopes": ["read"], "expires_at": given.soon().isoformat()})
    first = client.post("/api/v1/tokens", body, content_type="application/json", headers={"Idempotency-Key": "k"})
    assert first.status_code == 201, first.content
    secret = json.loads(first.content)["secret"]
    assert secret.encode() not in bytes(StoredAnswer.objects.get().body)
    assert client.post("/api/v1/tokens", body, content_type="application/json", headers={"Idempotency-Key": "k"}).status_code == 409
