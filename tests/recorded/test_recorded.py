import time
from pathlib import Path
import pytest
from tests.recorded import recordings
from tests.recorded.replay import replay
from flameblue.cases.models import *
async def test_machine(tmp_path: Path, quiet_database: None) -> None:
    t=time.perf_counter()
    done = await replay(recordings.machine("2014-02-06", "2014-02-10"), tmp_path)
    print(done, time.perf_counter()-t)
    for e in CaseEvent.objects.order_by("number"):
        d=e.data; print(e.number,e.case.number,e.at,e.kind,d.get('level'),d.get('value'),d.get('limit'),d.get('why'),d.get('step'),d.get('reason'))
