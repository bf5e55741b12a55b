const answer = await fetch("https://older.example/api/agents/profiles", {
  headers: { Authorization: `Bearer ${process.env.OLDER_TOKEN}` }
});
console.log(answer.status, await answer.json());
