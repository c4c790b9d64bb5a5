import asyncio
from datetime import timedelta

import asyncpg
import pytest

from services.people.errors import (
    PasswordUnfit,
    PeopleUnread,
    PersonKnown,
    TooManyTries,
    WrongLogIn,
)
from services.people.register import NewPerson
from services.people.rights import Grant, Kind, Role, Scope
from tests.services.people.conftest import HERE, PASSWORD, House
from tests.support.builders import at

SUPERVISOR = Grant(role=Role.SUPERVISOR, scope=Scope(province="YJ"))


async def test_who_logs_in_is_known_by_the_token_with_their_roles(house: House) -> None:
    await house.add("carol", SUPERVISOR)

    asker = house.log_ins.by_session(await house.token("carol"))

    assert asker is not None
    assert (asker.name, asker.kind, asker.grants) == (
        "carol",
        Kind.PERSON,
        (SUPERVISOR,),
    )


async def test_no_password_and_no_token_stands_in_the_tables(house: House) -> None:
    await house.add("carol")
    token = await house.token("carol")
    program = NewPerson(name="wallboard", kind=Kind.PROGRAM)
    of_program = await house.register.add(program, by="test")

    connection = await asyncpg.connect(house.owner)
    told = ""
    for table in ("people", "sessions", "audit"):
        told += str(await connection.fetch(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
    await connection.close()
    assert "$argon2id$" in told
    for secret in (PASSWORD, token, of_program):
        assert secret not in told


async def test_what_is_wrong_with_a_log_in_is_not_told(house: House) -> None:
    await house.add("carol")
    await house.add("dave")
    await house.register.disable("dave", by="test")

    said = []
    for name, password in (
        ("carol", "wrong"),
        ("nobody", PASSWORD),
        ("dave", PASSWORD),
        ("car\0ol", PASSWORD),
    ):
        with pytest.raises(WrongLogIn) as refused:
            await house.log_ins.log_in(name, password, address=HERE)
        said.append(str(refused.value))

    assert len(set(said)) == 1


async def test_a_name_that_nobody_has_waits_like_one_that_somebody_has(
    house: House,
) -> None:
    await house.add("carol")

    waits = []
    for name in ("carol", "nobody"):
        for _ in range(5):
            with pytest.raises(WrongLogIn):
                await house.log_ins.log_in(name, "wrong", address=HERE)
        with pytest.raises(TooManyTries) as refused:
            await house.log_ins.log_in(name, PASSWORD, address=HERE)
        waits.append(refused.value.wait_s)

    assert waits == [1, 1]


async def test_a_session_ends_when_it_is_not_used_and_at_last_though_it_is(
    house: House,
) -> None:
    await house.add("carol")
    idle, busy = await house.token("carol"), await house.token("carol")

    for _ in range(40):
        house.later(minutes=35)
        if house.log_ins.by_session(busy) is None:
            break
    else:
        raise AssertionError
    assert house.log_ins.by_session(idle) is None
    assert house.now - at(0) >= timedelta(hours=12)
    await house.log_ins.look()
    assert len(house.ended) == 2
    assert house.log_ins.logged_in == 0


async def test_whose_stream_is_open_uses_the_session(house: House) -> None:
    await house.add("carol")
    token = await house.token("carol")
    asker = house.log_ins.by_session(token)
    assert asker is not None
    house.log_ins.present = lambda: [asker.session]

    for _ in range(4):
        house.later(minutes=50)
        await house.log_ins.look()

    house.log_ins.present = tuple
    assert house.log_ins.by_session(token) is not None


async def test_sessions_outlive_a_restart_and_go_on_growing_old(house: House) -> None:
    await house.add("carol")
    token = await house.token("carol")
    house.later(minutes=50)
    assert house.log_ins.by_session(token) is not None
    await house.log_ins.look()

    house.begin()
    with pytest.raises(PeopleUnread):
        house.log_ins.by_session(token)
    await house.log_ins.read()

    house.later(minutes=50)
    assert house.log_ins.by_session(token) is not None
    house.later(minutes=61)
    assert house.log_ins.by_session(token) is None


async def test_who_logs_out_while_the_database_is_away_is_forgotten_later(
    house: House,
) -> None:
    await house.add("carol")
    token = await house.token("carol")
    asker = house.log_ins.by_session(token)
    assert asker is not None
    owner = await asyncpg.connect(house.owner)
    await owner.execute("ALTER TABLE sessions RENAME TO sessions_away")

    await house.log_ins.log_out(asker)

    assert house.log_ins.by_session(token) is None
    await owner.execute("ALTER TABLE sessions_away RENAME TO sessions")
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 1
    await house.log_ins.look()
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    await owner.close()


async def test_who_logs_out_is_out_also_after_a_restart(house: House) -> None:
    await house.add("carol")
    token = await house.token("carol")
    asker = house.log_ins.by_session(token)
    assert asker is not None

    await house.log_ins.log_out(asker)

    assert house.log_ins.by_session(token) is None
    assert house.ended == [asker.session]
    house.begin()
    await house.log_ins.read()
    assert house.log_ins.by_session(token) is None


async def test_each_log_in_has_a_token_of_its_own_in_the_place_of_the_browsers_old(
    house: House,
) -> None:
    await house.add("carol")
    old = await house.token("carol")
    asker = house.log_ins.by_session(old)
    assert asker is not None

    new = await house.log_ins.log_in(
        "carol", PASSWORD, address=HERE, instead_of=asker.session
    )

    assert new.token != old
    assert house.log_ins.by_session(old) is None
    assert house.log_ins.by_session(new.token) is not None


async def test_who_is_disabled_is_out_at_once_and_stays_out(house: House) -> None:
    await house.add("carol", SUPERVISOR)
    token = await house.token("carol")

    await house.register.disable("carol", by="test")

    assert house.log_ins.by_session(token) is None
    assert len(house.ended) == 2  # the session, and streams by the name
    house.begin()
    await house.log_ins.read()
    assert house.log_ins.by_session(token) is None
    with pytest.raises(WrongLogIn):
        await house.token("carol")
    await house.register.enable("carol", by="test")
    assert await house.token("carol")


async def test_who_is_disabled_while_roles_are_given_is_out(house: House) -> None:
    await house.add("carol")

    await asyncio.gather(
        *(house.register.give_roles("carol", (SUPERVISOR,), by="t") for _ in range(3)),
        house.register.disable("carol", by="test"),
        *(house.register.give_roles("carol", (SUPERVISOR,), by="t") for _ in range(3)),
    )

    assert house.register.person("carol").disabled_at is not None
    house.begin()
    await house.log_ins.read()
    assert house.register.person("carol").disabled_at is not None
    assert len(house.register.person("carol").roles) == 1


async def test_roles_that_are_taken_are_gone_at_once_with_their_streams(
    house: House,
) -> None:
    await house.add("carol", SUPERVISOR)
    token = await house.token("carol")

    await house.register.give_roles("carol", (), by="test")

    asker = house.log_ins.by_session(token)
    assert asker is not None
    assert asker.grants == ()
    assert asker.session in house.ended


async def test_another_password_ends_the_sessions_of_before(house: House) -> None:
    await house.add("carol")
    elsewhere, here = await house.token("carol"), await house.token("carol")
    asker = house.log_ins.by_session(here)
    assert asker is not None

    with pytest.raises(WrongLogIn):
        await house.log_ins.change_own_password(
            asker, old="wrong", new="a new passphrase", address=HERE
        )
    begun = await house.log_ins.change_own_password(
        asker, old=PASSWORD, new="a new passphrase", address=HERE
    )

    assert house.log_ins.by_session(elsewhere) is None
    assert house.log_ins.by_session(here) is None
    assert house.log_ins.by_session(begun.token) is not None
    with pytest.raises(WrongLogIn):
        await house.token("carol")


@pytest.mark.parametrize(
    "password", ["short", "a" * 30, "ababababababab", "Carol's password", "x" * 257]
)
async def test_a_password_that_is_found_too_easily_is_refused_and_not_told(
    house: House, password: str
) -> None:
    with pytest.raises(PasswordUnfit) as refused:
        await house.register.add(NewPerson(name="carol", password=password), by="test")

    assert password not in str(refused.value)


async def test_a_program_comes_by_its_token_until_it_has_another(house: House) -> None:
    program = NewPerson(name="wallboard", kind=Kind.PROGRAM, grants=(SUPERVISOR,))
    first = await house.register.add(program, by="test")
    asker = house.register.by_token(first)
    assert asker is not None
    assert (asker.kind, asker.name) == (Kind.PROGRAM, "wallboard")

    second = await house.register.set_password("wallboard", None, by="test")

    assert house.register.by_token(first) is None
    assert house.register.by_token(second) is not None
    with pytest.raises(WrongLogIn):
        await house.log_ins.log_in("wallboard", second, address=HERE)


async def test_a_name_is_given_once(house: House) -> None:
    await house.add("carol")

    with pytest.raises(PersonKnown):
        await house.add("carol")


async def test_who_came_went_was_changed_and_was_refused_stands_in_the_audit(
    house: House,
) -> None:
    await house.add("carol", SUPERVISOR)
    asker = house.log_ins.by_session(await house.token("carol"))
    assert asker is not None
    await house.log_ins.log_out(asker)
    for name in ("carol", "my-secret-typed-as-a-name"):
        with pytest.raises(WrongLogIn):
            await house.log_ins.log_in(name, "wrong", address=HERE)
    await house.register.disable("carol", by="dave")

    rows = await house.audit()

    assert rows == [
        ("test", "person_changed", "carol"),
        ("carol", "logged_in", "carol"),
        ("carol", "logged_out", "carol"),
        ("dave", "person_changed", "carol"),
        # Once a second only.
        ("unknown", "refused", "log-in carol"),
    ]
