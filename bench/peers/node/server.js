// The strongest peer: node:http and a prepared statement on better-sqlite3, without a framework.
// It checks what the portal checks and tells who calls, but keeps no last use and no log.
// `node server.js PORT DATABASE`; with a third argument it fills the database from secrets on its input instead.

"use strict";

const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const Database = require("better-sqlite3");

const [port, path, tokens] = process.argv.slice(2);
const database = new Database(path);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");

const digestOf = (secret) => createHash("sha256").update(secret).digest("hex");

function seed(secrets, count) {
  database.exec(`
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE users (
      id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts (id),
      name TEXT NOT NULL, role TEXT NOT NULL, deactivated_at INTEGER
    );
    CREATE TABLE tokens (
      id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),
      digest TEXT NOT NULL UNIQUE, scopes TEXT, expires_at INTEGER, revoked_at INTEGER
    );
    INSERT INTO accounts VALUES (1, 'Acme');
    INSERT INTO users VALUES (1, 1, 'Alice', 'owner', NULL);
  `);
  const insert = database.prepare("INSERT INTO tokens (user_id, digest) VALUES (1, ?)");
  database.transaction(() => {
    for (let number = 0; number < count; number++) insert.run(digestOf(secrets[number] ?? `another-${number}`));
  })();
}

function serve() {
  const find = database.prepare(`
    SELECT t.id, t.scopes, t.expires_at, t.revoked_at, u.id AS user_id, u.role, u.deactivated_at, u.account_id
    FROM tokens t JOIN users u ON u.id = t.user_id JOIN accounts a ON a.id = u.account_id
    WHERE t.digest = ?
  `);
  const isGood = (row) =>
    row && row.deactivated_at === null && row.revoked_at === null && !(row.expires_at && row.expires_at <= Date.now());

  createServer((request, response) => {
    const [scheme, secret] = (request.headers.authorization ?? "").split(" ");
    const row = secret && scheme.toLowerCase() === "bearer" ? find.get(digestOf(secret)) : undefined;
    if (!isGood(row)) {
      response.writeHead(401).end();
      return;
    }
    response.writeHead(204, {
      "X-Account": row.account_id,
      "X-User": row.user_id,
      "X-Role": row.role,
      "X-Scopes": row.scopes ?? "*",
      "X-Token": row.id,
      "Cache-Control": "no-store",
    });
    response.end();
  }).listen(Number(port), "127.0.0.1");
}

if (tokens) seed(readFileSync(0, "utf8").split("\n").filter(Boolean), Number(tokens));
else serve();
