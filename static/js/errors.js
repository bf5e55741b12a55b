// After a form was refused the reader starts at the summary of what to mend.

export function focusErrors() {
  document.querySelector("[data-error-summary]")?.focus();
}
