"""Makes the extracts in tests/recorded/data from the full recordings: `python -m tests.recorded.extracts FOLDER`.

The values are rounded to what Flameblue keeps anyway; nothing else is changed, left out or put in order.
"""

import csv
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent / "data"
MACHINE = "nab/data/realKnownCause/machine_temperature_system_failure.csv"
HOUSEHOLD = "uci_household/household_power_consumption_2006-12-16_2007-01-11_1min.txt"
KITCHEN = {
    "Coffeemaker": "735E9D",
    "Dishwasher": "B81D04",
    "Refrigerator": "D32131",
    "WaterKettle": "D33E1F",
}
KITCHEN_DAY = "2012-06-20"
SUPPLY_V = 230
# The power of each appliance every five seconds, as it was last recorded, not longer than fifteen seconds before.
MOMENTS = "SELECT TIMESTAMP '{day}' + to_seconds(5 * number) AS moment FROM range(17280) AS numbers(number)"
LATEST = """
    SELECT moments.moment, power_1s_W AS w FROM ({moments}) AS moments
    ASOF JOIN (SELECT * FROM '{file}' WHERE device = '{device}') AS recorded ON moments.moment >= recorded.timestamp
    WHERE moments.moment - recorded.timestamp <= INTERVAL 15 SECONDS
"""


def machine(source: Path, to: Path) -> None:
    """Five-minute temperatures of a machine, °F in the recording, °C here."""
    with (source / MACHINE).open(encoding="utf-8", newline="") as file:
        rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(file)]
    values = [round((value - 32) / 1.8, 1) for _, value in rows]
    _write(to, [datetime.fromisoformat(at) for at, _ in rows], {"temperature_c": values})


def household(source: Path, to: Path) -> None:
    """Minute means of a household's voltage and current."""
    with (source / HOUSEHOLD).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    times = [_day_first(row["Date"], row["Time"]) for row in rows]
    columns = {"voltage_v": "Voltage", "current_a": "Global_intensity"}
    _write(to, times, {name: [round(float(row[key]), 1) for row in rows] for name, key in columns.items()})


def _day_first(day: str, time: str) -> datetime:
    date, month, year = day.split("/")
    return datetime.fromisoformat(f"{year}-{month:0>2}-{date:0>2}T{time}")


def kitchen(source: Path, to: Path, day: str = KITCHEN_DAY) -> None:
    """Four appliances of one household as one circuit: the sum of their powers as a current at 230 V.

    A moment at which one of them was not recorded is left out.
    """
    moments = MOMENTS.format(day=day)
    each = " UNION ALL ".join(
        LATEST.format(moments=moments, file=source / "tracebase" / f"{name}.parquet", device=device)
        for name, device in KITCHEN.items()
    )
    summed = f"SELECT moment, sum(w) FROM ({each}) GROUP BY moment HAVING count(*) = {len(KITCHEN)} ORDER BY moment"
    rows = duckdb.sql(summed).fetchall()
    _write(to, [moment for moment, _ in rows], {"current_a": [round(int(w) / SUPPLY_V, 2) for _, w in rows]})


def _write(to: Path, times: list[datetime], columns: dict[str, list[float]]) -> None:
    arrays = {"time": pa.array(times, pa.timestamp("s"))}
    arrays |= {name: pa.array(values, pa.float64()) for name, values in columns.items()}
    pq.write_table(pa.table(arrays), to, compression="zstd", compression_level=19)


if __name__ == "__main__":
    machine(Path(sys.argv[1]), HERE / "machine_temperature.parquet")
    household(Path(sys.argv[1]), HERE / "household.parquet")
