import os

import requests

answer = requests.get("https://older.example/api/agents/profiles", headers={"Authorization": os.environ["OLDER_TOKEN"]})
print(answer.status_code, answer.json())
