import json
import os

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

token = os.environ["OLDER_TOKEN"]

with connect("wss://older.example/ws/sessions/4711") as ws:
    ws.send(json.dumps({"type": "auth", "api_token": token}))
    try:
        print(json.loads(ws.recv(timeout=10))["type"])
    except ConnectionClosed as end:
        print(end.rcvd.code)
