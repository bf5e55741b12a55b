// What is seen of the answer to a call that was tried: its status in words, what it means, its headers and its text. A
// secret that comes with it is shown once, apart.

import { startCopyButtons } from "./copy.js";
import { startShownOnce } from "./shown-once.js";

const TOLD = [
  "X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After", "Location", "Allow", "WWW-Authenticate",
  "X-Token-Expires-At", "X-Portal-Account", "X-Portal-User", "X-Portal-Role", "X-Portal-Scopes", "X-Portal-Token",
  "X-Portal-Token-Kind",
];
const SHOWN_OF_SECRET = 12;
// The whole description of the API would be thousands of lines.
const MOST_SHOWN = 20_000;

function answerOf(form) {
  return form.parentElement.querySelector("[data-try-answer]");
}

// The place of the answer, with nothing of an earlier one in it.
export function emptied(form) {
  const shown = answerOf(form);
  for (const part of shown.querySelectorAll("[data-try-remark], [data-try-headers], [data-try-text]")) {
    part.hidden = true;
  }
  shown.querySelector("[data-try-text] code").textContent = "";
  tell(shown, "", "");
  return shown;
}

export function tell(shown, sentence, state) {
  const status = shown.querySelector("[data-try-status]");
  status.textContent = sentence;
  status.dataset.state = state;
}

export function remark(shown, sentence, problem) {
  const place = shown.querySelector("[data-try-remark]");
  place.replaceChildren([sentence, problem?.sentence].filter(Boolean).join(" "));
  if (problem?.href) {
    const link = document.createElement("a");
    link.href = problem.href;
    link.textContent = "What this error means";
    place.append(" ", link, ".");
  }
  place.hidden = false;
}

export function tellHeaders(shown, headers) {
  const list = shown.querySelector("[data-try-headers]");
  const rows = TOLD.filter((name) => headers.has(name)).map((name) => {
    const row = document.createElement("div");
    row.className = "details__row";
    row.append(textIn("dt", name), textIn("dd", headers.get(name)));
    return row;
  });
  list.replaceChildren(...rows);
  list.hidden = !rows.length;
}

function textIn(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

export function tellText(form, shown, text) {
  const pattern = new RegExp(form.dataset.secret, "g");
  const place = shown.querySelector("[data-try-text]");
  const value = parsed(text);
  const whole = value === null ? text : JSON.stringify(value, null, 2);
  const pretty = whole.length > MOST_SHOWN ? `${whole.slice(0, MOST_SHOWN)}\n… cut off here, of ${whole.length} characters` : whole;
  // A new secret has a box of its own, shown once; here stands what lists show of it.
  place.querySelector("code").textContent = pretty.replace(pattern, (secret) => `${secret.slice(0, SHOWN_OF_SECRET)}…`);
  place.hidden = !text;
  for (const secret of new Set(text.match(pattern))) {
    showOnce(form, secret);
  }
}

// Each stays until the page is left: a second call must not take away what the first one made.
function showOnce(form, secret) {
  const holder = document.createElement("div");
  holder.append(form.parentElement.querySelector("[data-try-secret]").content.cloneNode(true));
  const field = holder.querySelector("[data-secret]");
  field.value = secret;
  field.id = `secret-${document.querySelectorAll("[data-secret]").length}`;
  holder.querySelector("label").htmlFor = field.id;
  const [alone, withBearer] = holder.querySelectorAll("[data-copy]");
  alone.dataset.copy = secret;
  withBearer.dataset.copy = `Bearer ${secret}`;
  answerOf(form).before(holder);
  startCopyButtons(holder);
  startShownOnce(holder);
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
