"""The shares of the tolerance that the pages promise for each operation and backend."""
import csv
from pathlib import Path

TABLE = Path(__file__).parents[2] / "docs" / "oracle_margins.csv"


def exceeded(report, backend):
    """What of a report is nearer to its tolerance than the table allows."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        promised = {row["operation"]: row[backend] for row in csv.DictReader(file)}
    return [str(result) for result in report.covered if result.quantity
            and not result.share <= float(promised[result.operation].rstrip("%").replace("-", "0")) / 100]
