"""Ingestion as a service: bodies in, durable before they are answered.

`Ingestion` is what a service includes: `router` and `lifespan`. It writes a journal of segments and
keeps two processes beside it, which commit them to the lake and look at that (`app/loops`).
"""

from stillwatch.app.service.ingestion.part import Ingestion, IngestionSettings

__all__ = ["Ingestion", "IngestionSettings"]
