/** The browser's sound: microphones, speakers, how loud they are, and a ring. */
import type { Word } from "../../words/words";

/** Which devices were chosen; "" is the one that the machine takes by itself. */
export interface Chosen {
  readonly microphone: string;
  readonly speaker: string;
  readonly ringer: string;
}

export const NONE_CHOSEN: Chosen = { microphone: "", speaker: "", ringer: "" };

export interface Devices {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

export async function devices(): Promise<Devices> {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  // Without a right to the microphone they have no names, and nothing to choose by.
  const named = found.filter((device) => device.label && device.deviceId !== "default");
  return {
    microphones: named.filter((device) => device.kind === "audioinput"),
    speakers: named.filter((device) => device.kind === "audiooutput"),
  };
}

/**
 * Open the microphone that was chosen, or another where that one is gone.
 *
 * @throws DOMException as `problemOf` puts into words.
 */
export async function microphone(wanted: string): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException("no secure page", "SecurityError");
  const clean = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const audio = wanted ? { ...clean, deviceId: { exact: wanted } } : clean;
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    if (wanted && error instanceof DOMException && GONE.has(error.name)) return microphone("");
    throw error;
  }
}

const GONE = new Set(["OverconstrainedError", "NotFoundError"]);

/** Why there is no microphone, as a word of ours. */
export function problemOf(error: unknown): Word {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "mic_refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "mic_missing";
    default:
      return "mic_broken";
  }
}

export function closed(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Play a stream on a speaker; return what ends it. */
export function played(stream: MediaStream, speaker: string): () => void {
  const audio = new Audio();
  audio.srcObject = stream;
  const play = () => void audio.play().catch(() => undefined);
  if (speaker && "setSinkId" in audio) void audio.setSinkId(speaker).then(play, play);
  else play();
  return () => {
    audio.pause();
    audio.srcObject = null;
  };
}

/** Tell how loud a stream is, from 0 to 1, ten times a second; return what ends it. */
export function metered(stream: MediaStream, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / samples.length + 1e-9);
    tell(Math.max(0, Math.min(1, (decibels + 60) / 60)));
  }, 100);
  return () => {
    clearInterval(timer);
    tell(0);
    void context.close();
  };
}

/** Ring on a speaker, a second of each three; return what ends it. */
export function ring(speaker: string): () => void {
  return sounding(speaker, (context, out) => {
    const gain = context.createGain();
    gain.connect(out);
    for (let nth = 0; nth < 40; nth += 1) {
      gain.gain.setValueAtTime(0.25, context.currentTime + 3 * nth);
      gain.gain.setValueAtTime(0, context.currentTime + 3 * nth + 1);
    }
    for (const frequency of [440, 480]) tone(context, gain, frequency);
  });
}

/** Play a short tone on a speaker, to try it. */
export function chime(speaker: string): () => void {
  return sounding(speaker, (context, out) => {
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.2, context.currentTime);
    gain.gain.linearRampToValueAtTime(0, context.currentTime + 0.8);
    gain.connect(out);
    tone(context, gain, 660);
  });
}

function tone(context: AudioContext, out: AudioNode, frequency: number): void {
  const source = context.createOscillator();
  source.frequency.value = frequency;
  source.connect(out);
  source.start();
}

function sounding(speaker: string, make: (context: AudioContext, out: AudioNode) => void): () => void {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  make(context, out);
  const silent = played(out.stream, speaker);
  return () => {
    silent();
    void context.close();
  };
}
