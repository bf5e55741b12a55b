import requests, os

PAT = os.getenv("OLDER_TOKEN")

response = requests.post(
    "https://older.example/advanced/v1/personal_access_token",
    headers={"X-Access-Token": PAT},
    json={"name": "One-off script by requests", "expires_at": "2999-11-22T10:00:00+00:00"},
)
print(response.status_code, response.json())
