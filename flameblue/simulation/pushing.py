"""A vendor's cloud that hands on what a detector measures: POST until 200, the same message with the same id.

Promises: a message that was answered anything but 200, or nothing, comes again as it was; on a bad line now and then
one comes again though it was answered 200, as from a cloud that lost the answer.
"""

import json
import logging
from collections.abc import Mapping
from random import Random
from typing import Any

import httpx

from flameblue.simulation.bad_line import relayed
from flameblue.simulation.device import Address, LineLost, Reporting, Surroundings
from flameblue.simulation.measuring import Sample

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a message is no news

KIND = "push"
PATH = "/intake/v1/"
ANSWERED_WITHIN_S = 10.0


class PushingDetector(Reporting):
    """The detector of one circuit, a source of its own in its maker's cloud."""

    def __init__(self, name: str, credential: str, address: Address, around: Surroundings) -> None:
        super().__init__(name, around)
        self._token = credential
        self._address = address
        self._chance = Random(f"{around.seed}/{KIND}/{name}/again")

    async def converse(self) -> None:
        """Until a message is not taken, or the power ends."""
        async with relayed(self._address, self.name, KIND, self.around) as address:
            client = httpx.AsyncClient(
                base_url=f"http://{address.host}:{address.port}",
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
                timeout=ANSWERED_WITHIN_S,
                trust_env=False,
            )
            async with client:
                await self._push(client)

    async def _push(self, client: httpx.AsyncClient) -> None:
        is_first = True
        while True:
            await self.outbox.filled.wait()
            if self.is_dark():
                return
            sent = self.outbox.head(1)
            body = encoded(self.name, sent[0])
            await self._post(client, body)
            if is_first:
                self.arrived()
                is_first = False
            self.acknowledged(sent)
            if self._chance.random() < self.around.faults_of(KIND).duplicated:
                self.around.counts.repeated += 1
                await self._post(client, body)

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> None:
        answer = await client.post(f"{PATH}{self.name}", content=body)
        if answer.status_code != httpx.codes.OK:
            raise LineLost(f"answered {answer.status_code}: {answer.text[:200]}")


def message(name: str, sample: Sample) -> Mapping[str, Any]:
    """As profile flameblue-push has it."""
    return {"id": f"{name}/{sample['t']}", "t": sample["t"], "v": sample["v"]}


def encoded(name: str, sample: Sample) -> bytes:
    """The body; the same bytes each time."""
    return json.dumps(message(name, sample), separators=(",", ":")).encode()
