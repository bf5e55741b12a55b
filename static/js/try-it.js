// "Try it": the reader's own call, sent by this page to the portal it came from, and by the token alone. The token is
// in its field and in that one call: nothing is stored, nothing of it gets into an address, and the field is emptied
// when the page is left.

import { emptied, parsed, remark, tell, tellHeaders, tellText } from "./try-answer.js";

const PATIENCE_MS = 15_000;

export function startTryIt() {
  for (const form of document.querySelectorAll("[data-try-it]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
    window.addEventListener("pagehide", () => forget(form));
    window.addEventListener("pageshow", (event) => event.persisted && forget(form));
    form.parentElement.querySelector("[data-try-without]").remove();
    form.hidden = false;
  }
}

async function send(form) {
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-busy") === "true" || !check(form)) {
    return;
  }
  const shown = emptied(form);
  button.setAttribute("aria-busy", "true");
  tell(shown, "Calling…", "");
  try {
    await call(form, shown);
  } catch (error) {
    tell(shown, "No answer", "bad");
    remark(shown, whyNone(form, error));
  }
  button.removeAttribute("aria-busy");
  shown.focus();
}

async function call(form, shown) {
  const address = addressOf(form);
  const start = performance.now();
  const answer = await fetch(address, {
    method: form.dataset.method,
    headers: headersOf(form),
    body: bodyOf(form),
    // Never with the cookie, and never anywhere else: the token alone must open the door, and this one.
    credentials: "omit",
    mode: "same-origin",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  const words = JSON.parse(form.dataset.words)[answer.status] ?? answer.statusText;
  const took = Math.round(performance.now() - start);
  tell(shown, `${answer.status} ${words}`.trim(), answer.ok ? "good" : "bad");
  remark(shown, `${form.dataset.method} ${address}, ${took} ms.`, problemOf(form, answer, text));
  tellHeaders(shown, answer.headers);
  tellText(form, shown, text);
}

// Before anything is sent: what is missing, and a token where it would be written down.
function check(form) {
  const wrong = fieldsOf(form).filter((field) => !checkField(form, field));
  wrong[0]?.focus();
  return !wrong.length;
}

function checkField(form, field) {
  const sentence = wrongWith(form, field);
  const error = document.getElementById(`${field.id}-error`);
  error.hidden = !sentence;
  error.querySelector("[data-try-error]").textContent = sentence;
  field.toggleAttribute("aria-invalid", false);
  if (sentence) {
    field.setAttribute("aria-invalid", "true");
  }
  return !sentence;
}

function wrongWith(form, field) {
  const { in: place } = field.dataset;
  const value = valueOf(field);
  if (place === "token") {
    return /^[!-~]+$/.test(value) ? "" : value ? "This is no token. Copy it again, whole." : "Paste a token first.";
  }
  if (["path", "query"].includes(place) && new RegExp(form.dataset.secret).test(value)) {
    return "This is a token. Addresses are written down on the way, so it stays out of them.";
  }
  if (place === "header" && !/^[ -~]*$/.test(value)) {
    return "A header takes plain letters, digits and signs only.";
  }
  return "isNeeded" in field.dataset && !value ? "Fill in this field." : "";
}

function fieldsOf(form, ...places) {
  const fields = [...form.querySelectorAll("[data-in]")];
  return places.length ? fields.filter((field) => places.includes(field.dataset.in)) : fields;
}

function valueOf(field) {
  const value = field.value.trim();
  // Some copy it with the word in front, and it is the same token.
  return field.dataset.in === "token" ? value.replace(/^bearer\s+/i, "") : value;
}

function addressOf(form) {
  let path = form.dataset.path;
  for (const field of fieldsOf(form, "path")) {
    path = path.replace(`{${field.dataset.field}}`, () => encodeURIComponent(valueOf(field)));
  }
  const query = new URLSearchParams(filled(form, "query")).toString();
  return query ? `${path}?${query}` : path;
}

function headersOf(form) {
  const headers = new Headers(filled(form, "header"));
  headers.set("Accept", "application/json");
  const [token] = fieldsOf(form, "token");
  if (token) {
    headers.set("Authorization", `Bearer ${valueOf(token)}`);
  }
  if (bodyOf(form) && fieldsOf(form, "json").length) {
    headers.set("Content-Type", "application/json");
  }
  return headers;
}

function bodyOf(form) {
  const [json] = fieldsOf(form, "json");
  if (json) {
    return json.value.trim() || undefined;
  }
  return fieldsOf(form, "form").length ? new URLSearchParams(filled(form, "form")) : undefined;
}

function filled(form, place) {
  const fields = fieldsOf(form, place).map((field) => [field.dataset.field, valueOf(field)]);
  return fields.filter(([, value]) => value);
}

function whyNone(form, error) {
  const why =
    error.name === "TimeoutError"
      ? `None came within ${PATIENCE_MS / 1_000} seconds.`
      : "The portal could not be reached. Check your connection.";
  return "isRead" in form.dataset ? `${why} Then send it again.` : `${why} It may have been done all the same: look before you send it again.`;
}

function problemOf(form, answer, text) {
  if (answer.ok) {
    return null;
  }
  const { code, detail } = parsed(text) ?? {};
  const wait = answer.headers.get("Retry-After");
  const sentences = [detail, wait && `Wait ${wait} seconds, then send it again.`].filter(Boolean);
  return { sentence: sentences.join(" "), href: code && `${form.dataset.errors}#${encodeURIComponent(code)}` };
}

function forget(form) {
  for (const field of form.querySelectorAll("[data-is-secret]")) {
    field.value = "";
  }
  emptied(form);
}
