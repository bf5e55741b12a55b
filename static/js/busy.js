// A form that was sent is not sent again by an impatient second press. The server would refuse it anyway.

// By then an answer has come, or the sending was stopped and may be repeated.
const LONGEST_MS = 10_000;

const sent = new Set();

export function startBusyButtons() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) {
      return;
    }
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), LONGEST_MS);
  });
  window.addEventListener("pageshow", () => sent.forEach(release));
}

function release(form) {
  sent.delete(form);
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.removeAttribute("aria-busy");
  }
}
