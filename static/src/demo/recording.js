/** Logs that are complete already: the lesson's recording, and a run that has ended. */
import { api } from '../reader.js';

const GZIP = [0x1f, 0x8b];

/** Events of a recording: gzip JSON lines, whether or not the server names the encoding. */
export async function recording(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`recording: ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const packed = GZIP.every((byte, i) => bytes[i] === byte);
  const stream = new Blob([bytes]).stream();
  const text = await new Response(packed ? stream.pipeThrough(new DecompressionStream('gzip')) : stream).text();
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** All events of an ended run, page by page. */
export async function archive(id) {
  const events = [];
  for (;;) {
    const page = await api('GET', `runs/${id}/events/?after=${events.at(-1)?.seq ?? 0}`);
    events.push(...page.events);
    if (page.complete || page.events.length === 0) return events;
  }
}
