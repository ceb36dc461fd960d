"""What happens to the case that viewers look at: run inside the installation, told by lines on its standard input."""

import sys
import time

from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from flameblue.cases import actions
from flameblue.domain.clock import SystemClock, to_datetime
from tests import cast as the_cast
from tests.cases.bench import Bench


def session_of(user: User) -> str:
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def main() -> None:
    """Prints the sessions; then for each line the time in ns when an event was written."""
    now = to_datetime(SystemClock().now_ns())
    cast = the_cast.enter()
    bench = Bench(cast, now)
    bench.alarm(cast.tb)
    users = [person.user for person in (cast.bolat, cast.chen, cast.dana)]
    print(*(session_of(user) for user in (*users, cast.admin) if user is not None), flush=True)
    for _line in sys.stdin:
        case = bench.case()
        deed = actions.give_back if case.taken_by_id else actions.take
        deed(case.pk, by=cast.bolat, now=to_datetime(SystemClock().now_ns()))
        print(time.time_ns(), flush=True)


main()
