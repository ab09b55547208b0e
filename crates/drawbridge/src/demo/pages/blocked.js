// The page on the origin that may not call. It makes exactly the same call, and shows what its browser says.

import { ask, gatewayAnswers, url } from "./ask.js";
import { pageOrigin } from "./settings.js";

const find = (id) => document.getElementById(id);
const parts = ["allowed", "blocked"];

find("origin").textContent = location.origin;
find("url").textContent = url;

find("again").addEventListener("click", () => call("Hello"));
window.addEventListener("message", (event) => {
  if (event.origin !== pageOrigin) return;
  if (typeof event.data?.question === "string") call(event.data.question);
  if (event.data?.stop === true) running?.abort();
});
new ResizeObserver(tellHeight).observe(document.body);

let running;

async function call(question) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const answer = find("answer");
  answer.textContent = "";
  find("status").textContent = "Asking …";
  try {
    let first = true;
    await ask(question, (word) => {
      if (first) show("allowed", "The browser let the answer through.");
      first = false;
      answer.append(word);
    }, signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    find("error").textContent = String(error);
    find("console").textContent = consoleLine();
    const isBlocked = error instanceof TypeError && (await gatewayAnswers());
    if (isBlocked) show("blocked", "The browser blocked the call.");
    else if (!(error instanceof TypeError)) show("offline", String(error));
    else show("offline", `${error}. The gateway does not answer: is the demo still running?`);
  }
}

function show(part, status) {
  for (const id of parts) find(id).hidden = id !== part;
  const line = find("status");
  line.textContent = status;
  line.className = `outcome ${part === "allowed" ? "ok" : "bad"}`;
  if (part !== "offline") tell({ isAllowed: part === "allowed" });
}

/** What this browser prints in its console, which a script can never read. */
function consoleLine() {
  const browser = navigator.userAgent;
  if (browser.includes("Firefox/")) {
    return `Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at ${url}. `
      + "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 204.";
  }
  if (browser.includes("Safari/") && !browser.includes("Chrom")) {
    return `Origin ${location.origin} is not allowed by Access-Control-Allow-Origin. Status code: 204`;
  }
  return `Access to fetch at '${url}' from origin '${location.origin}' has been blocked by CORS policy: Response to `
    + "preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the "
    + "requested resource.";
}

function tellHeight() {
  tell({ height: document.documentElement.offsetHeight });
}

/** Tells the page around this one, where there is one. */
function tell(message) {
  if (window.parent !== window) window.parent.postMessage(message, pageOrigin);
}
