curl -X POST "https://older.example/advanced/v1/personal_access_token/" \
-H "X-Access-Token: YOUR_PERSONAL_ACCESS_TOKEN" \
-H "Content-Type: application/json" \
-d '{"name": "One-off script by curl", "expires_at": "2999-11-22T10:00:00Z"}'
