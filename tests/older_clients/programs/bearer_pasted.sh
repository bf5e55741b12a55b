curl -H "Authorization: YOUR_TOKEN" https://older.example/api/agents/profiles
