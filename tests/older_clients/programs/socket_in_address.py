import json
import os

import requests
from websockets.sync.client import connect

token = os.environ["OLDER_TOKEN"]
session_id = "4711"

with connect(f"wss://older.example/ws/sessions/{session_id}?api_token={token}") as ws:
    print(json.loads(ws.recv(timeout=10))["type"])
    requests.post("https://older.example/api-tokens", headers={"X-Api-Token": token}, json={"name": "Smart Watch heard of"})
    said = json.loads(ws.recv(timeout=10))
    print(said["type"])
    print(said["event"]["action"])
