const headers = {"X-Api-Token": process.env.OLDER_TOKEN, "Content-Type": "application/json"};

const made = await fetch("https://older.example/api-tokens", {
  method: "POST", headers, body: JSON.stringify({ "name": "Smart Watch by fetch" })
});
const token = await made.json();
const listed = await (await fetch("https://older.example/api-tokens", { headers })).json();
const watch = await fetch("https://older.example/api/agents/profiles", {headers: {"X-Api-Token": token.token}});
const gone = await fetch(`https://older.example/api-tokens/${token.id}`, { method: "DELETE", headers });
const late = await fetch("https://older.example/api/agents/profiles", {headers: {"X-Api-Token": token.token}});

console.log(made.status, listed.items.some((item) => item.id === token.id), watch.status, gone.status, late.status);
