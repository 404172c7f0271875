import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from arq import Retry
from structlog.testing import capture_logs

from store.tables.codes import EmailCodeRow
from tests.people import Town, digits_of
from tests.workers.smtp import mail_server
from usecases import auth
from workers.mail import Post, mail_code

SENDER = "zerodte@example.com"


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(raw: bytes) -> str:
    return str(parsed(raw).get_content())


async def code_id(town: Town, email: str) -> int:
    codes = EmailCodeRow.__table__
    async with town.ports.database.reading() as tx:
        return int((await tx.execute(codes.select().where(codes.c.email == email))).one().id)


async def deliver(town: Town, post: Post, email: str, tries: int = 1) -> None:
    ctx = {"ports": town.ports, "post": post, "job_try": tries}
    await mail_code(ctx, await code_id(town, email))


async def test_without_a_server_the_mail_is_a_file_that_only_its_owner_reads(
    town: Town, tmp_path: Path
) -> None:
    code = await town.code("trader@example.com")
    with capture_logs() as logs:
        await deliver(town, Post(SENDER, tmp_path / "outbox"), "trader@example.com")

    (file,) = (tmp_path / "outbox").iterdir()
    message = parsed(file.read_bytes())
    assert (message["From"], message["To"]) == (SENDER, "trader@example.com")
    assert message["Date"] == "Wed, 15 Jan 2025 14:30:00 +0000"
    assert digits_of(str(message.get_content())) == code
    assert file.stat().st_mode & 0o777 == 0o600
    assert logs == [{"event": "mail_written", "file": str(file), "log_level": "info"}]


async def test_mailed_code_registers(town: Town, tmp_path: Path) -> None:
    await auth.request_code(town.ports, "trader@example.com")
    await deliver(town, Post(SENDER, tmp_path / "outbox"), "trader@example.com")

    (file,) = (tmp_path / "outbox").iterdir()
    code = digits_of(text_of(file.read_bytes()))

    outcome = await auth.register(town.ports, "trader@example.com", None, code)
    assert isinstance(outcome, auth.NewToken)


async def test_address_cannot_name_a_file_elsewhere(town: Town, tmp_path: Path) -> None:
    await town.code("etc/x@example.com")
    await deliver(town, Post(SENDER, tmp_path / "outbox"), "etc/x@example.com")

    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "20250115T143000000000-etc_x@example.com.eml"


async def test_mail_goes_over_smtp(town: Town, tmp_path: Path) -> None:
    code = await town.code("trader@example.com")
    async with mail_server() as server:
        with capture_logs() as logs:
            await deliver(town, Post(SENDER, tmp_path, server.url), "trader@example.com")

    (raw,) = server.messages
    assert digits_of(text_of(raw)) == code
    assert [entry["event"] for entry in logs] == ["mail_sent"]
    assert code not in str(logs)
    assert "trader" not in str(logs)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (3, 8), (50, 60)])
async def test_busy_server_is_tried_again_later(town: Town, tmp_path: Path, tries: int, seconds: int) -> None:
    await town.code("trader@example.com")
    async with mail_server(b"451 busy") as server:
        post = Post(SENDER, tmp_path, server.url)
        with pytest.raises(Retry) as later:
            await deliver(town, post, "trader@example.com", tries)

    assert later.value.defer_score == 1000 * seconds
    assert server.messages == []


async def test_server_that_is_away_is_tried_again_later(town: Town, tmp_path: Path) -> None:
    await town.code("trader@example.com")
    async with mail_server() as server:
        url = server.url

    with pytest.raises(Retry):
        await deliver(town, Post(SENDER, tmp_path, url), "trader@example.com")


async def test_address_that_is_refused_for_good_is_given_up(town: Town, tmp_path: Path) -> None:
    await town.code("trader@example.com")
    async with mail_server(b"550 no such user") as server:
        with capture_logs() as logs:
            await deliver(town, Post(SENDER, tmp_path, server.url), "trader@example.com")

    assert server.messages == []
    assert logs == [{"event": "mail_refused", "log_level": "warning"}]


async def test_code_that_died_meanwhile_is_not_mailed(town: Town, tmp_path: Path) -> None:
    await town.code("trader@example.com")
    town.clock.pass_(minutes=15)

    await deliver(town, Post(SENDER, tmp_path / "outbox"), "trader@example.com")

    assert not (tmp_path / "outbox").exists()


async def test_replaced_code_is_mailed_as_the_fresh_one(town: Town, tmp_path: Path) -> None:
    await town.code("trader@example.com")
    town.clock.pass_(minutes=1)
    fresh = await town.code("trader@example.com")

    await deliver(town, Post(SENDER, tmp_path / "outbox"), "trader@example.com")

    (file,) = (tmp_path / "outbox").iterdir()
    assert digits_of(await asyncio.to_thread(lambda: text_of(file.read_bytes()))) == fresh


def test_secrets_of_the_mail_server_are_not_shown() -> None:
    post = Post(SENDER, Path("outbox"), "smtp://user:canary@mail.example.com")

    assert "canary" not in repr(post)
