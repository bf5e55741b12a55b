curl -X PUT "https://api.older.example/v1/badge/51/issue" \
-H "X-Access-Token: YOUR_PERSONAL_ACCESS_TOKEN" \
-H "Content-Type: application/json" \
-d '{
"recipient_firstname": "Bob",
"recipient_lastname": "Example",
"recipient_email": "bob@acme.example"
}'
