// A call whose course is told, as it happens, to the dashboard that opened this page.

import { endpoint, key, model } from "./settings.js";

const url = `${endpoint}/chat/completions`;
const dashboard = new URL(endpoint).origin;
const find = (id) => document.getElementById(id);
const prompt = new URLSearchParams(location.hash.slice(1)).get("prompt") || "Say hello.";

find("origin").textContent = location.origin;
find("url").textContent = url;
find("again").addEventListener("click", call);
void call();

async function call() {
  const began = performance.now();
  const tell = (event) => window.opener?.postMessage({ drawbridge: event, at: performance.now() - began }, dashboard);
  find("again").disabled = true;
  tell({ type: "start", url, method: "POST" });
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: prompt }] }),
    });
    tell({ type: "head", status: response.status, headers: [...response.headers] });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) tell({ type: "chunk", text: read.value });
    tell({ type: "end" });
    find("outcome").textContent = `HTTP ${response.status}, read to its end. The dashboard shows it step by step.`;
  } catch (error) {
    tell({ type: "error", message: String(error) });
    find("outcome").textContent = `${error}. That is all a page learns; the dashboard says why, and what cures it.`;
  }
  find("again").disabled = false;
}
