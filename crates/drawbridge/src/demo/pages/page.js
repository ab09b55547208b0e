// The page on the origin that may call. It asks, and has the frame beside it ask the same at the same time.

import { ask, url } from "./ask.js";
import { blockedOrigin, pageOrigin } from "./settings.js";

const find = (id) => document.getElementById(id);
const form = find("form");
const frame = find("frame");
const answer = find("answer");
const outcome = find("outcome");

let running;

for (const element of document.querySelectorAll("[data-page-origin]")) element.textContent = pageOrigin;
for (const element of document.querySelectorAll("[data-blocked-origin]")) element.textContent = blockedOrigin;
find("policy").textContent = `"cors": {\n  "allowedOrigins": ["${pageOrigin}"]\n}`;
find("request").textContent = `POST ${new URL(url).pathname}`;
frame.src = `${blockedOrigin}/`;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = find("question").value.trim();
  if (!question || running) return;
  running = new AbortController();
  begin();
  frame.contentWindow.postMessage({ question }, blockedOrigin);
  try {
    const seen = await ask(question, (word) => answer.append(word), running.signal);
    finish("ok", `HTTP ${seen.status}, first word after ${Math.round(seen.firstMs)} ms, ${seen.pieces} pieces in `
      + `${(seen.wholeMs / 1000).toFixed(1)} s. Request id, readable across origins: ${seen.requestId}`);
  } catch (error) {
    if (error.name === "AbortError") {
      finish("ok", "Stopped. The gateway cancelled the upstream at the same moment.");
    } else {
      finish("bad", `${error}. Is the demo still running?`);
    }
  }
});

find("stop").addEventListener("click", () => {
  running?.abort();
  frame.contentWindow.postMessage({ stop: true }, blockedOrigin);
});

// The frame tells how tall it is and whether its call went through; nothing else can pass between two origins.
window.addEventListener("message", ({ origin, data }) => {
  if (origin !== blockedOrigin) return;
  if (Number.isFinite(data?.height)) frame.style.height = `${Math.ceil(data.height)}px`;
  if (typeof data?.isAllowed === "boolean") {
    find("badge").textContent = data.isAllowed ? "Listed now" : "Not listed";
    find("badge").className = `badge ${data.isAllowed ? "ok" : "bad"}`;
  }
});

function begin() {
  answer.textContent = "";
  answer.setAttribute("aria-busy", "true");
  outcome.textContent = "Asking …";
  outcome.className = "outcome";
  find("send").disabled = true;
  find("stop").disabled = false;
  find("steps").hidden = false;
}

function finish(kind, text) {
  running = undefined;
  answer.setAttribute("aria-busy", "false");
  outcome.textContent = text;
  outcome.className = `outcome ${kind}`;
  find("send").disabled = false;
  find("stop").disabled = true;
}
