// Prints what happens in your account, one line of JSON for each event, and misses none while the line is down.
//
//     PORTAL_URL=… PORTAL_EVENTS_URL=… PORTAL_TOKEN=… node listen.mjs
//
// Node 22 or newer; Node 20 with --experimental-websocket.

const {PORTAL_URL, PORTAL_EVENTS_URL, PORTAL_TOKEN} = process.env;
// The token is dead, or may not listen: trying again would not help.
const FOR_GOOD = [4400, 4401, 4403];
const LONGEST_WAIT = 60;

// The id of the newest event that was seen; ids only grow.
let last = null;
let wait = 1;

function see(event) {
  if (event.id <= last) return;
  last = event.id;
  wait = 1;
  console.log(JSON.stringify(event));
}

async function page(query) {
  const headers = {Authorization: `Bearer ${PORTAL_TOKEN}`};
  const answer = await fetch(`${PORTAL_URL}/api/v1/events${query}`, {headers});
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function catchUp() {
  if (last === null) {
    const {items: [newest]} = await page("?limit=1");
    last = newest ? newest.id : 0;
  }
  const missed = [];
  for (let cursor = ""; cursor !== null; ) {
    const {items, next_cursor: next} = await page(`?limit=100${cursor && `&cursor=${cursor}`}`);
    missed.push(...items.filter(({id}) => id > last));
    cursor = items.length && items.at(-1).id > last ? next : null;
  }
  missed.reverse().forEach(see);
}

// Until the line ends; says how.
function listen() {
  return new Promise((ended) => {
    // As a subprotocol the token is in no address, and so in no log.
    const socket = new WebSocket(PORTAL_EVENTS_URL, ["bearer", PORTAL_TOKEN]);
    // What is pushed while we catch up waits for its turn.
    let turn = Promise.resolve();
    socket.onmessage = ({data}) => {
      const {type, event} = JSON.parse(data);
      // "ready": whatever happens from here on is pushed, so what was missed ends here.
      turn = turn.then(() => (type === "ready" ? catchUp() : see(event)));
      turn.catch(() => socket.close());
    };
    socket.onerror = () => {};
    socket.onclose = ({code, reason}) => turn.catch((error) => error).then((error) => ended({code, reason, error}));
  });
}

for (;;) {
  const {code, reason, error} = await listen();
  const why = error ? error.message : `${code} ${reason}`;
  if (FOR_GOOD.includes(code)) {
    console.error(`Closed for good: ${why}.`);
    process.exit(1);
  }
  // Not all at the same moment, or a portal that comes back is overrun.
  const pause = wait * (0.5 + Math.random() / 2);
  console.error(`Again in ${Math.round(pause)} s: ${why}.`);
  await new Promise((done) => setTimeout(done, pause * 1000));
  wait = Math.min(2 * wait, LONGEST_WAIT);
}
