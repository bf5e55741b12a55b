// Copy buttons: the text goes to the clipboard, the button says so for two seconds, a screen reader is told politely.
// Where the browser lets nobody copy, the text is selected, ready for the keyboard.

const SHOWN_MS = 2_000;
const COPIED = "Copied to the clipboard.";
const BY_HAND = "Your browser did not let us copy. The text is selected: press Ctrl+C, or ⌘C on a Mac.";

// `root` is what has just come to the page: all of it, or what a script added.
export function startCopyButtons(root = document) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    const field = button.closest("[data-secret-box]").querySelector("[data-secret]");
    offer(button, () => button.dataset.copy, (text) => selectField(field, text));
  }
  for (const button of root.querySelectorAll("[data-copy-sample]")) {
    const code = button.closest("[data-sample]").querySelector("code");
    offer(button, () => code.textContent, () => getSelection().selectAllChildren(code));
  }
  for (const field of root.querySelectorAll("[data-secret]")) {
    field.addEventListener("focus", () => field.select());
  }
}

function offer(button, readText, selectInstead) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = readText();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      selectInstead(text);
      announce(button, BY_HAND);
      return;
    }
    showCopied(button);
    announce(button, COPIED);
    button.dispatchEvent(new CustomEvent("portal:copied", { bubbles: true }));
  });
}

function selectField(field, text) {
  field.value = text;
  field.focus();
  field.select();
}

function showCopied(button) {
  const label = button.querySelector("span");
  if ("copied" in button.dataset) {
    return;
  }
  const idle = label.textContent;
  // The button keeps its width, so that nothing beside it moves.
  button.style.minInlineSize = `${button.offsetWidth}px`;
  button.dataset.copied = "";
  label.textContent = "Copied";
  setTimeout(() => {
    label.textContent = idle;
    delete button.dataset.copied;
    button.style.minInlineSize = "";
  }, SHOWN_MS);
}

function announce(button, sentence) {
  const status = button.closest("[data-secret-box], [data-samples], [data-code]").querySelector("[data-copy-status]");
  // The same sentence twice would not be read twice.
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = sentence));
}
