"""The map: everything while it is little, counts while it is much; what needs a look is always there singly."""

import json
import random
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from flameblue.cases.models import Case, Family, State
from flameblue.config import Config, Web
from flameblue.domain.limits import SKETCH_POINTS_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet import counting
from flameblue.fleet.models import Premises, Site
from flameblue.web import access, drawings, map_places, map_tiles, sketch
from flameblue.web import roads as map_roads
from flameblue.web.map_places import Box
from flameblue.web.views import board
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader
from tests.web.test_live import request_of

VALLEY = Box(87.0, 48.0, 88.0, 49.0)


@pytest.fixture
def placed(cast: Cast) -> Cast:
    Premises.objects.filter(pk=cast.premises.pk).update(latitude=48.571, longitude=87.434)
    return cast


def many(site: Site, count: int) -> None:
    Premises.objects.bulk_create(
        Premises(
            site=site, name=f"木屋{n}", short_name="木屋", latitude=48.1 + n / 200, longitude=87.1 + n / 300
        )
        for n in range(count)
    )


def asked(reader: Reader, query: str = "") -> dict[str, list[list[object]]]:
    content: dict[str, list[list[object]]] = json.loads(reader.html(f"/board/map.json{query}"))
    return content


def test_premises_stand_with_their_level_their_case_and_their_name(
    bench: Bench, placed: Cast, bolat: Reader
) -> None:
    assert asked(bolat)["places"] == [[placed.premises.pk, "松林客栈", 87.434, 48.571, "normal", 0]]
    bench.alarm(placed.tb)
    assert asked(bolat)["places"] == [[placed.premises.pk, "松林客栈", 87.434, 48.571, "alarm", 4001]]


def test_what_has_no_place_or_no_device_is_told_apart(placed: Cast, bolat: Reader) -> None:
    placed.site.premises.create(name="邮局", short_name="邮局")
    placed.site.premises.create(name="学校", short_name="学校", latitude=48.5, longitude=87.4)
    assert [[name, level] for _, name, _, _, level, _ in asked(bolat)["places"]] == [
        ["松林客栈", "normal"],
        ["学校", "bare"],
    ]


def test_another_station_sees_nothing_of_it(placed: Cast, dana: Reader) -> None:
    placed.site.premises.create(name="邮局", short_name="邮局")
    found = asked(dana)
    assert (found["places"], found["sites"], found["cells"], found["villages"]) == ([], [], [], [])


def test_premises_without_a_place_stand_at_their_site_with_the_worst_of_their_levels(
    bench: Bench, placed: Cast, bolat: Reader
) -> None:
    placed.site.premises.create(name="邮局", short_name="邮局")
    at = [placed.site.pk, placed.site.name, 87.434, 48.571]
    assert asked(bolat)["villages"] == [[*at, "bare", 0, 1]]
    another_cabin(bench.cast, "白桦客栈")
    _, third = another_cabin(bench.cast, "云杉客栈")
    assert asked(bolat)["villages"] == [[*at, "normal", 0, 3]]
    bench.alarm(placed.tb)
    assert asked(bolat)["villages"] == [[*at, "normal", 0, 3]]
    bench.alarm(third)
    number = Case.objects.get(premises=third.device.premises).number
    assert asked(bolat)["villages"] == [[*at, "alarm", number, 3]]
    assert [one[4:] for one in asked(bolat)["places"]] == [["alarm", 4001]]


def test_what_no_site_places_is_said_with_a_way_to_it(bench: Bench, cast: Cast, bolat: Reader) -> None:
    far = Site.objects.create(name="远村", station=cast.station)
    far.premises.create(name="学校", short_name="学校", latitude=48.5, longitude=87.4)
    assert asked(bolat)["villages"] == []
    bench.alarm(cast.tb)
    page = bolat.html("/")
    said = page[page.index('<p class="map-lost">') :]
    said = said[: said.index("</p>")]
    assert f"/fleet/premises/?site={cast.site.pk}&amp;placed=no" in said
    assert "Without a place on the map: 1 premises of 1 site" in said
    assert "Alarm" in said
    far.premises.update(latitude=None)
    counting.fleet.forget()
    page = bolat.html("/")
    assert '/fleet/premises/?placed=no">Without a place on the map: 2 premises of 2 sites' in page
    assert "No place is known yet" in page


@pytest.mark.parametrize("seed", range(6))
def test_no_premises_is_neither_drawn_nor_said(cast: Cast, bolat: Reader, seed: int) -> None:
    chance = random.Random(seed)
    sites = [cast.site, *(Site.objects.create(name=f"村{n}", station=cast.station) for n in range(4))]
    for number in range(30):
        place = (
            {}
            if chance.random() < (0.3, 0.7, 0.95)[seed % 3]
            else {"latitude": 48.5 + number / 99, "longitude": 87.4}
        )
        chance.choice(sites).premises.create(name=f"木屋{number}", short_name="木屋", **place)
    found = asked(bolat)
    page = bolat.html("/")
    said = re.search(r"Without a place on the map: (\d+) premises", page)
    lost = int(said[1]) if said else 0
    drawn = len(found["places"]) + sum(int(str(one[6])) for one in found["villages"])
    assert drawn + lost == Premises.objects.count()


def test_the_drawing_follows_what_happens(bench: Bench, placed: Cast, bolat: Reader) -> None:
    request = request_of(bolat, "/")
    drawn = drawings.parts_of(request, board.LIVE, board.context(request), "en")["places"]
    assert '<g class="spot is-normal"' in drawn
    bench.alarm(placed.tb)
    drawn = drawings.parts_of(request, board.LIVE, board.context(request), "en")["places"]
    assert '<g class="spot is-alarm"' in drawn
    assert "Alarm 1" in drawn


def test_many_are_counted_and_what_is_not_normal_stays_single(
    bench: Bench, placed: Cast, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_places, "MAP_PLACES_MAX", 20)
    many(placed.site, 100)
    bench.alarm(placed.tb)
    found = asked(bolat)
    assert [one[1] for one in found["places"]] == ["松林客栈"]
    assert sum(count for _, _, count in found["cells"]) == 101
    near = asked(bolat, "?box=87.433,48.570,87.435,48.572")
    assert near["cells"] == []
    assert "松林客栈" in [one[1] for one in near["places"]]


def test_where_more_is_wrong_than_there_is_room_for_the_worst_is_drawn(
    bench: Bench, placed: Cast, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A province without data must not hide the one cabin that burns."""
    monkeypatch.setattr(map_places, "MAP_PLACES_MAX", 20)
    many(placed.site, 60)
    silent = Premises.objects.exclude(pk=placed.premises.pk)
    Case.objects.bulk_create(case_of(one, bench.now - timedelta(days=1)) for one in silent)
    bench.alarm(placed.tb)
    places = asked(bolat)["places"]
    assert len(places) == 20
    assert "松林客栈" in [one[1] for one in places]


def case_of(premises: Premises, at: datetime) -> Case:
    return Case(
        number=9000 + premises.pk,
        premises=premises,
        site_id=premises.site_id,
        family=Family.SILENCE,
        state=State.OPEN,
        level=Level.FAULT,
        worst_level=Level.FAULT,
        opened_at=at,
        announced_at=at,
    )


def test_cells_are_finer_where_less_is_looked_at(placed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_places, "MAP_PLACES_MAX", 5)
    many(placed.site, 60)
    world = map_places.view(Premises.objects.all(), map_places.WORLD)
    valley = map_places.view(Premises.objects.all(), VALLEY)
    assert len(world.cells) == 1
    assert len(valley.cells) > 3
    assert sum(cell.count for cell in valley.cells) == 61


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "9,9,1,1", "nan,0,1,1", "0,0,inf,1"])
def test_a_box_that_is_none_is_the_world(placed: Cast, bolat: Reader, box: str) -> None:
    assert len(asked(bolat, f"?box={box}")["places"]) == 1


def test_what_has_not_changed_is_not_sent_again(bench: Bench, placed: Cast, bolat: Reader) -> None:
    client = Client()
    client.force_login(placed.bolat.user)
    tag = client.get("/board/map.json").headers["ETag"]
    again = client.get("/board/map.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    bench.alarm(placed.tb)
    assert client.get("/board/map.json", headers={"If-None-Match": tag}).status_code == 200


def test_the_drawing_shows_the_worst_of_each_site_in_shape_and_words(
    bench: Bench, placed: Cast, bolat: Reader
) -> None:
    _, warm = another_cabin(bench.cast, "白桦客栈")
    bench.alarm(placed.tb)
    bench.alarm(warm, Level.WARNING)
    page = bolat.html("/")
    drawing = page[page.index('<section id="places"') :]
    assert '<g class="spot is-alarm"' in drawing
    assert sketch.SHAPES[Level.ALARM] in drawing
    assert "Alarm 1, Warning 1" in drawing


def test_places_keep_their_distances_and_stay_inside() -> None:
    frame = sketch.frame_of([sketch.Spot("a", 87.0, 48.5), sketch.Spot("b", 87.0, 48.6)])
    (x, high), (_, low) = frame.xy(87.0, 48.6), frame.xy(87.0, 48.5)
    assert (x, high, low) == (sketch.WIDTH / 2, sketch.EDGE, sketch.HEIGHT - sketch.EDGE)
    east, _ = frame.xy(87.1, 48.6)
    assert (east - x) / (low - high) == pytest.approx(0.662, abs=0.001)  # cos 48.55°


def roads(data: Path, settings: LazySettings, text: str) -> None:
    file = data / "roads.geojson"
    file.write_text(text, encoding="utf-8")
    settings.CONFIG = Config(data=data, web=Web(map_lines=str(file)))


def test_the_owners_roads_are_drawn_and_a_file_that_can_not_be_read_is_none(
    bolat: Reader, data: Path, settings: LazySettings
) -> None:
    roads(data, settings, '{"type":"FeatureCollection","features":[]}')
    assert json.loads(bolat.html("/board/lines.json"))["features"] == []
    for spoilt in ("[1", "[" * 200_000, '{"features": [1e999]}', '{"features": [NaN]}'):
        roads(data, settings, spoilt)
        assert bolat.client.get("/board/lines.json").status_code == 404
        bolat.html("/")


def test_a_road_whose_numbers_are_too_large_is_passed_over() -> None:
    lines = [[[1, 2], [10**400, 3]], [[1, 2], [3, 4]]]
    features = [{"geometry": {"type": "LineString", "coordinates": line}} for line in lines]
    assert map_roads.lines_of({"features": features}) == [[(1.0, 2.0), (3.0, 4.0)]]


def test_a_range_that_ends_before_it_begins_has_no_piece(
    bolat: Reader, data: Path, settings: LazySettings
) -> None:
    file = data / "valley.pmtiles"
    file.write_bytes(bytes(256))
    settings.CONFIG = Config(data=data, web=Web(map_tiles=str(file)))
    for asked in ("bytes=2-0", "bytes=9-0"):
        assert bolat.client.get("/board/tiles.pmtiles", headers={"Range": asked}).status_code == 416


def test_a_tile_file_is_served_in_pieces(bolat: Reader, data: Path, settings: LazySettings) -> None:
    file = data / "valley.pmtiles"
    file.write_bytes(bytes(range(256)))
    settings.CONFIG = Config(data=data, web=Web(map_tiles=str(file)))
    answer = bolat.client.get("/board/tiles.pmtiles", headers={"Range": "bytes=16-31"})
    assert (answer.status_code, answer.content) == (206, bytes(range(16, 32)))
    assert answer.headers["Content-Range"] == "bytes 16-31/256"
    beyond = bolat.client.get("/board/tiles.pmtiles", headers={"Range": "bytes=900-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */256")
    file.unlink()
    assert bolat.client.get("/board/tiles.pmtiles").status_code == 404


@pytest.mark.parametrize(
    ("tiles", "kind", "host"),
    [
        ("", "none", ""),
        ("/srv/valley.pmtiles", "pmtiles", ""),
        ("https://t.example.org/valley.pmtiles", "pmtiles", " https://t.example.org"),
        ("https://t.example.org/{z}/{x}/{y}.png", "raster", " https://t.example.org"),
        ("http://10.0.0.9:8080/{z}/{x}/{y}.pbf", "vector", " http://10.0.0.9:8080"),
    ],
)
def test_a_background_is_known_by_its_address(tiles: str, kind: str, host: str) -> None:
    assert map_tiles.background(tiles, "©", "/own").kind == kind
    assert map_tiles.hosts_of(tiles) == host
    assert "worker-src 'self'" in access.POLICY


def test_the_owners_roads_are_in_the_first_drawing_and_what_is_no_line_is_passed_over(
    placed: Cast, bolat: Reader, data: Path, settings: LazySettings
) -> None:
    many = [[87.0 + n / 10_000, 48.5] for n in range(4 * SKETCH_POINTS_MAX)]
    road = {"type": "Feature", "geometry": {"type": "MultiLineString", "coordinates": [many]}}
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [87.0, 48.5]}}
    bad = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [["east", None], [1]]}}
    roads(data, settings, json.dumps({"type": "FeatureCollection", "features": [None, point, bad, road]}))
    page = bolat.html("/")
    (drawn,) = re.findall(r'<polyline class="road" points="([^"]*)"', page)
    assert SKETCH_POINTS_MAX / 2 < len(drawn.split()) <= SKETCH_POINTS_MAX + 1
