const res = await fetch("https://older.example/advanced/v1/personal_access_token/", {
  method: "POST",
  headers: {
    "X-Access-Token": process.env.OLDER_TOKEN,
    "Content-Type": "application/json"
  },
  body: JSON.stringify({name: "One-off script by fetch", expires_at: "2999-11-22T10:00:00.000Z"})
});
console.log(await res.json());
