// An agent's calls in the telephone of the page, in a real browser with a microphone
// that plays a file; told by test_desk_phone.py what to expect.
//
// Says on stdout what it is ready for, one word a line, and goes on by a line on stdin
// where the caller's side has to be looked at; ends with 0 when all was so.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { strict as assert } from "node:assert";

const { packages, chromium: binary, http, name, password, pictures, microphone, callerHz } =
  JSON.parse(process.argv[2]);
const { chromium } = createRequire(`${packages}/package.json`)("playwright-core");
const LIMIT = 60_000;
const tell = (word) => process.stdout.write(`${word}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const goOn = () => lines.next();

const browser = await chromium.launch({
  executablePath: binary,
  args: [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${microphone}`,
    "--autoplay-policy=no-user-gesture-required",
  ],
});
const complaints = [];
let key = null;

async function desk(permissions) {
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    locale: "en-GB",
    colorScheme: "light",
    permissions,
  });
  context.setDefaultTimeout(LIMIT);
  // What the page hears, by the frequency that is strongest in it.
  await context.addInitScript(() => {
    const Own = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Own {
      constructor(...told) {
        super(...told);
        this.addEventListener("track", (event) => {
          const context = new AudioContext();
          const analyser = context.createAnalyser();
          analyser.fftSize = 16384;
          context.createMediaStreamSource(new MediaStream([event.track])).connect(analyser);
          window.heardHz = () => {
            const bins = new Float32Array(analyser.frequencyBinCount);
            analyser.getFloatFrequencyData(bins);
            const at = bins.indexOf(Math.max(...bins));
            return bins[at] > -70 ? (at * context.sampleRate) / analyser.fftSize : 0;
          };
        });
      }
    };
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (said) => {
    if (/Content Security Policy|TrustedScript/.test(said.text())) complaints.push(said.text());
  });
  page.on("response", async (answer) => {
    if (answer.url().endsWith("/phone") && answer.status() === 201) key = await answer.json();
  });
  await page.goto(`${http}/desk/`);
  await page.locator("input[name=name]").fill(name);
  await page.locator("input[name=password]").fill(password);
  await page.keyboard.press("Enter");
  await state(page, "Not ready");
  return page;
}

const at = (page, id) => page.locator(`[data-testid="${id}"]`);
const state = (page, wanted, timeout = LIMIT) =>
  at(page, "state").filter({ hasText: wanted }).waitFor({ timeout });
const phone = (page, wanted) => at(page, "phone-state").filter({ hasText: wanted }).waitFor();

let pictured = 0;
async function picture(page, what) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  pictured += 1;
  for (const language of ["en", "zh"]) {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((it) => (document.documentElement.dataset.theme = it), theme);
      await page.screenshot({ path: `${pictures}/phone-${pictured}-${what}-${language}-${theme}.png` });
    }
    await page.getByRole("button", { name: language === "en" ? "中文" : "English" }).click();
  }
  await page.evaluate(() => (document.documentElement.dataset.theme = "light"));
}

// Without a right to the microphone the page is no telephone, and says why.
const refused = await desk([]);
await refused.evaluate(() => {
  navigator.mediaDevices.getUserMedia = () =>
    Promise.reject(new DOMException("no", "NotAllowedError"));
});
await refused.getByRole("button", { name: "This page" }).click();
await at(refused, "phone-problem").filter({ hasText: "refused" }).waitFor();
await picture(refused, "refused");
await refused.context().close();

// The page is chosen: it is known to the switch, and it is what rings.
const page = await desk(["microphone"]);
await page.getByRole("button", { name: "This page" }).click();
await phone(page, "Calls ring here");
await page.waitForFunction(
  async (it) => (await (await fetch(`/agents/${it}`)).json()).device_id === `web-${it}`,
  name,
);
await page.locator("summary").click();
await page.getByRole("button", { name: "Try" }).click();
await page.waitForFunction(
  () => Number(document.querySelector('[data-testid="level_you"]')?.getAttribute("aria-valuenow")) > 20,
);
await picture(page, "trial");
await page.getByRole("button", { name: "End the trial" }).click();
await page.locator("summary").click();
await page.keyboard.press("F2");
await state(page, "Ready");
await picture(page, "ready");

// It rings with the caller's story, and is answered by its key.
tell("ready");
await state(page, "Ringing");
await at(page, "caller").filter({ hasText: "13800138000" }).waitFor();
await phone(page, "It rings");
await picture(page, "ringing");
await page.keyboard.press("F6");
await state(page, "Talking");
await phone(page, "You are heard");

// The caller's voice is what the page plays, by its frequency.
await page.waitForFunction((hz) => Math.abs(window.heardHz?.() - hz) < 12, callerHz);
await page.waitForFunction(
  () => Number(document.querySelector('[data-testid="level_caller"]')?.getAttribute("aria-valuenow")) > 20,
);
await picture(page, "talking");
tell("heard");
await goOn();

// Mute is silence at the caller's end.
await page.keyboard.press("F10");
await phone(page, "Muted");
await picture(page, "muted");
tell("muted");
await goOn();
await page.keyboard.press("F10");
await phone(page, "You are heard");
tell("unmuted");
await goOn();

// Hung up here: wrap-up, and how it sounded is kept with the call.
const kept = page.waitForResponse((it) => it.url().endsWith("/sound"));
await page.keyboard.press("F7");
await state(page, "Wrap-up");
assert.equal((await kept).status(), 204);
await phone(page, "Calls ring here");
await page.keyboard.press("F8");
await state(page, "Ready");

// End of work: the key opens nothing any more, neither the door nor, in another's
// socket, the switch.
const old = key;
await page.keyboard.press("F9");
await state(page, "Signed out");
assert.equal(await registered(page, old), "shut");
await page.keyboard.press("F2");
await phone(page, "Calls ring here");
assert.notEqual(key.secret, old.secret);
const answer = await registered(page, old);
assert.match(answer, /^SIP\/2\.0 40[13] /, answer);
assert.match(await registered(page, key), /^SIP\/2\.0 200 /);
await page.keyboard.press("F9");
await state(page, "Signed out");
await page.getByRole("button", { name: "Log out" }).click();
await page.locator("form").waitFor();
assert.equal(await registered(page, key), "shut");

assert.deepEqual(complaints, []);
await browser.close();
tell("done");
process.exit(0);

/** Register over a socket of our own; return the last answer's first line, or "shut". */
async function registered(page, { user, secret }) {
  const md5 = (text) => createHash("md5").update(text).digest("hex");
  let proof = "";
  for (let nth = 1; ; nth += 1) {
    const said =
      [
        "REGISTER sip:tieline SIP/2.0",
        `Via: SIP/2.0/WS x.invalid;branch=z9hG4bK${Math.random().toString(36).slice(2)}`,
        "Max-Forwards: 69",
        `To: <sip:${user}@tieline>`,
        `From: <sip:${user}@tieline>;tag=t`,
        `Call-ID: ${Math.random()}`,
        `CSeq: ${nth} REGISTER`,
        `Contact: <sip:${user}@x.invalid;transport=ws>;expires=60`,
        ...(proof ? [proof] : []),
        "Content-Length: 0",
      ].join("\r\n") + "\r\n\r\n";
    const got = await page.evaluate(
      (text) =>
        new Promise((resolve) => {
          window.ours ??= new WebSocket(`${location.origin.replace("http", "ws")}/phone`, "sip");
          const socket = window.ours;
          socket.onclose = () => {
            window.ours = undefined;
            resolve("shut");
          };
          socket.onmessage = (event) => resolve(String(event.data));
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
          else socket.onopen = () => socket.send(text);
        }),
      said,
    );
    const asked = /WWW-Authenticate: Digest (.*)/i.exec(got);
    if (got === "shut" || !asked || proof) {
      await page.evaluate(() => window.ours?.close());
      await page.evaluate(() => (window.ours = undefined));
      return got.split("\r\n")[0];
    }
    const of = (word) => new RegExp(`${word}="?([^",]*)`).exec(asked[1])?.[1] ?? "";
    const who = md5(`${user}:${of("realm")}:${secret}`);
    const what = md5("REGISTER:sip:tieline");
    const response = md5(`${who}:${of("nonce")}:00000001:c:auth:${what}`);
    proof =
      `Authorization: Digest algorithm=MD5, username="${user}", realm="${of("realm")}",` +
      ` nonce="${of("nonce")}", uri="sip:tieline", response="${response}",` +
      ` opaque="${of("opaque")}", qop=auth, cnonce="c", nc=00000001`;
  }
}
