"""The cast: Ailin owns a cabin, Bolat is on duty, Chen leads the station, Dana belongs elsewhere.

Everybody keeps the same part in every test. Sign in with `client.force_login(cast.bolat.user)`.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from flameblue.fleet.actions import hashed
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.people.models import Contact, Person, Shift

CREDENTIAL = "snow-on-the-roof"  # of D0217


@dataclass(frozen=True)
class Cast:
    """Every field is a row in the database; `admin` is a user without a person."""

    station: Station  # 禾木消防站: Bolat and Chen
    next_station: Station  # 喀纳斯消防站: Sayan
    other_station: Station  # 贾登峪消防站: Dana; it has nothing to do with 松林客栈
    site: Site
    premises: Premises
    panel: Panel
    circuit: Circuit
    device: Device
    ir: Point  # residual current, mA
    tb: Point  # temperature of phase B, °C
    ib: Point  # current of phase B, A
    ailin: Person  # the owner
    yeerlan: Person  # 叶尔兰, the second contact
    bolat: Person  # duty officer
    chen: Person  # leader
    sayan: Person  # duty officer of the next station
    dana: Person  # duty officer of the other station: must see nothing
    admin: User


def enter() -> Cast:
    """Writes the cast into the database."""
    kanas = Station.objects.create(name="喀纳斯消防站", signature="喀纳斯消防站")
    station = Station.objects.create(name="禾木消防站", signature="禾木消防站", next_station=kanas)
    jiadengyu = Station.objects.create(name="贾登峪消防站", signature="贾登峪消防站")
    site = Site.objects.create(name="禾木", station=station)
    premises = Premises.objects.create(
        site=site,
        name="松林客栈",
        short_name="松林客栈",
        kind="客栈",
        address="3区12号",
        key_holder="Ailin",
    )
    panel = Panel.objects.create(premises=premises, name="2号箱")
    circuit = Circuit.objects.create(panel=panel, name="203房暖气", isolator="3号开关", rated_current_a=40.0)
    device = Device.objects.create(
        premises=premises,
        name="D0217",
        serial="SN-0217",
        profile="flameblue-generic",
        credential_hash=hashed(CREDENTIAL),
    )
    ailin = Person.objects.create(name="Ailin", phone="+8613800000001")
    yeerlan = Person.objects.create(name="叶尔兰", phone="+8613800000002")
    Contact.objects.create(premises=premises, person=ailin, order=1)
    Contact.objects.create(premises=premises, person=yeerlan, order=2)
    return Cast(
        station=station,
        next_station=kanas,
        other_station=jiadengyu,
        site=site,
        premises=premises,
        panel=panel,
        circuit=circuit,
        device=device,
        ir=_point(device, circuit, "ir", "residual_current_ma"),
        tb=_point(device, circuit, "tb", "temperature_c"),
        ib=_point(device, circuit, "ib", "current_a"),
        ailin=ailin,
        yeerlan=yeerlan,
        bolat=_officer("Bolat", "+8613900000001", station, Shift.Role.DUTY),
        chen=_officer("Chen", "+8613900000002", station, Shift.Role.LEADER),
        sayan=_officer("Sayan", "+8613900000003", kanas, Shift.Role.DUTY),
        dana=_officer("Dana", "+8613900000004", jiadengyu, Shift.Role.DUTY),
        admin=User.objects.create_superuser("root"),
    )


def _point(device: Device, circuit: Circuit, key: str, quantity: str) -> Point:
    phase = "" if key == "ir" else "B"
    return Point.objects.create(
        device=device, circuit=circuit, key=key, quantity=quantity, phase=phase, place="203房"
    )


def _officer(name: str, phone: str, station: Station, role: Shift.Role) -> Person:
    """Somebody of a station who can sign in and has always been on shift."""
    user = User.objects.create_user(name.lower())
    user.groups.add(Group.objects.get_or_create(name="duty")[0])
    person = Person.objects.create(name=name, phone=phone, station=station, user=user)
    Shift.objects.create(station=station, person=person, role=role)
    return person
