// Code samples, one under the other in the HTML, become tabs. The chosen language is remembered, for the next token too.

const REMEMBERED_AS = "portal.sample";

const groups = [];

export function startSamples() {
  for (const samples of document.querySelectorAll("[data-samples]")) {
    groups.push(new Tabs(samples, groups.length));
  }
}

class Tabs {
  constructor(samples, number) {
    this.panels = [...samples.querySelectorAll("[data-sample]")];
    this.tabs = this.panels.map((panel, index) => makeTab(panel, `sample-${number}-${index}`));
    this.tabs.forEach((tab) => tab.addEventListener("click", () => chooseEverywhere(tab.textContent)));
    const list = document.createElement("div");
    list.className = "samples__tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Language of the sample");
    list.append(...this.tabs);
    list.addEventListener("keydown", (event) => this.move(event));
    samples.prepend(list);
    const [first, ...others] = this.tabs.map((tab) => tab.textContent);
    const remembered = recall();
    this.choose(others.includes(remembered) ? remembered : first);
  }

  choose(language) {
    this.tabs.forEach((tab, index) => {
      const isChosen = tab.textContent === language;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      this.panels[index].hidden = !isChosen;
    });
  }

  move(event) {
    const last = this.tabs.length - 1;
    const index = this.tabs.indexOf(event.target);
    const next = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index ? index - 1 : last, Home: 0, End: last };
    const tab = this.tabs[next[event.key]];
    if (tab) {
      event.preventDefault();
      chooseEverywhere(tab.textContent);
      tab.focus();
    }
  }
}

function chooseEverywhere(language) {
  remember(language);
  for (const group of groups) {
    if (group.tabs.some((tab) => tab.textContent === language)) {
      group.choose(language);
    }
  }
}

function makeTab(panel, id) {
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = id;
  tab.textContent = panel.dataset.sample;
  tab.setAttribute("role", "tab");
  panel.id = `${id}-panel`;
  tab.setAttribute("aria-controls", panel.id);
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", id);
  panel.querySelector("h3")?.remove();
  return tab;
}

// A browser may keep nothing, and say so by an error.
function remember(language) {
  try {
    localStorage.setItem(REMEMBERED_AS, language);
  } catch {
    // The choice holds while the page is open.
  }
}

function recall() {
  try {
    return localStorage.getItem(REMEMBERED_AS);
  } catch {
    return null;
  }
}
