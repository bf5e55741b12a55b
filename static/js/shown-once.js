// The page that shows a secret once: leaving it unsaved asks first, and nothing of the secret stays behind.

const GONE = "The token was shown once and is no longer on this page. If you did not store it, make a new one.";

// `root` is what has just come to the page: all of it, or what a script added.
export function startShownOnce(root = document) {
  const shown = root.querySelectorAll("[data-shown-once]");
  if (shown.length) {
    askBeforeLeaving();
    // A page kept for the back button must not hold the secret; a window left open is not a page that was left.
    window.addEventListener("pagehide", wipe);
    window.addEventListener("pageshow", (event) => event.persisted && wipe());
  }
}

function askBeforeLeaving() {
  const ask = (event) => event.preventDefault();
  const stop = () => window.removeEventListener("beforeunload", ask);
  window.addEventListener("beforeunload", ask);
  document.addEventListener("portal:copied", stop);
  // Copied by hand, with the keyboard or the mouse.
  document.addEventListener("copy", stop);
  document.querySelectorAll("[data-stored]").forEach((way) => way.addEventListener("click", stop));
}

function wipe() {
  const [first, ...others] = document.querySelectorAll("[data-shown-once]");
  others.forEach((box) => box.remove());
  if (first) {
    const field = first.querySelector("[data-secret]");
    if (field) {
      // The browser restores fields by their last value.
      field.value = "";
    }
    const sentence = document.createElement("p");
    sentence.textContent = GONE;
    first.replaceWith(sentence);
  }
}
