// What Lighthouse says of the four pages that matter: `node measure.mjs http://localhost:8000 email password`.
// Exits with 1 when one of them has less than 100 in anything. The portal must be new: its token is made here.

import { existsSync } from "node:fs";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const [address, email, password] = process.argv.slice(2);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? BROWSERS.find(existsSync),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const page = await browser.newPage();
let isPerfect = true;

await measure("Sign-in", `${address}/sign-in`);
await signIn();
await measure("Tokens", `${address}/settings/tokens`);
await page.goto(`${address}/settings/tokens/new`);
await page.type("#name", "Zapier: badge issuing");
await measure("Token created", () => page.click("main form button[type=submit]"));
await measure("API access", `${address}/account/api-access`);
await browser.close();
process.exitCode = isPerfect ? 0 : 1;

async function signIn() {
  await page.goto(`${address}/sign-in`);
  await page.type("#email", email);
  await page.type("#password", password);
  await Promise.all([page.waitForNavigation(), page.click("main form button[type=submit]")]);
}

// `target`: an address, or what one does on the open page to get there.
async function measure(name, target) {
  const flags = { onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: "error" };
  const { lhr } = await lighthouse(target, flags, undefined, page);
  const scores = CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100));
  const { "total-byte-weight": weight, "network-requests": requests } = lhr.audits;
  const kilobytes = (weight.numericValue / 1024).toFixed(1);
  console.log(`${name.padEnd(14)} ${scores.join(" / ")}   ${kilobytes} KB in ${requests.details.items.length} requests`);
  for (const category of CATEGORIES) {
    complain(lhr, category);
  }
  isPerfect &&= scores.every((score) => score === 100);
}

function complain(lhr, category) {
  for (const { id, weight } of lhr.categories[category].auditRefs) {
    const { score, title, displayValue } = lhr.audits[id];
    if (weight > 0 && score !== null && score < 1) {
      console.log(`  ${category}: ${title} ${displayValue ?? ""}`);
    }
  }
}
