const PAT = process.env.OLDER_TOKEN; // store your token as an environment variable

const res = await fetch("https://api.older.example/v1/badge/51/issue", {
  method: "PUT",
  headers: {
    "X-Access-Token": PAT,
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    recipient_firstname: "Bob",
    recipient_lastname: "Example",
    recipient_email: "bob@acme.example"
  })
});
console.log(await res.json());
