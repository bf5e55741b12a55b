curl -H "Authorization: Bearer YOUR_TOKEN" https://older.example/api/agents/profiles
