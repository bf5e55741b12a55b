const token = process.env.OLDER_TOKEN;
const sessionId = "4711";

const ws = new WebSocket(
  `wss://older.example/ws/sessions/${sessionId}?api_token=${encodeURIComponent(token)}`
)
ws.addEventListener("message", async (message) => {
  const said = JSON.parse(message.data);
  console.log(said.type);
  if (said.type === "ready") {
    await fetch("https://older.example/api-tokens", {
      method: "POST",
      headers: { "X-Api-Token": token, "Content-Type": "application/json" },
      body: JSON.stringify({ "name": "Smart Watch heard of in the address" })
    });
  } else {
    console.log(said.event.action);
    ws.close();
  }
});
