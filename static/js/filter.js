// Filter as you type: rows whose name does not hold what is typed are hidden. What lies on other pages is found by the
// form itself, which goes on working.

export function startFilters() {
  for (const field of document.querySelectorAll("[data-filter]")) {
    const rows = [...document.querySelectorAll("[data-filter-rows] > tr")];
    const status = field.form.querySelector("[data-filter-status]");
    if (rows.length) {
      field.addEventListener("input", () => (status.textContent = filter(rows, field.value)));
    }
  }
}

function filter(rows, typed) {
  const wanted = fold(typed);
  const hidden = rows.filter((row) => (row.hidden = !fold(row.querySelector("th").textContent).includes(wanted)));
  const shown = rows.length - hidden.length;
  if (!wanted) {
    return "";
  }
  return shown
    ? `${shown} of ${rows.length} on this page.`
    : `None of the ${rows.length} on this page. Press Search to look through all of them.`;
}

function fold(text) {
  return text.trim().normalize("NFC").toLowerCase();
}
