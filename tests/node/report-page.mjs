// Opens a page in headless Chromium at two widths and in both themes; prints what axe and the page say. PAGE FOLDER.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

const [page, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({
  args: [...chromium.args, "--no-sandbox"],
  executablePath: await chromium.executablePath(),
  headless: "shell",
});
const seen = [];
for (const width of [390, 1280]) {
  for (const theme of ["light", "dark"]) {
    const tab = await browser.newPage();
    const requests = [];
    tab.on("request", (request) => requests.push(request.url()));
    await tab.setBypassCSP(true); // for axe alone: the page allows no script
    await tab.setViewport({ width, height: 900 });
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await tab.goto(pathToFileURL(page).href);
    await tab.screenshot({ path: `${folder}/report-${width}-${theme}.png`, fullPage: true });
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await tab.evaluate(axe);
    const { violations } = await tab.evaluate(() => globalThis.axe.run());
    seen.push({ width, theme, wide, background, requests: requests.length, violations: violations.map((each) => `${each.id}: ${each.nodes[0].html}`) });
    await tab.close();
  }
}
await browser.close();
console.log(JSON.stringify(seen));
