// An agent's day at the desk, in a real browser; told by test_desk.py what to expect.
//
// Says on stdout what it is ready for, one word a line; ends with 0 when all was so.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { strict as assert } from "node:assert";

const { packages, chromium: binary, http, name, password, pictures, callerName } = JSON.parse(
  process.argv[2],
);
const { chromium } = createRequire(`${packages}/package.json`)("playwright-core");
const LIMIT = 60_000;
const tell = (word) => process.stdout.write(`${word}\n`);

const browser = await chromium.launch({ executablePath: binary, args: ["--no-sandbox"] });
const context = await browser.newContext({
  viewport: { width: 1366, height: 768 },
  locale: "en-GB",
  colorScheme: "light",
});
context.setDefaultTimeout(LIMIT);
const complaints = [];

async function opened() {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (said) => {
    if (/Content Security Policy|TrustedScript/.test(said.text())) complaints.push(said.text());
  });
  await page.goto(`${http}/desk/`);
  return page;
}

const at = (page, id) => page.locator(`[data-testid="${id}"]`);
const state = (page, wanted, timeout = LIMIT) =>
  at(page, "state").filter({ hasText: wanted }).waitFor({ timeout });

let pictured = 0;
async function picture(page, what) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  pictured += 1;
  for (const theme of ["light", "dark"]) {
    await page.evaluate((it) => (document.documentElement.dataset.theme = it), theme);
    await page.screenshot({ path: `${pictures}/${pictured}-${what}-${theme}.png` });
  }
  await page.evaluate(() => (document.documentElement.dataset.theme = "light"));
}

// Logging in: wrong, then right; the shift begins by that.
const page = await opened();
await page.locator("form").waitFor();
await picture(page, "log-in");
await page.locator("input[name=name]").fill(name);
await page.locator("input[name=password]").fill("wrong");
await page.keyboard.press("Enter");
await at(page, "problem").filter({ hasText: "wrong" }).waitFor();
await page.locator("input[name=password]").fill(password);
await page.keyboard.press("Enter");
await state(page, "Not ready");
assert.ok(!(await page.evaluate(() => document.cookie)), "no page may read the session");

// By keys alone: ready.
await page.keyboard.press("F2");
await state(page, "Ready");
await picture(page, "ready");

// A real call rings; the desk says who, why and for how long.
tell("ready");
await state(page, "Ringing");
await at(page, "caller").filter({ hasText: "13800138000" }).waitFor();
assert.match(await page.title(), /13800138000/);
if (callerName) {
  // As text, whatever it holds.
  await at(page, "caller-name").filter({ hasText: callerName }).waitFor();
  assert.equal(await page.locator("main script, main img").count(), 0);
}
await picture(page, "ringing");

// Talking, and a break that waits for the end of the call.
await state(page, "Talking");
await at(page, "way").locator("li").first().waitFor();
await page.keyboard.press("F4");
await page.keyboard.press("1");
await at(page, "waiting").filter({ hasText: "Break" }).waitFor();
await picture(page, "talking");

// Loaded anew in mid-call, it shows the same.
await page.reload();
await state(page, "Talking");
await at(page, "waiting").filter({ hasText: "Break" }).waitFor();
await at(page, "caller").filter({ hasText: "13800138000" }).waitFor();

// A second tab follows, cannot act, and takes over.
const second = await opened();
await at(second, "follows").waitFor();
await state(second, "Talking");
await second.keyboard.press("F2");
await picture(second, "second-tab");
assert.equal(await at(second, "pending").count(), 0);
await second.getByRole("button", { name: "Lead here" }).click();
await at(page, "follows").waitFor();
await at(second, "follows").waitFor({ state: "detached" });
await second.close();
await at(page, "follows").waitFor({ state: "detached" });

// The network is lost and comes back: it says so, and is right again.
await context.setOffline(true);
await page.evaluate(() => window.dispatchEvent(new Event("online")));
await at(page, "lost").waitFor();
await context.setOffline(false);
await at(page, "lost").waitFor({ state: "detached" });
await state(page, "Talking");

// Wrap-up with its clock, finished by its key; then the break that was asked for.
await state(page, "Wrap-up", 2 * LIMIT);
await at(page, "caller").filter({ hasText: "13800138000" }).waitFor();
await picture(page, "wrap-up");
await page.keyboard.press("F8");
await state(page, "Not ready");
await page.locator(".reason", { hasText: "Break" }).waitFor();
await at(page, "own-calls").getByText("13800138000").waitFor();
await picture(page, "break");

// In the other language, whole.
await page.getByRole("button", { name: "中文" }).click();
await state(page, "示忙");
assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
await picture(page, "break-zh");

// A name of 10,000 characters that is made of tags and marks stays text, in its place.
const worst = `<img src=x onerror=alert(1)>\u202e\u0301`.repeat(320);
await context.routeWebSocket(/\/live$/, (socket) => {
  const engine = socket.connectToServer();
  engine.onMessage((text) => {
    const told = JSON.parse(String(text));
    for (const agent of told.agents ?? []) agent.name = worst;
    socket.send(JSON.stringify(told));
  });
});
await page.reload();
await state(page, "示忙");
assert.equal(await page.locator(".whose bdi").textContent(), worst);
assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
assert.equal(await page.locator("#desk img").count(), 1);
await picture(page, "worst-name");

// End of work, and out.
await page.keyboard.press("F9");
await state(page, "已签出");
await page.getByRole("button", { name: "退出登录" }).click();
await page.locator("form").waitFor();
await page.reload();
await page.locator("form").waitFor();

assert.deepEqual(complaints, []);
await browser.close();
tell("done");
