// The strongest peer: Node's own http server and better-sqlite3, no framework, on a copy of the portal's own tables.
// It takes the token, digests it, makes one prepared join and looks at the same states as the portal does.
"use strict";

const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
const Database = require("better-sqlite3");

const [port, path] = process.argv.slice(2);
const database = new Database(path, { readonly: true, fileMustExist: true });
const find = database.prepare(`
  SELECT t.id, t.kind, t.name, t.hint, t.scopes, t.expires_at, t.stops_at, t.revoked_at,
         a.id AS account_id, a.name AS account_name, a.api_access_enabled,
         u.id AS user_id, u.name AS user_name, u.email, u.role, u.deactivated_at
  FROM tokens t JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id
  WHERE t.digest = ?`);
const SHAPE = /^(?:pat|acc)_[0-9A-Za-z]{43}$/;

function check(authorization) {
  if (!authorization || !authorization.startsWith("Bearer ")) return undefined;
  const secret = authorization.slice(7);
  if (!SHAPE.test(secret)) return undefined;
  const row = find.get(createHash("sha256").update(secret).digest("hex"));
  if (!row || row.deactivated_at !== null || row.revoked_at !== null) return undefined;
  const now = Date.now();
  if (row.expires_at !== null && Date.parse(row.expires_at + "Z") <= now) return undefined;
  if (row.stops_at !== null && Date.parse(row.stops_at + "Z") <= now) return undefined;
  return row;
}

function me(row) {
  return JSON.stringify({
    account: { id: row.account_id, name: row.account_name },
    user: { id: row.user_id, name: row.user_name, email: row.email },
    role: row.role,
    token: { id: row.id, kind: row.kind, name: row.name, token_prefix: row.hint, expires_at: row.expires_at },
  });
}

const server = createServer((request, response) => {
  const row = check(request.headers.authorization);
  if (!row) return response.writeHead(401).end();
  if (request.url === "/me") return response.writeHead(200, { "Content-Type": "application/json" }).end(me(row));
  return response
    .writeHead(204, {
      "X-Portal-Account": row.account_id,
      "X-Portal-User": row.user_id,
      "X-Portal-Role": row.role,
      "X-Portal-Scopes": row.scopes ?? "*",
      "X-Portal-Token": row.id,
      "X-Portal-Token-Kind": row.kind,
    })
    .end();
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)) && server.closeAllConnections());
