// "3 minutes ago" stays true while the page is open. The words are those of portal/clock.py.

const STEPS = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const EVERY_MS = 20_000;

export function startTimes() {
  setInterval(tell, EVERY_MS);
  document.addEventListener("visibilitychange", tell);
  window.addEventListener("pageshow", tell);
}

function tell() {
  for (const time of document.querySelectorAll("time[data-ago], time[data-until]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const words = "ago" in time.dataset ? ago(seconds) : until(-seconds);
    if (time.textContent !== words) {
      time.textContent = words;
    }
  }
}

function ago(seconds) {
  const words = span(seconds);
  return words ? `${words} ago` : "just now";
}

function until(seconds) {
  const words = span(seconds);
  return words ? `in ${words}` : "in a moment";
}

function span(seconds) {
  const step = STEPS.find(([, size]) => seconds >= size);
  if (!step) {
    return "";
  }
  const count = Math.floor(seconds / step[1]);
  return `${count} ${step[0]}${count === 1 ? "" : "s"}`;
}
