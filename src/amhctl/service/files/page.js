// The page: what a person does becomes requests, and what comes back is shown and played.

import { MESSAGES, fill } from "./messages.js";
import { Player, RequestFault, ask, events } from "./speech.js";

const $ = (id) => document.getElementById(id);
const kept = {
  get(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* a private window keeps nothing */ }
  },
};

let language = kept.get("language", navigator.language.startsWith("am") ? "am" : "en");
let lexicon = new Map(kept.get("lexicon", []));
let voices = [];
let most = 0;
let player = null;
let stopping = null;
let status = null;
let shown = null;

const say = (name, values) => fill(MESSAGES[language][name], values);

function tell(name, values) {
  status = name && [name, values];
  $("status").textContent = name ? say(name, values) : "";
}

function complain(text) {
  $("fault").textContent = text;
}

function translate() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = say(element.dataset.label);
  for (const button of document.querySelectorAll(".language")) button.ariaPressed = String(button.value === language);
  if (status) tell(...status);
  showPause();
  count();
  if (shown) fillReading(...shown);
  showLexicon();
}

function count() {
  const length = [...$("text").value].length;
  $("length").textContent = most ? say("length", { count: length, most }) : "";
}

function fault(error) {
  if (error.name === "AbortError") return;
  tell(null);
  if (!(error instanceof RequestFault)) complain(say(player?.kept.length ? "broken" : "unreachable"));
  else if (error.status === 401) {
    $("access").hidden = false;
    complain(say("wanted"));
    $("key").focus();
  } else if (error.status === 429) complain(say("busy", { seconds: error.wait ?? 1 }));
  else complain(error.message);
}

async function loadVoices() {
  if (voices.length) return;
  const listed = await (await ask("v1/voices", undefined, $("key").value)).json();
  voices = listed.data;
  most = listed.most_characters;
  $("voice").replaceChildren(...voices.map((voice, place) => new Option(
    voice.model === voice.id ? voice.id : `${voice.model}: ${voice.id}`, String(place))));
  fitSpeed();
  count();
}

function fitSpeed() {
  const voice = voices[$("voice").value];
  if (!voice) return;
  [$("speed").min, $("speed").max] = voice.speeds.map(String);
  showPace();
}

function showPace() {
  $("pace").value = Number($("speed").value).toFixed(2);
}

function request() {
  const voice = voices[$("voice").value];
  return { model: voice.model, input: $("text").value, lexicon: Object.fromEntries(lexicon) };
}

async function speak() {
  await stop();
  complain("");
  tell("preparing");
  $("download").hidden = true;
  const mine = new Player();
  const abort = new AbortController();
  [player, stopping] = [mine, abort];
  $("stop").disabled = $("pause").disabled = false;
  const following = setInterval(() => { $("now").textContent = mine.segment?.text ?? ""; }, 100);
  try {
    await loadVoices();
    const body = {
      ...request(), voice: voices[$("voice").value].id, speed: Number($("speed").value),
      response_format: "pcm", stream_format: "sse",
    };
    let whole = false;
    for await (const event of events(await ask("v1/audio/speech", body, $("key").value, abort.signal))) {
      if (event.type === "error") throw new RequestFault(0, event.error.message);
      if (event.type === "speech.audio.done") whole = true;
      if (event.type !== "speech.audio.delta") continue;
      mine.add(event);
      if (status?.[0] === "preparing") tell("speaking");
    }
    if (!whole) throw new TypeError("the stream ended early");
    offer(mine);
    await mine.finished();
    if (player === mine) tell("done", { seconds: mine.seconds.toFixed(1) });
  } catch (error) {
    if (player === mine) fault(error);
  } finally {
    clearInterval(following);
    $("now").textContent = "";
    await mine.close();
    if (player === mine) {
      player = stopping = null;
      $("stop").disabled = $("pause").disabled = true;
      showPause();
    }
  }
}

function offer(mine) {
  URL.revokeObjectURL($("download").href);
  $("download").href = URL.createObjectURL(mine.file());
  $("download").hidden = false;
}

async function stop() {
  if (!player) return;
  const mine = player;
  player = null;
  stopping.abort();
  await mine.close();
  $("stop").disabled = $("pause").disabled = true;
  showPause();
  tell("stopped");
}

async function pause() {
  await player.toggle();
  tell(player.isPaused ? "paused" : "speaking");
  showPause();
}

function showPause() {
  $("pause").textContent = say(player?.isPaused ? "resume" : "pause");
}

async function read() {
  complain("");
  if (!$("text").reportValidity()) return;
  try {
    await loadVoices();
    showReading(await (await ask("v1/reading", request(), $("key").value)).json());
  } catch (error) {
    fault(error);
  }
}

function showReading(reading) {
  shown = [reading, $("text").value];
  tell("shown", { count: fillReading(...shown) });
  $("reading-title").focus();
}

// Show a reading of a text, and return how many words it has.
function fillReading(reading, text) {
  const letters = /[\p{L}\p{N}]/u;
  $("reading").hidden = false;
  $("spoken").textContent = reading.spoken;
  $("unspoken").hidden = !reading.unspoken.length;
  $("unspoken").textContent = say("unspoken", { text: reading.unspoken.join(", ") });
  $("findings").hidden = !reading.findings.length;
  $("findings").textContent = say("findings", { text: reading.findings.map((finding) => finding.message).join("; ") });
  const changes = reading.changes.filter((change) => change.before.trim() && change.after.trim());
  $("changes").hidden = !changes.length;
  fillRows($("changes"), changes.map((change) => {
    const written = [...text].slice(change.start, change.end).join("");
    const isWord = written === change.before && letters.test(written);
    return [change.before, change.after, change.rule, isWord ? corrector(written) : ""];
  }));
  const spoken = reading.words.filter((word) => letters.test(word.spoken));
  const words = new Map(spoken.map((word) => [word.spoken, word.phones.join("")]));
  fillRows($("words"), [...words].map(([word, phones]) => [word, phones, text.includes(word) ? corrector(word) : ""]));
  return words.size;
}

function fillRows(table, rows) {
  table.tBodies[0].replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => {
      const part = document.createElement("td");
      part.append(cell);
      return part;
    }));
    return row;
  }));
}

// What a person corrects a word with.
function corrector(word) {
  const form = document.createElement("form");
  const input = document.createElement("input");
  const button = document.createElement("button");
  input.value = lexicon.get(word) ?? "";
  input.maxLength = 200;
  input.required = true;
  input.ariaLabel = say("pronunciation", { word });
  button.textContent = say("keep");
  form.append(input, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(word, input.value);
  });
  return form;
}

// Keep a pronunciation once the server has understood it.
async function keep(word, said) {
  complain("");
  const former = new Map(lexicon);
  lexicon.set(word, said.trim().replace(/\s+/g, " "));
  try {
    showReading(await (await ask("v1/reading", request(), $("key").value)).json());
    tell("kept", { word });
  } catch (error) {
    lexicon = former;
    fault(error);
  }
  kept.set("lexicon", [...lexicon]);
  showLexicon();
}

function showLexicon() {
  $("lexicon").hidden = $("save").hidden = !lexicon.size;
  fillRows($("lexicon"), [...lexicon].map(([word, said]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say("remove");
    button.ariaLabel = say("removing", { word });
    button.addEventListener("click", () => {
      lexicon.delete(word);
      kept.set("lexicon", [...lexicon]);
      showLexicon();
      tell("removed", { word });
      $("lexicon-title").tabIndex = -1;
      $("lexicon-title").focus();
    });
    return [word, said, button];
  }));
  URL.revokeObjectURL($("save").href);
  const lines = [...lexicon].map(([word, said]) => `${word}\t${said}\n`);
  $("save").href = URL.createObjectURL(new Blob(lines, { type: "text/tab-separated-values;charset=utf-8" }));
}

$("speech").addEventListener("submit", (event) => { event.preventDefault(); speak(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("speech").requestSubmit();
});
$("text").addEventListener("input", count);
$("stop").addEventListener("click", stop);
$("pause").addEventListener("click", pause);
$("read").addEventListener("click", read);
$("voice").addEventListener("change", fitSpeed);
$("speed").addEventListener("input", showPace);
for (const button of document.querySelectorAll(".language")) {
  button.addEventListener("click", () => {
    language = button.value;
    kept.set("language", language);
    translate();
  });
}
$("text").value = "ሰላም! ዛሬ 12 ሰዎች በ3፡30 ሰዓት መጥተዋል።";
translate();
loadVoices().catch(fault);
