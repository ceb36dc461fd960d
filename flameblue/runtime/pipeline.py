"""The whole flow, from a device's bytes to a message that leaves, on one screen."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from django.conf import settings

from flameblue.config import Config
from flameblue.domain.clock import SystemClock, to_datetime
from flameblue.fleet import point_table
from flameblue.intake.announcements import Announcements
from flameblue.intake.asking.dial_in import DialIn
from flameblue.intake.broker import BrokerSource
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.intake.http_push_listener import HttpPushListener
from flameblue.intake.listener import Endpoint, Listener
from flameblue.intake.plain_listener import PlainListener, places
from flameblue.journal.record import gap_draft
from flameblue.runtime import garbage, lost_journal
from flameblue.runtime.asking import Asking
from flameblue.runtime.caring import Caring
from flameblue.runtime.conversing import Conversing
from flameblue.runtime.detecting import Detecting
from flameblue.runtime.home_publishing import HomePublishing
from flameblue.runtime.messaging import Delivering, Planning
from flameblue.runtime.model_watch import LOOK_S, ModelWatch
from flameblue.runtime.plant import Plant, open_plant
from flameblue.runtime.remembering import Remembering
from flameblue.runtime.stages import every, keep
from flameblue.runtime.ticking import Ticking, gap_since
from flameblue.runtime.uplinking import Uplinking
from flameblue.runtime.watching import Heartbeat

HEALTH_S = 1.0
PROFILES_S = 1.0
SEASONS_S = 3_600.0


def run(config: Config) -> int:
    """The core process, until it is told to stop."""
    lost_journal.go_on(config, SystemClock())
    asyncio.run(_until_told(config))
    return 0


async def flow(plant: Plant) -> None:
    """Every stage follows the log before it from its own saved cursor and wakes the one after it."""
    delivery = delivering(plant)
    heard = Announcements(plant.config.data, plant.config.broker.discovery_prefix)
    dial_in = DialIn(plant.intake, plant.config.modbus_dial_in)
    talk = conversing(plant, dial_in)
    async with asyncio.TaskGroup() as stages:

        def stage(name: str, run: Callable[[], Awaitable[None]]) -> None:
            stages.create_task(keep(name, run, plant.health))

        stage("journal", ticking(plant).run)  # ticks, gaps, changes of the point table
        stage("intake", lambda: intake(plant, heard, dial_in))  # bytes → readings → journal → acknowledged
        stage("asking", asking(plant, dial_in).run)  # devices that say nothing unasked → readings → journal
        stage("conversing", talk.run)  # where devices speak from, and what people ask them
        stage("announcements", heard.serve)  # what devices of an existing broker say of themselves
        stage("history", remembering(plant, delivery).run)  # journal → board, Parquet
        stage("detection", detecting(plant).run)  # journal → transitions → cases
        stage("cases", caring(plant).run)  # time and evidence → case events
        stage("planning", planning(plant).run)  # case events → notices
        stage("delivery", delivery.run)  # notices → SMS, voice
        stage("uplink", uplinking(plant).run)  # transitions, case events → a city's centre, where one is set
        stage("home", home_publishing(plant).run)  # board, cases → Home Assistant, where it is wanted
        stage("profiles", lambda: watch_profiles(plant))
        stage("heartbeat", Heartbeat(plant.config.messages.heartbeat_url, plant.health).run)
        stage("health", lambda: every(HEALTH_S, lambda: write_health(plant)))


async def intake(plant: Plant, heard: Announcements, dial_in: DialIn) -> None:
    """Our own endpoints, and the existing broker where there is one."""
    endpoints: list[Endpoint | DialIn] = [Listener(plant.intake, plant.config.mqtt)]
    if plant.config.gb26875.port:
        endpoints.append(Gb26875Listener(plant.intake, plant.config.gb26875))
    if plant.config.http_push.port or plant.config.http_push.tls_port:
        endpoints.append(HttpPushListener(plant.intake, plant.config.http_push))
    if plant.config.modbus_dial_in.port:
        endpoints.append(dial_in)
    own = plant.config.protocols
    endpoints += [PlainListener(plant.intake, own, place) for place in places(own)]

    async def beat() -> None:
        for endpoint in endpoints:
            await endpoint.started.wait()
        plant.health.beat("intake")

    async with asyncio.TaskGroup() as sources:
        if plant.config.broker.url:
            sources.create_task(BrokerSource(plant.intake, plant.config.broker, heard).serve())
        for endpoint in endpoints:
            sources.create_task(endpoint.serve())
        sources.create_task(every(HEALTH_S, beat))


async def read_directory(plant: Plant) -> None:
    """Takes the fleet's devices as they are now."""
    now = to_datetime(plant.clock.now_ns())
    key = settings.CREDENTIAL_KEY.encode()
    plant.intake.directory = await plant.orm(point_table.directory, key, now)


async def watch_profiles(plant: Plant) -> None:
    """A changed profile, or the end of a season (looked for hourly), changes rows of the point table; one that is
    missing is told.

    Here alone files of models are read: in a thread, so that none of them keeps the devices waiting.
    """
    taken, taken_s, looked_s = None, 0.0, 0.0
    models = ModelWatch(plant.intake.shelf)
    while True:
        profiles = await asyncio.to_thread(plant.intake.shelf.current)
        now_s = plant.clock.monotonic_s()
        if profiles is not taken or now_s - taken_s >= SEASONS_S:
            await plant.orm(point_table.refresh, profiles, to_datetime(plant.clock.now_ns()))
            taken, taken_s = profiles, now_s
        if now_s - looked_s >= LOOK_S:
            await plant.orm(models.look, to_datetime(plant.clock.now_ns()), now_s)
            looked_s = now_s
        await asyncio.sleep(PROFILES_S)


async def write_health(plant: Plant) -> None:
    await asyncio.to_thread(plant.health.write)


def asking(plant: Plant, dial_in: DialIn) -> Asking:
    made = Asking(
        intake=plant.intake,
        health=plant.health,
        folder=plant.config.data,
        dial_in=dial_in if plant.config.modbus_dial_in.port else None,
    )
    plant.health.count_with(made.counters)
    return made


def ticking(plant: Plant) -> Ticking:
    return Ticking(
        journal=plant.journal,
        committer=plant.committer,
        orm=plant.orm,
        clock=plant.clock,
        health=plant.health,
        points_changed=lambda: read_directory(plant),
    )


def conversing(plant: Plant, dial_in: DialIn) -> Conversing:
    return Conversing(
        intake=plant.intake,
        orm=plant.orm,
        clock=plant.clock,
        rivals=dial_in.contests.proved,
        events_grew=plant.events_grew,
    )


def remembering(plant: Plant, delivery: Delivering) -> Remembering:
    made = Remembering(
        data=plant.config.data,
        disk=plant.disk,
        journal=plant.journal,
        board=plant.board,
        archive=plant.archive,
        snapshots=plant.snapshots,
        orm=plant.orm,
        worker=plant.files,
        grew=plant.journal_grew[1],
        events_grew=plant.events_grew,
        health=plant.health,
        clock=plant.clock,
        blind=delivery.blind,
    )
    plant.health.count_with(made.counters)
    return made


def detecting(plant: Plant) -> Detecting:
    return Detecting(
        journal=plant.journal,
        committer=plant.committer,
        snapshots=plant.snapshots,
        orm=plant.orm,
        worker=plant.numbers,
        grew=plant.journal_grew[0],
        events_grew=plant.events_grew,
        health=plant.health,
        clock=plant.clock,
    )


def caring(plant: Plant) -> Caring:
    return Caring(
        orm=plant.orm,
        clock=plant.clock,
        health=plant.health,
        board=plant.board,
        memory=plant.memory,
        events_grew=plant.events_grew,
    )


def planning(plant: Plant) -> Planning:
    return Planning(
        orm=plant.orm,
        clock=plant.clock,
        health=plant.health,
        events_grew=plant.events_grew,
        notices_grew=plant.notices_grew,
    )


def delivering(plant: Plant) -> Delivering:
    made = Delivering(
        orm=plant.orm,
        clock=plant.clock,
        health=plant.health,
        notices_grew=plant.notices_grew,
        events_grew=plant.events_grew,
        config=plant.config,
    )
    plant.health.count_with(lambda: made.counted)
    return made


def uplinking(plant: Plant) -> Uplinking:
    made = Uplinking(plant.config, plant.orm, plant.board, plant.clock, plant.events_grew)
    plant.health.count_with(made.counters)
    return made


def home_publishing(plant: Plant) -> HomePublishing:
    made = HomePublishing(config=plant.config, orm=plant.orm, board=plant.board, clock=plant.clock)
    plant.health.count_with(made.counters)
    return made


async def _until_told(config: Config) -> None:
    with ExitStack() as stack:
        plant = open_plant(config, stack)
        plant.health.count_with(plant.intake.counts.as_dict)
        await read_directory(plant)
        if gap_ns := gap_since(plant.journal, plant.clock.now_ns()):
            draft = gap_draft(plant.clock.now_ns(), gap_ns)
            await asyncio.wrap_future(plant.committer.submit(draft))
        garbage.settle()
        task = asyncio.ensure_future(flow(plant))
        for signum in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
