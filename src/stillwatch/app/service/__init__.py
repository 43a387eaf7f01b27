"""The service: decisions for gateways, over HTTP and gRPC, out of a table held in its process.

It reads a `DecisionSource` and answers whether a request may go on. Detection runs elsewhere, in a
process of its own, and can't slow an answer. It needs the extra `serve`.
"""

from stillwatch.app.service.decider import Decider
from stillwatch.app.service.factory import Part, make_service
from stillwatch.app.service.feed import DecisionFeed, DecisionSource

__all__ = ["Decider", "DecisionFeed", "DecisionSource", "Part", "make_service"]
