"""A database with and one without the tables, fresh for each test."""

from collections.abc import AsyncIterator

import pytest

from services.store.migrate import upgrade
from tests.support.postgres import fresh_database


@pytest.fixture
async def empty_database() -> AsyncIterator[str]:
    async with fresh_database() as url:
        yield url


@pytest.fixture
async def database(empty_database: str) -> str:
    await upgrade(empty_database)
    return empty_database
