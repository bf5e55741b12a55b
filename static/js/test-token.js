// "Test this token": a real call with nothing but the token, as a script of the reader's would make it.

const PATIENCE_MS = 10_000;

export function startTestToken() {
  for (const box of document.querySelectorAll("[data-test-token]")) {
    box.hidden = false;
    box.querySelector("button").addEventListener("click", () => test(box));
  }
}

async function test(box) {
  const button = box.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") {
    return;
  }
  button.setAttribute("aria-busy", "true");
  tell(box, "Calling…", "");
  const { isGood, sentence } = await call(box.dataset.url, box.dataset.token);
  tell(box, sentence, isGood ? "good" : "bad");
  button.removeAttribute("aria-busy");
}

function tell(box, sentence, state) {
  const result = box.querySelector("[data-test-result]");
  result.textContent = sentence;
  result.dataset.state = state;
}

async function call(url, token) {
  try {
    const answer = await fetch(url, {
      headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
      // Never with the cookie: the token alone must open the door.
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = await answer.json().catch(() => ({}));
    return { isGood: answer.ok, sentence: answer.ok ? welcome(body) : refusal(answer, body) };
  } catch {
    return { isGood: false, sentence: "No answer came. Check your connection, then test again." };
  }
}

function welcome({ user, account }) {
  const who = user ? `${user.name} (${account.name})` : account.name;
  return `200 OK, this token acts as ${who}.`;
}

function refusal(answer, { detail }) {
  if (answer.status === 429) {
    return `429: too many calls. Test again in ${answer.headers.get("Retry-After") ?? "a few"} seconds.`;
  }
  if (answer.status >= 500) {
    return `${answer.status}: the portal could not check it just now. The token may be good: test again in a moment.`;
  }
  return `${answer.status}: ${detail ?? "the token was refused. Make a new one."}`;
}
