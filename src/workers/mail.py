"""Sending mail: over SMTP, or as files where no server is named."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from arq import Retry

from usecases.ports import Ports
from usecases.verification import Mail, code_mail

SMTP_SECONDS = 10
RETRY_SECONDS_MAX = 60
SMTP_PERMANENT = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """Where mail goes: ``smtp_url`` as ``smtp://user:password@host:587`` (STARTTLS where offered)
    or ``smtps://…:465``; without one, each message is a file in ``directory``."""

    sender: str
    directory: Path
    smtp_url: str | None = field(default=None, repr=False)


async def mail_code(ctx: dict[str, Any], code_id: int) -> None:
    """Job: mail a verification code, until it is sent or of no more use."""
    ports, post, tries = _context(ctx)
    mail = await code_mail(ports, code_id)
    if mail is None:
        return
    try:
        await send(post, mail, ports.wall())
    except (aiosmtplib.SMTPException, OSError) as error:
        if _is_refused_for_good(error):
            log.warning("mail_refused")
            return
        log.warning("mail_postponed", reason=type(error).__name__)
        raise _later(tries) from error


async def send(post: Post, mail: Mail, at: datetime) -> None:
    """Hand one message over. Raises aiosmtplib's exceptions, or OSError for a file."""
    message = _message(post, mail, at)
    if post.smtp_url is None:
        path = await asyncio.to_thread(_write, post.directory, mail, message, at)
        log.info("mail_written", file=str(path))
        return
    await aiosmtplib.send(message, **_server(post.smtp_url), timeout=SMTP_SECONDS)
    log.info("mail_sent", message_id=message["Message-ID"])


def _context(ctx: dict[str, Any]) -> tuple[Ports, Post, int]:
    return ctx["ports"], ctx["post"], ctx["job_try"]


def _is_refused_for_good(error: Exception) -> bool:
    """Whether the server knows that there is no such mailbox; other troubles may pass."""
    return isinstance(error, aiosmtplib.SMTPRecipientsRefused) and all(
        refusal.code >= SMTP_PERMANENT for refusal in error.recipients
    )


def _later(tries: int) -> Retry:
    return Retry(defer=min(1 << min(tries, 10), RETRY_SECONDS_MAX))


def _message(post: Post, mail: Mail, at: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = post.sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain="zerodte")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _write(directory: Path, mail: Mail, message: EmailMessage, at: datetime) -> Path:
    """Write the message whole or not at all; only the owner may read it."""
    directory.mkdir(parents=True, exist_ok=True)
    recipient = re.sub(r"[^a-z0-9@.+-]", "_", mail.to)
    path = directory / f"{at:%Y%m%dT%H%M%S%f}-{recipient}.eml"
    partial = path.with_suffix(".part")
    partial.touch(mode=0o600)
    partial.write_bytes(message.as_bytes())
    return partial.rename(path)


def _server(smtp_url: str) -> dict[str, Any]:
    """The arguments of ``aiosmtplib.send`` that a URL stands for."""
    url = urlsplit(smtp_url)
    is_tls = url.scheme == "smtps"
    return {
        "hostname": url.hostname,
        "port": url.port or (465 if is_tls else 587),
        "use_tls": is_tls,
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
    }
