// Every page is whole without these: each behaviour finds its own data- attributes and starts there.

import { startBusyButtons } from "./busy.js";
import { startCopyButtons } from "./copy.js";
import { focusErrors } from "./errors.js";
import { startFilters } from "./filter.js";
import { startMenus } from "./menus.js";
import { startSamples } from "./samples.js";
import { startShownOnce } from "./shown-once.js";
import { startTestToken } from "./test-token.js";
import { startTimes } from "./times.js";

focusErrors();
startMenus();
startBusyButtons();
startFilters();
startTimes();
startSamples();
startCopyButtons();
startTestToken();
startShownOnce();

// Only pages about one call have it.
if (document.querySelector("[data-try-it]")) {
  const { startTryIt } = await import("./try-it.js");
  startTryIt();
}
