curl -H "X-Api-Token: YOUR_API_TOKEN" \
 https://older.example/api/agents/profiles
