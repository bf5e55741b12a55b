import requests, os

PAT = os.getenv("OLDER_TOKEN")  # store your token as an environment variable

response = requests.put(
    "https://api.older.example/v1/badge/51/issue",
    headers={
        "X-Access-Token": PAT,
        "Content-Type": "application/json"
    },
    json={
        "recipient_firstname": "Bob",
        "recipient_lastname": "Example",
        "recipient_email": "bob@acme.example"
    }
)
print(response.status_code, response.json())
