"""Loads usage by resource from a Crusoe API into DuckDB, as a dlt pipeline does: a resource that yields rows."""

import base64
import csv
import datetime
import hashlib
import hmac
import os
import sys
import urllib.parse
import urllib.request

import dlt

endpoint, organization, first, last, database = sys.argv[1:6]
key_id, secret = os.environ["CRUSOE_ACCESS_KEY_ID"], os.environ["CRUSOE_SECRET_KEY"]
base = urllib.parse.urlsplit(endpoint)


def get(path, query):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = urllib.parse.urlencode(sorted(query.items()))
    message = f"{base.path}{path}\n{text}\nGET\n{now}\n"
    key = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    signature = base64.urlsafe_b64encode(hmac.new(key, message.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    headers = {"X-Crusoe-Timestamp": now, "Authorization": f"Bearer 1.0:{key_id}:{signature}"}
    request = urllib.request.Request(f"{endpoint}{path}?{text}", headers=headers)
    with urllib.request.urlopen(request) as response:
        return response.read().decode()


def months(since, until):
    day = datetime.date.fromisoformat(since)
    end = datetime.date.fromisoformat(until)
    while day <= end:
        following = (day.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
        yield day.isoformat(), min(end, following - datetime.timedelta(days=1)).isoformat()
        day = following


@dlt.resource(name="resource_usage", write_disposition="append")
def resource_usage():
    for start, end in months(first, last):
        query = {"start_date": start, "end_date": end, "projects": "", "regions": "", "resource_types": "", "resources": ""}
        body = get(f"/organizations/{organization}/usage/export", query)
        yield list(csv.DictReader(body.splitlines()))


pipeline = dlt.pipeline(
    pipeline_name="crusoe",
    destination=dlt.destinations.duckdb(database),
    dataset_name="raw",
    pipelines_dir=os.path.dirname(database),
)
pipeline.run(resource_usage())
