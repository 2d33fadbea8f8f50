// Speech as it comes: events of the server become samples, samples are played one after another and kept.

const RATE = 24000;
const LEAD_SECONDS = 0.1;

export class RequestFault extends Error {
  constructor(status, message, wait) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

export async function ask(path, body, key, signal) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  const options = { method: body === undefined ? "GET" : "POST", headers, signal };
  if (body !== undefined) options.body = JSON.stringify(body);
  const response = await fetch(path, options);
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const message = said.error?.message ?? `${response.status} ${response.statusText}`;
  throw new RequestFault(response.status, message, response.headers.get("Retry-After"));
}

// Yield the events of a response, each as the value of its JSON.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
    }
  }
}

function samplesOf(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

export class Player {
  constructor() {
    this.kept = [];
    this.segments = [];
    this.context = new AudioContext({ sampleRate: RATE });
    this.begin = null;
    this.end = 0;
  }

  add(event) {
    const samples = samplesOf(event.audio);
    this.kept.push(samples);
    if (event.segment) this.segments.push(event.segment);
    if (!samples.length) return;
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    // A chunk that comes late begins at once: there was silence before it.
    const start = Math.max(this.end, this.context.currentTime + LEAD_SECONDS);
    if (this.begin === null || this.end === 0) this.begin = start;
    else this.begin += start - this.end;
    source.start(start);
    this.end = start + buffer.duration;
  }

  get seconds() {
    return this.kept.reduce((sum, samples) => sum + samples.length, 0) / RATE;
  }

  get isPaused() {
    return this.context.state === "suspended";
  }

  // The segment that is heard now.
  get segment() {
    const place = this.context.currentTime - this.begin;
    return this.begin === null ? undefined : this.segments.findLast((segment) => segment.start <= place);
  }

  async finished() {
    while (this.context.state !== "closed" && this.context.currentTime < this.end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async toggle() {
    await (this.isPaused ? this.context.resume() : this.context.suspend());
  }

  async close() {
    if (this.context.state !== "closed") await this.context.close();
  }

  // All that was spoken, as a WAV file.
  file() {
    const size = this.kept.reduce((sum, samples) => sum + samples.byteLength, 0);
    const head = new DataView(new ArrayBuffer(44));
    const write = (place, text) => [...text].forEach((letter, at) => head.setUint8(place + at, letter.charCodeAt(0)));
    write(0, "RIFF");
    head.setUint32(4, 36 + size, true);
    write(8, "WAVEfmt ");
    head.setUint32(16, 16, true);
    head.setUint16(20, 1, true);
    head.setUint16(22, 1, true);
    head.setUint32(24, RATE, true);
    head.setUint32(28, RATE * 2, true);
    head.setUint16(32, 2, true);
    head.setUint16(34, 16, true);
    write(36, "data");
    head.setUint32(40, size, true);
    return new Blob([head, ...this.kept], { type: "audio/wav" });
  }
}
