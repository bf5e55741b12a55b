// A menu closes when one presses Escape, clicks elsewhere or moves the focus out of it.

export function startMenus() {
  for (const menu of document.querySelectorAll("details[data-menu]")) {
    closeOnEscape(menu);
    closeOutside(menu);
  }
}

function closeOnEscape(menu) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function closeOutside(menu) {
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
  menu.addEventListener("focusout", (event) => {
    // Nothing gets the focus when the window loses it, or when one presses on what takes none.
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) {
      menu.open = false;
    }
  });
}
