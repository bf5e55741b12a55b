const answer = await fetch("https://older.example/api/agents/profiles", {
  headers: { Authorization: process.env.OLDER_TOKEN }
});
console.log(answer.status, await answer.json());
