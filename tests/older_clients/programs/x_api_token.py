import os

import requests

session = requests.Session()
session.headers["X-Api-Token"] = os.environ["OLDER_TOKEN"]

made = session.post("https://older.example/api-tokens", json={"name": "Smart Watch by requests"})
assert made.status_code == 200, made.text
assert made.json()["last_used_at"] is None

listed = session.get("https://older.example/api-tokens")
assert listed.status_code == 200, listed.text
assert made.json()["token_prefix"] in [item["token_prefix"] for item in listed.json()["items"]]

watch = requests.get("https://older.example/api/agents/profiles", headers={"X-Api-Token": made.json()["token"]})
assert watch.status_code == 200, watch.text

gone = session.delete(f"https://older.example/api-tokens/{made.json()['id']}")
assert (gone.status_code, gone.content) == (204, b"")
again = session.delete(f"https://older.example/api-tokens/{made.json()['id']}")
assert again.status_code == 404
late = requests.get("https://older.example/api/agents/profiles", headers={"X-Api-Token": made.json()["token"]})
assert late.status_code == 401
print(made.json()["name"])
