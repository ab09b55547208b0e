"""Reads a gateway's metrics with Prometheus' own parser for OpenMetrics, and prints them as JSON.

    metrics.py URL
"""

import json
import sys
from urllib.request import urlopen

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def main(url: str) -> list:
    with urlopen(url) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return [[sample.name, sample.labels, sample.value] for family in families for sample in family.samples]


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:2])))
