const token = process.env.OLDER_TOKEN;

const ws = new WebSocket("wss://older.example/ws/sessions/4711");
ws.addEventListener("open", () => {
  ws.send(JSON.stringify({type: "auth", api_token: token}));
});
ws.addEventListener("message", (message) => {
  console.log(JSON.parse(message.data).type);
  ws.close();
});
ws.addEventListener("close", (end) => {
  if (end.code > 1005) console.log(end.code);
});
