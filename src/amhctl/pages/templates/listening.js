"use strict";
(() => {
  const data = JSON.parse(document.getElementById("test").textContent);
  const content = document.getElementById("content");
  const status = document.getElementById("state");
  const asked = new URLSearchParams(location.search).get("rater") || "";
  const given = /^[A-Za-z0-9_-]{1,40}$/.test(asked) ? asked : "";
  const KEY = ["amhctl-listening", data.test.slice(0, 24), given].join(" ").trim();
  const TRIALS_AT_ONCE = 60, FIRST_WAIT = 2000, LONGEST_WAIT = 30000, TIMEOUT = 15000;

  // ---------------------------------------------------------------------------------------------- what is kept
  let keeps = true;
  let state = load();

  function fresh() {
    return {
      rater: given || randomId(), nickname: "", headphones: null, language: "am", begun: false, place: 0,
      heard: {}, answers: {}, sent: {},
    };
  }

  function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function stored() {
    let found = null;
    try {
      found = JSON.parse(localStorage.getItem(KEY));
    } catch (error) {
      // Nothing is there, or nothing that this page wrote.
    }
    const isTable = (value) => Boolean(value) && typeof value === "object" && !Array.isArray(value);
    const usable = isTable(found) && /^[A-Za-z0-9_-]{1,40}$/.test(found.rater) && Number.isInteger(found.place)
      && found.place >= 0 && [found.answers, found.sent, found.heard].every(isTable)
      && Object.values(found.answers).every((each) => isTable(each) && Number.isInteger(each.revision));
    return usable ? found : null;
  }

  function load() {
    try {
      localStorage.setItem(KEY + " probe", "");
      localStorage.removeItem(KEY + " probe");
    } catch (error) {
      keeps = false;
    }
    return Object.assign(fresh(), stored());
  }

  function save() {
    // Another tab of the same person may have newer answers.
    const other = stored();
    if (other && other.rater === state.rater) {
      for (const [key, each] of Object.entries(other.answers)) {
        if (!state.answers[key] || state.answers[key].revision < each.revision) state.answers[key] = each;
      }
    }
    try {
      localStorage.setItem(KEY, JSON.stringify(state));
    } catch (error) {
      keeps = false;
    }
  }

  // ------------------------------------------------------------------------------------------ this person's order
  function sheetOf(rater) {
    // FNV-1a, 32 bits.
    let hash = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(rater)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return hash % data.sheets.length;
  }

  function steps() {
    const sheet = data.sheets[sheetOf(state.rater)];
    return sheet.trials.map((place, step) => {
      const trial = data.trials[place];
      return { trial, shown: sheet.orders[step].map((each) => trial.stimuli[each]) };
    });
  }

  function rated(trial) {
    return data.kind === "ab" ? trial.stimuli.slice(0, 1) : trial.stimuli;
  }

  function answerOf(trial, stimulus) {
    return state.answers[trial.id + " " + stimulus];
  }

  function isAnswered(trial) {
    return rated(trial).every((stimulus) => answerOf(trial, stimulus));
  }

  function answer(trial, stimulus, score) {
    const key = trial.id + " " + stimulus, former = state.answers[key];
    if (former && former.score === score) return;
    const revision = Math.max(Date.now(), former ? former.revision + 1 : 0);
    const seconds = Math.min(86400, Math.round((performance.now() - shownAt) / 100) / 10);
    state.answers[key] = { trial: trial.id, stimulus, score, revision, seconds };
    save();
    send();
  }

  // -------------------------------------------------------------------------------------------------- the sending
  // Whether there is a server is seen from its first answer: the same page works from any folder.
  let server = location.protocol === "file:" ? "none" : "unknown";
  let refusal = "", sending = false, wait = FIRST_WAIT, timer = 0;

  function waiting() {
    return Object.keys(state.answers).filter((key) => state.sent[key] !== state.answers[key].revision);
  }

  function submission(keys) {
    return {
      ratings_format: 1, test: data.test,
      rater: {
        id: state.rater, nickname: state.nickname, headphones: state.headphones, language: state.language,
        sheet: sheetOf(state.rater),
      },
      ratings: keys.map((key) => state.answers[key]),
    };
  }

  async function send() {
    if (sending || server === "none") return;
    const keys = waiting().slice(0, TRIALS_AT_ONCE);
    if (!keys.length) return;
    const sent = submission(keys), stop = new AbortController(), alarm = setTimeout(() => stop.abort(), TIMEOUT);
    sending = true;
    clearTimeout(timer);
    let again = true;
    try {
      const reply = await fetch("ratings", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent),
        keepalive: true, signal: stop.signal, cache: "no-store",
      });
      const said = await reply.json().catch(() => null);
      if (reply.ok && said && said.test === data.test) {
        server = "there";
        refusal = "";
        wait = FIRST_WAIT;
        keys.forEach((key, place) => { state.sent[key] = sent.ratings[place].revision; });
        save();
      } else if (said && said.error) {
        server = "there";
        refusal = String(said.error.message || reply.status).slice(0, 300);
      } else if (reply.status < 500 || reply.status === 501) {
        // Something answers, but not a server of this test.
        if (server !== "there") { server = "none"; again = false; }
      }
    } catch (error) {
      // No connection: what waits is sent later.
    }
    clearTimeout(alarm);
    sending = false;
    if (again && waiting().length) {
      timer = setTimeout(send, refusal || server !== "there" || state.sent[keys[0]] === undefined ? wait : 0);
      wait = Math.min(LONGEST_WAIT, 2 * wait);
    }
    showState();
  }

  window.addEventListener("online", () => { wait = FIRST_WAIT; send(); });
  window.addEventListener("pagehide", () => { send(); });
  window.addEventListener("storage", (event) => {
    if (event.key === KEY && event.newValue) { state = load(); show(); }
  });

  // --------------------------------------------------------------------------------------------------- the sounds
  let sounds = {}, playing = null, shownAt = performance.now();

  function soundOf(stimulus) {
    if (!sounds[stimulus]) {
      sounds[stimulus] = new Audio();
      sounds[stimulus].preload = "auto";
      sounds[stimulus].src = "audio/" + stimulus + ".flac";
    }
    return sounds[stimulus];
  }

  function stopSound() {
    if (playing) playing.pause();
    playing = null;
  }

  function keepSounds(stimuli) {
    stopSound();
    for (const each of Object.keys(sounds)) if (!stimuli.includes(each)) delete sounds[each];
    stimuli.forEach(soundOf);
  }

  function hear(trial, stimulus) {
    const heard = state.heard[trial.id] || (state.heard[trial.id] = {});
    if (heard[stimulus]) return false;
    heard[stimulus] = true;
    save();
    return true;
  }

  function isHeard(trial) {
    return trial.stimuli.every((stimulus) => (state.heard[trial.id] || {})[stimulus]);
  }

  // A button that plays and stops a sound, with its progress; `onHeard` once it was heard.
  function player(label, stimulus, onHeard, hint) {
    const sound = soundOf(stimulus), button = make("button", { type: "button", textContent: "▶ " + label });
    const bar = make("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-hidden", "true");
    const box = make("div", { className: "sound" }, button, bar);
    box.dataset.stimulus = stimulus;
    button.setAttribute("aria-pressed", "false");
    sound.onplay = () => { button.setAttribute("aria-pressed", "true"); button.textContent = "■ " + label; };
    sound.onpause = () => { button.setAttribute("aria-pressed", "false"); button.textContent = "▶ " + label; };
    sound.ontimeupdate = () => {
      bar.value = sound.duration ? sound.currentTime / sound.duration : 0;
      if (data.kind === "mushra" && sound.currentTime > 0.5) onHeard();
    };
    sound.onended = () => { bar.value = 1; sound.onpause(); onHeard(); };
    button.onclick = () => {
      if (!sound.paused) { stopSound(); return; }
      const from = data.kind === "mushra" && playing && !playing.paused ? playing.currentTime : 0;
      stopSound();
      if (sound.error) sound.load();
      if (sound.readyState > 0) sound.currentTime = from < (sound.duration || 0) - 0.1 ? from : 0;
      playing = sound;
      hint("");
      sound.play().catch((error) => { if (error.name !== "AbortError") hint(text("failed"), true); });
    };
    return box;
  }

  // ---------------------------------------------------------------------------------------------------- the pages
  function text(key, values) {
    const chosen = data.texts[state.language] || data.texts.en;
    return (chosen[key] || key).replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? values[name] : whole));
  }

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties || {});
    element.append(...children);
    return element;
  }

  function hintLine() {
    const line = make("p", { className: "hint" });
    line.setAttribute("role", "status");
    const say = (words, isError) => { line.textContent = words; line.classList.toggle("error", Boolean(isError)); };
    return [line, say];
  }

  // What can be seen: no control characters, no half of a character.
  function plain(words) {
    return Array.from(words.replace(/\p{C}/gu, "").trim()).slice(0, 40).join("");
  }

  function choice(name, value, label, checked, onChoose) {
    const input = make("input", { type: "radio", name, value: String(value), checked });
    input.onchange = () => onChoose(value);
    return make("label", { className: "choice" }, input, make("span", { textContent: label }));
  }

  function show() {
    document.documentElement.lang = state.language;
    const buttons = Object.keys(data.texts).map((language) => {
      const button = make("button", { type: "button", lang: language, textContent: data.texts[language].name });
      button.setAttribute("aria-pressed", String(language === state.language));
      button.onclick = () => { state.language = language; save(); show(); };
      return button;
    });
    document.getElementById("languages").replaceChildren(...buttons);
    const order = steps();
    if (!state.begun) showConsent(order);
    else if (state.place >= order.length) showEnd(order);
    else showTrial(order);
    showState();
  }

  function showState() {
    const count = waiting().length, total = Object.keys(state.answers).length;
    let words = "";
    if (!keeps) words = text("not_kept");
    else if (refusal) words = text("refused", { reason: refusal });
    else if (server === "none" && state.begun && state.place >= steps().length) words = text("not_sent");
    else if (server !== "none" && count) words = sending ? "" : text("waiting", { count });
    else if (server === "there" && total) words = text("saved");
    status.textContent = words;
    status.classList.toggle("error", Boolean(refusal) || !keeps);
    status.dataset.waiting = String(count);
  }

  function showConsent(order) {
    const first = order[0], [line, say] = hintLine();
    const sample = first.trial.reference || first.shown[0];
    keepSounds([sample]);
    const agree = make("input", { type: "checkbox", id: "agree" });
    const nickname = make("input", { type: "text", id: "nickname", maxLength: 40, value: state.nickname });
    nickname.autocomplete = "off";
    nickname.onchange = () => { state.nickname = plain(nickname.value); save(); };
    const headphones = (value) => { state.headphones = value; save(); };
    const begin = make("button", { type: "button", className: "main", id: "begin", textContent: text("begin") });
    begin.onclick = () => {
      if (!agree.checked || state.headphones === null) { say(text("answer_needed"), true); return; }
      nickname.onchange();
      state.begun = true;
      save();
      show();
      window.scrollTo(0, 0);
    };
    content.replaceChildren(
      make("h2", { textContent: text("consent_title") }),
      make("p", { textContent: text("consent") }),
      make("p", { textContent: text(data.kind + "_how") }),
      ...(data.has_beeps ? [make("p", { textContent: text("beeps") })] : []),
      make("label", { className: "text" }, text("nickname"), nickname),
      make("fieldset", {}, make("legend", { textContent: text("headphones") }),
        choice("headphones", "yes", text("headphones_yes"), state.headphones === true, () => headphones(true)),
        choice("headphones", "no", text("headphones_no"), state.headphones === false, () => headphones(false))),
      make("p", { textContent: text("check_sound") }),
      make("div", { className: "sounds" }, player(text("play"), sample, () => {}, say)),
      make("label", { className: "choice" }, agree, make("span", { textContent: text("agree") })),
      line,
      make("nav", {}, make("span"), begin),
    );
  }

  function showTrial(order) {
    const { trial, shown } = order[state.place], [line, say] = hintLine();
    const next = order[state.place + 1];
    const wanted = [...shown, ...(trial.reference ? [trial.reference] : [])];
    keepSounds([...wanted, ...(next ? next.shown : []), ...(next && next.trial.reference ? [next.trial.reference] : [])]);
    shownAt = performance.now();
    const words = text("progress", { place: state.place + 1, count: order.length });
    const forward = make("button", { type: "button", className: "main", id: "next", textContent: text("next") });
    const back = make("button", { type: "button", id: "back", textContent: text("back"), disabled: state.place === 0 });
    const missing = () => (isHeard(trial) ? text("answer_needed") : text(shown.length > 1 ? "listen_all" : "listen_first"));
    const refresh = () => {
      form.disabled = !isHeard(trial);
      forward.setAttribute("aria-disabled", String(!isAnswered(trial)));
      content.querySelectorAll(".sound").forEach((box) => {
        box.classList.toggle("heard", Boolean((state.heard[trial.id] || {})[box.dataset.stimulus]));
      });
    };
    const onHeard = (stimulus) => () => { if (hear(trial, stimulus)) { refresh(); say(""); } };
    const go = (by) => { stopSound(); state.place += by; save(); send(); show(); window.scrollTo(0, 0); };
    forward.onclick = () => { if (isAnswered(trial)) go(1); else say(missing(), true); };
    back.onclick = () => go(-1);
    const form = make("fieldset");
    const parts = { mos: ratingForm, ab: comparisonForm, mushra: slidersForm }[data.kind](trial, shown, form, refresh, onHeard, say);
    content.replaceChildren(
      make("p", {}, make("small", { textContent: (trial.practice ? text("practice") + " · " : "") + words })),
      make("progress", { max: order.length, value: state.place }),
      make("h2", { textContent: text(data.kind + "_" + data.question) }),
      ...parts, line, make("nav", {}, back, forward),
    );
    content.querySelector("progress").setAttribute("aria-label", words);
    refresh();
    if (!isHeard(trial)) say(missing());
  }

  function ratingForm(trial, shown, form, refresh, onHeard, say) {
    const stimulus = shown[0], former = answerOf(trial, stimulus);
    form.append(make("legend", { className: "unseen", textContent: text("mos_" + data.question) }));
    for (let score = data.high; score >= data.low; score -= 1) {
      const label = score + " · " + text("score_" + score), checked = Boolean(former && former.score === score);
      form.append(choice("score", score, label, checked, (value) => { answer(trial, stimulus, value); refresh(); say(""); }));
    }
    return [make("div", { className: "sounds" }, player(text("play"), stimulus, onHeard(stimulus), say)), form];
  }

  function comparisonForm(trial, shown, form, refresh, onHeard, say) {
    const stimulus = trial.stimuli[0], former = answerOf(trial, stimulus);
    const isFirst = shown[0] === stimulus;
    form.append(make("legend", { className: "unseen", textContent: text("ab_" + data.question) }));
    for (const [side, name] of [[1, "ab_first"], [0, "ab_none"], [-1, "ab_second"]]) {
      const score = isFirst || !side ? side : -side, checked = Boolean(former && former.score === score);
      form.append(choice("score", score, text(name), checked, (value) => { answer(trial, stimulus, value); refresh(); say(""); }));
    }
    const players = shown.map((each, place) => player(text(place ? "ab_second" : "ab_first"), each, onHeard(each), say));
    return [make("div", { className: "sounds" }, ...players), form];
  }

  function slidersForm(trial, shown, form, refresh, onHeard, say) {
    const reference = trial.reference;
    // BS.1534: five equal stretches of the scale, each with its word.
    const grade = (score) => score + " · " + text("score_" + Math.min(5, 1 + Math.floor(score / 20)));
    const rows = shown.map((stimulus, place) => {
      const letter = String.fromCharCode(65 + place), former = answerOf(trial, stimulus);
      const slider = make("input", { type: "range", min: data.low, max: data.high, step: 1, value: former ? former.score : 50 });
      const output = make("output", { textContent: former ? grade(former.score) : "–" });
      slider.setAttribute("aria-label", text("rating_of", { letter }));
      slider.oninput = () => { output.textContent = grade(Number(slider.value)); };
      // A press that moves nothing is an answer too: the middle is a rating like any other.
      const settle = () => {
        if (!(state.heard[trial.id] || {})[stimulus]) return;
        output.textContent = grade(Number(slider.value));
        answer(trial, stimulus, Number(slider.value));
        refresh();
        say("");
      };
      slider.onchange = settle;
      slider.onpointerup = settle;
      const box = player(text("sound", { letter }), stimulus, () => { onHeard(stimulus)(); slider.disabled = false; }, say);
      slider.disabled = !(state.heard[trial.id] || {})[stimulus];
      return make("div", { className: "row" }, box, slider, output);
    });
    const open = make("div", { className: "sounds" }, player(text("reference"), reference, () => {}, say));
    const box = make("div", {}, ...rows);
    return [make("p", { textContent: text("mushra_how") }), open, box];
  }

  function showEnd(order) {
    keepSounds([]);
    const unanswered = order.findIndex((step) => !isAnswered(step.trial));
    if (unanswered >= 0) { state.place = unanswered; save(); show(); return; }
    const everything = JSON.stringify(submission(Object.keys(state.answers)), null, 1);
    const link = make("a", { className: "button", id: "download", textContent: text("download") });
    link.href = URL.createObjectURL(new Blob([everything], { type: "application/json" }));
    link.download = "ratings-" + state.rater + ".json";
    const back = make("button", { type: "button", id: "back", textContent: text("back") });
    back.onclick = () => { state.place = order.length - 1; save(); show(); };
    const again = make("button", { type: "button", id: "again", textContent: text("again") });
    again.onclick = () => {
      if (waiting().length && !window.confirm(text("again_sure"))) return;
      const language = state.language;
      state = fresh();
      state.language = language;
      save();
      show();
    };
    content.replaceChildren(
      make("h2", { textContent: text("end_title") }), make("p", { textContent: text("end") }),
      make("p", {}, link), make("nav", {}, back, ...(given ? [] : [again])),
    );
    send();
  }

  show();
  send();
})();
