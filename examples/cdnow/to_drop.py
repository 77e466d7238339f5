"""The CDNOW order log as a raw drop: app/trades and app/users, ready for `plumbline build`."""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ORDERS = Path(__file__).with_name("orders.csv.gz")
ARRIVAL = "received_date=1998-07-01"  # the day after the last order


def write_drop(raw: Path) -> tuple[int, int]:
    """Writes the drop below `raw`; returns the number of orders and of customers.

    An order's id is its position in the log; a customer registers on the date of the first order. The log
    names no currency; the shop was in the United States. An order of 0.00 stays an order: it is no payment.
    """
    with gzip.open(ORDERS, "rt", newline="") as file:
        orders = list(csv.DictReader(file))
    first_dates: dict[str, str] = {}
    for order in orders:
        customer = order["customer_id"]
        first_dates[customer] = min(order["date"], first_dates.get(customer, order["date"]))
    _write(
        raw / "app/trades" / ARRIVAL / "orders.csv.gz",
        ("trade_id", "user_id", "amount", "currency", "payment_status", "paid_at", "trade_type"),
        (
            (position, order["customer_id"], order["amount"], "USD", "success", order["date"], "topup")
            for position, order in enumerate(orders, 1)
        ),
    )
    users = raw / "app/users" / ARRIVAL / "customers.csv.gz"
    _write(users, ("user_id", "registration_date"), first_dates.items())
    return len(orders), len(first_dates)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/cdnow/to_drop.py RAW_FOLDER")
    print("{:,} orders of {:,} customers".format(*write_drop(Path(sys.argv[1]))))
